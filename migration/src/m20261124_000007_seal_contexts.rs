//! The seal on contexts, in a database that was made before there was one.
//!
//! In a database that is new all of it is there already, from the first migration on, as the contract is today's. So
//! there is nothing for `down` to take back: what uninstalls the contract takes the seal with it.

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
