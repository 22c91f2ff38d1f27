//! The roles, the schema `app` and its functions.

use db::contract::Contract;
use sea_orm_migration::prelude::*;

use crate::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration {
    pub(crate) contract: Contract,
    pub(crate) password: Option<String>,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.contract.install(self.password.as_deref())).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.contract.uninstall()).await
    }
}
