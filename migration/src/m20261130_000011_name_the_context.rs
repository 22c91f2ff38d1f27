//! The seal that is the name of a cursor, in a database whose contexts were sealed with a secret.
//!
//! It waits for the contexts that are open, and nobody opens one meanwhile. In a database that is new the seal is so
//! already, as the contract is today's. So there is nothing for `down` to take back.

use db::Registry;
use sea_orm_migration::prelude::*;

use crate::{contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, contract()?.sync(&Registry::collect())).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
