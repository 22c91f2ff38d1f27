//! What an organization's members may do about each other: roles, invitations, and the last owner.

use db::contract::{Contract, as_owner};
use entity::{Account, Invitation, Member, Organization, Session, User, Verification};
use sea_orm_migration::prelude::*;

use crate::{protect, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration {
    pub(crate) contract: Contract,
}

const UP: [&str; 4] = [
    "ALTER TABLE invitation DROP CONSTRAINT invitation_status_check",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_status_check
        CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn', 'expired'))",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_expires_at_check CHECK (expires_at > created_at)",
    // Nobody takes another's address by writing it in capital letters.
    r#"CREATE UNIQUE INDEX user_by_email ON "user" (lower(email))"#,
];

const DOWN: [&str; 5] = [
    "DROP INDEX user_by_email",
    "ALTER TABLE invitation DROP CONSTRAINT invitation_expires_at_check",
    "ALTER TABLE invitation DROP CONSTRAINT invitation_status_check",
    "ALTER TABLE invitation ADD CONSTRAINT invitation_status_check
        CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn'))",
    "DROP TRIGGER keep_an_owner ON member",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await?;
        // The functions that the policies ask; in a database that is new they are there already.
        run(manager, self.contract.install(None)).await?;
        protect::<User>(manager, &self.contract).await?;
        protect::<Organization>(manager, &self.contract).await?;
        protect::<Session>(manager, &self.contract).await?;
        protect::<Account>(manager, &self.contract).await?;
        protect::<Verification>(manager, &self.contract).await?;
        protect::<Member>(manager, &self.contract).await?;
        protect::<Invitation>(manager, &self.contract).await?;
        run(manager, self.contract.protect_membership()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Nobody could accept them then either: their time is over.
        as_owner(manager.get_connection(), &["invitation"], async |connection| {
            connection.execute_unprepared("UPDATE invitation SET status = 'pending' WHERE status = 'expired'").await
        })
        .await?;
        run(manager, DOWN).await
    }
}
