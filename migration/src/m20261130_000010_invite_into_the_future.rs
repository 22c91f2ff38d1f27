//! An invitation expires in the future: by the clock, and not by a `created_at` that its maker gives.
//!
//! A row that stands may come to be over. So it is looked at as it is made, by whoever makes it, sign-in included, and after
//! it has passed its policies.

use db::contract::Contract;
use sea_orm_migration::prelude::*;

use crate::{contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn function(contract: &Contract) -> String {
    format!("{}.invite_into_the_future()", contract.prefix_name())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let function = function(&contract()?);
        let statements = [
            format!(
                "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql
                 SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   IF NEW.expires_at <= clock_timestamp() THEN
                     RAISE EXCEPTION 'an invitation expires in the future' USING ERRCODE = 'check_violation',
                       CONSTRAINT = 'invitation_expires_at_check', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
                   END IF;
                   RETURN NULL;
                 END
                 $function$"
            ),
            // A trigger asks this of whoever makes it, not of whoever sets it off.
            format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
            format!(
                "CREATE OR REPLACE TRIGGER invite_into_the_future AFTER INSERT ON invitation
                 FOR EACH ROW EXECUTE FUNCTION {function}"
            ),
        ];
        run(manager, statements).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop_function = format!("DROP FUNCTION {}", function(&contract()?));
        run(manager, ["DROP TRIGGER invite_into_the_future ON invitation".to_owned(), drop_function]).await
    }
}
