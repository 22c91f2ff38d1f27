//! What an organization's members may do about each other: roles, invitations, and the last owner.

use db::{
    Registry, ScopeKind,
    contract::{Contract, as_owner},
};
use sea_orm_migration::prelude::*;

use crate::{contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: [&str; 8] = [
    "ALTER TABLE invitation DROP CONSTRAINT invitation_status_check",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_status_check
        CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn', 'expired'))",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_expires_at_check CHECK (expires_at > created_at)",
    // No longer than an index takes.
    "ALTER TABLE invitation ADD CONSTRAINT invitation_email_check CHECK (length(email) BETWEEN 3 AND 320)",
    "ALTER TABLE organization ADD CONSTRAINT organization_slug_check CHECK (length(slug) BETWEEN 1 AND 100)",
    r#"ALTER TABLE "user" ADD CONSTRAINT user_email_check CHECK (length(email) BETWEEN 3 AND 320)"#,
    r#"ALTER TABLE "user" ADD CONSTRAINT user_name_check CHECK (length(name) <= 200)"#,
    // Nobody takes another's address by writing it in capital letters: A to Z alone, whatever the locale.
    r#"CREATE UNIQUE INDEX user_by_email ON "user" (lower(email COLLATE "C"))"#,
];

/// As what an invitation is made.
pub(crate) fn is_made(contract: &Contract) -> String {
    format!("status = 'pending' AND inviter_id = (SELECT {}.sealed_member_id())", contract.prefix_name())
}

/// What the entities do not say: an invitation is made in one's own name, and from the organization's side nothing
/// becomes of it but that it is withdrawn; an address that changes has to be proved again.
fn rules(contract: &Contract) -> [String; 5] {
    let prefix = contract.prefix_name();
    let tenant = prefix.role(ScopeKind::Tenant);
    let function = format!("{prefix}.forget_that_email_is_verified()");
    [
        format!(
            "CREATE POLICY invitation_is_made ON invitation AS RESTRICTIVE FOR INSERT TO {tenant} WITH CHECK ({})",
            is_made(contract),
        ),
        format!(
            "CREATE POLICY invitation_is_withdrawn ON invitation AS RESTRICTIVE FOR UPDATE TO {tenant}
                 USING (status IN ('pending', 'withdrawn')) WITH CHECK (status = 'withdrawn')"
        ),
        format!(
            "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql
                 SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   NEW.email_verified := NEW.email_verified AND NEW.email = OLD.email;
                   RETURN NEW;
                 END
                 $function$"
        ),
        format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
        format!(
            r#"CREATE OR REPLACE TRIGGER forget_that_email_is_verified BEFORE UPDATE OF email ON "user"
                 FOR EACH ROW EXECUTE FUNCTION {function}"#
        ),
    ]
}

const DOWN: [&str; 13] = [
    r#"DROP TRIGGER forget_that_email_is_verified ON "user""#,
    "DROP POLICY invitation_is_withdrawn ON invitation",
    "DROP POLICY invitation_is_made ON invitation",
    "DROP INDEX user_by_email",
    "ALTER TABLE invitation DROP CONSTRAINT invitation_expires_at_check",
    "ALTER TABLE invitation DROP CONSTRAINT invitation_status_check",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_status_check
        CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn'))",
    "DROP TRIGGER keep_an_owner ON member",
    "DROP TRIGGER act_by_present_role ON member",
    "ALTER TABLE invitation DROP CONSTRAINT invitation_email_check",
    "ALTER TABLE organization DROP CONSTRAINT organization_slug_check",
    r#"ALTER TABLE "user" DROP CONSTRAINT user_email_check"#,
    r#"ALTER TABLE "user" DROP CONSTRAINT user_name_check"#,
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        run(manager, UP).await?;
        // In a database that is new it is there already.
        run(manager, contract.sync(&Registry::collect())).await?;
        run(manager, rules(&contract)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        // Nobody could accept them then either: their time is over.
        as_owner(manager.get_connection(), &["invitation"], async |connection| {
            connection.execute_unprepared("UPDATE invitation SET status = 'pending' WHERE status = 'expired'").await
        })
        .await?;
        run(manager, DOWN).await?;
        let function = format!("{}.forget_that_email_is_verified()", contract.prefix_name());
        run(manager, [format!("DROP FUNCTION {function}")]).await
    }
}
