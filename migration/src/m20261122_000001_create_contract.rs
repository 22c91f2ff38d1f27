//! The roles, the schema `app` and its functions.

use sea_orm_migration::prelude::*;

use crate::{contract, password, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, contract()?.install(password()?.as_deref())).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, contract()?.uninstall()).await
    }
}
