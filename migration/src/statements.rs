//! What several migrations do.

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
