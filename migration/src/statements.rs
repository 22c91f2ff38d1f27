//! What several migrations do.

use db::contract::Contract;
use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbErr},
};

/// Runs statements, one after the other.
pub(crate) async fn run(
    manager: &SchemaManager<'_>,
    statements: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement.as_ref()).await?;
    }
    Ok(())
}

/// Puts the table of a facade under its entity's policies.
pub(crate) async fn protect<F: db::Facade>(manager: &SchemaManager<'_>, contract: &Contract) -> Result<(), DbErr> {
    run(manager, contract.protect::<F>()).await?;
    run(manager, [contract.keep_updated_at::<F>()]).await
}
