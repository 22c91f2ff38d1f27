//! The triggers and functions that trusted the settings and the role of the moment, in a database that has them.
//!
//! In a database that is new they are there already, as the contract is today's. So there is nothing for `down` to take
//! back.

use db::Registry;
use sea_orm_migration::prelude::*;

use crate::{contract, m20261124_000005_authenticate_token::limits, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        // An entry function opens no second context in a transaction.
        run(manager, contract.sync(&Registry::collect())).await?;
        run(manager, limits(&contract)).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
