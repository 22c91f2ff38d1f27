//! Touching rows as the owner.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};

use crate::TableName;

/// Runs `f` with the row-level security of `tables` not forced on their owner, in one transaction.
///
/// A migration that touches rows, or that adds or validates a foreign key, has to do so in here. Under `FORCE`
/// the owner matches no policy: an update touches no row and says nothing, and a new foreign key is checked
/// against nothing and marked valid. No other role's rights change, and nobody else sees the table meanwhile:
/// `ALTER TABLE` holds it exclusively until the transaction ends.
///
/// A table that was not forced before is not afterwards. Deferred constraints are checked before the end, and stay
/// immediate for the rest of a migration's own transaction.
///
/// `connection` is the migration's: `manager.get_connection()`. A table is named as text, with its schema where the search
/// path does not lead to it (`"billing.invoice"`), or as [`TableName::of`] its facade.
///
/// # Errors
///
/// What `f` returns, or what PostgreSQL says, as where the role does not own a table; the transaction is then
/// rolled back, `FORCE` included.
pub async fn as_owner<C, T>(
    connection: &C,
    tables: &[impl Into<TableName> + Clone],
    f: impl AsyncFnOnce(&C::Transaction) -> Result<T, DbErr>,
) -> Result<T, DbErr>
where
    C: TransactionTrait,
    C::Transaction: ConnectionTrait,
{
    use sea_orm::TransactionSession;

    let transaction = connection.begin().await?;
    let mut forced = Vec::new();
    for table in tables {
        let table: TableName = table.clone().into();
        let table = table.sql();
        let sql = format!(
            "SELECT relforcerowsecurity FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass",
            crate::sql::literal(&table)
        );
        let row = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        if row.is_some_and(|row| row.try_get_by_index(0).unwrap_or(false)) {
            transaction.execute_unprepared(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
            forced.push(table);
        }
    }
    let value = f(&transaction).await?;
    // A deferred constraint is checked here, while it can still see the rows.
    transaction.execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE").await?;
    for table in forced {
        transaction.execute_unprepared(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await?;
    }
    transaction.commit().await?;
    Ok(value)
}
