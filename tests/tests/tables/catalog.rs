//! What the database says of a table.

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection};

/// Runs a query of one text column.
pub async fn texts(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The columns of a table, with all that makes them.
pub async fn columns(connection: &mut PgConnection, table: &str) -> Vec<String> {
    texts(
        connection,
        &format!(
            "SELECT pg_catalog.concat_ws(' ', quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attnotnull THEN 'not null' END, 'identity:' || nullif(a.attidentity::text, ''),
               'generated:' || nullif(a.attgenerated::text, ''), 'default:' || pg_catalog.pg_get_expr(d.adbin, d.adrelid),
               'collate:' || (SELECT collname FROM pg_collation c WHERE c.oid = a.attcollation))
             FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 ORDER BY a.attnum"
        ),
    )
    .await
}

/// The constraints of a table: its keys, foreign keys and checks.
pub async fn constraints(connection: &mut PgConnection, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = '{table}'::regclass AND contype <> 'n' ORDER BY 1"
    );
    texts(connection, &sql).await
}

/// The indexes of a table that are no constraint's, with their names.
pub async fn indexes(connection: &mut PgConnection, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
         WHERE i.indrelid = '{table}'::regclass
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
         ORDER BY 1"
    );
    texts(connection, &sql).await
}

/// The names of a table's foreign keys.
pub async fn foreign_key_names(connection: &mut PgConnection, table: &str) -> Vec<String> {
    let sql =
        format!("SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'f' ORDER BY 1");
    texts(connection, &sql).await
}
