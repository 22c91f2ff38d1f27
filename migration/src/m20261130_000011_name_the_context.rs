//! The seal that is the name of a cursor, in a database whose contexts were sealed with a secret.
//!
//! It waits for the contexts that are open, and nobody opens one meanwhile. In a database that is new the seal is so
//! already, as the contract is today's. So there is nothing for `down` to take back.

use db::Registry;
use sea_orm_migration::prelude::*;

use crate::{contract, m20261124_000006_manage_members::is_made, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        run(manager, contract.sync(&Registry::collect())).await?;
        // It read a setting that a context no longer makes.
        run(manager, [format!("ALTER POLICY invitation_is_made ON invitation WITH CHECK ({})", is_made(&contract))])
            .await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
