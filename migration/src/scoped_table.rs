//! How a migration makes scoped tables.

use db::{
    Facade, Registry,
    contract::{Contract, ScopedTables},
};
use sea_orm_migration::{SchemaManager, async_trait, sea_orm::DbErr};

use crate::run;

/// Makes scoped tables with all that belongs to them at once: keys, row-level security, policies, grants and triggers.
///
/// A migration that makes a table with a scope column in any other way fails a test (`tests/tests/migrations`).
#[async_trait::async_trait]
pub trait CreateScopedTable {
    /// Makes the table of an entity, as the entity has it.
    async fn create_scoped_table<F: Facade>(&self, contract: &Contract) -> Result<(), DbErr>;

    /// Makes several tables, whose policies may read each other, or tables that the entity does not say all of.
    async fn create_scoped_tables(&self, tables: ScopedTables) -> Result<(), DbErr>;
}

#[async_trait::async_trait]
impl CreateScopedTable for SchemaManager<'_> {
    async fn create_scoped_table<F: Facade>(&self, contract: &Contract) -> Result<(), DbErr> {
        let tables = contract
            .scoped_tables()
            .create::<F>(&Registry::collect())
            .map_err(|refused| DbErr::Migration(refused.to_string()))?;
        self.create_scoped_tables(tables).await
    }

    async fn create_scoped_tables(&self, tables: ScopedTables) -> Result<(), DbErr> {
        run(self, tables.statements()).await
    }
}
