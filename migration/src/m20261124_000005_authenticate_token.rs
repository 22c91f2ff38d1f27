//! The look-up of personal access tokens at sign-in, and the limits on them.
//!
//! The limits are the database's: no code path goes around them, and none is passed by two requests at once. They are
//! looked at after a row has passed its policies, or whoever makes one in another's name would wait for that one's lock.

use db::{Registry, contract::Contract};
use sea_orm_migration::prelude::*;

use crate::{contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

pub(crate) fn limits(contract: &Contract) -> [String; 3] {
    let function = format!("{}.limit_personal_access_tokens()", contract.prefix_name());
    let refuse = |constraint: &str, message: &str| {
        format!(
            "RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}',
                   SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;"
        )
    };
    [
        format!(
            "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql
                 SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   IF TG_OP = 'UPDATE' THEN
                     IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
                       {revoked}
                     END IF;
                     RETURN NULL;
                   END IF;
                   IF NEW.expires_at <= clock_timestamp() THEN
                     {expires_at}
                   END IF;
                   -- What others commit is seen by the next statement, but in a snapshot of the whole transaction.
                   IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
                     RAISE EXCEPTION 'a token is made at the isolation level read committed'
                       USING ERRCODE = 'feature_not_supported', CONSTRAINT = 'personal_access_token_isolation',
                         SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
                   END IF;
                   -- Whoever has made it sees it, and so all of that person's; unless the context was turned since.
                   IF NOT EXISTS (
                     SELECT FROM public.personal_access_token t WHERE t.user_id = NEW.user_id AND t.id = NEW.id
                   ) THEN
                     RAISE EXCEPTION 'the settings of the context have changed since the token was made'
                       USING ERRCODE = 'insufficient_privilege', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
                   END IF;
                   PERFORM pg_advisory_xact_lock(hashtextextended('personal_access_token ' || NEW.user_id::text, 0));
                   IF (
                     SELECT count(*) FROM public.personal_access_token t
                     WHERE t.user_id = NEW.user_id AND t.revoked_at IS NULL
                       AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
                   ) > 50 THEN
                     {limit}
                   END IF;
                   RETURN NULL;
                 END
                 $function$",
            revoked = refuse("personal_access_token_revoked", "a revoked token stays revoked"),
            expires_at = refuse("personal_access_token_expires_at", "a token expires in the future"),
            limit = refuse("personal_access_token_limit", "a person has at most 50 live tokens"),
        ),
        // A trigger asks this of whoever makes it, not of whoever sets it off.
        format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
        format!(
            "CREATE OR REPLACE TRIGGER limit_personal_access_tokens AFTER INSERT OR UPDATE OF revoked_at
                 ON personal_access_token FOR EACH ROW EXECUTE FUNCTION {function}"
        ),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        // Its entity has come to allow a person less; in a database that is new all of it is there already.
        run(manager, contract.sync(&Registry::collect())).await?;
        run(manager, limits(&contract)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        let function = format!("{}.limit_personal_access_tokens()", contract.prefix_name());
        run(
            manager,
            [
                "DROP TRIGGER limit_personal_access_tokens ON personal_access_token".to_owned(),
                format!("DROP FUNCTION {function}"),
            ],
        )
        .await?;
        run(manager, contract.unprotect_tokens()).await
    }
}
