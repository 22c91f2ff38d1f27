//! The door for raw SQL.

use std::{marker::PhantomData, ops::ControlFlow};

pub use sea_orm::sqlx::{AssertSqlSafe, SqlSafeStr};
use sea_orm::{DbBackend, FromQueryResult, Statement, Value};
use sqlparser::{
    ast::{self, Query, SetExpr, TableFactor, visit_expressions, visit_relations},
    dialect::PostgreSqlDialect,
    parser::Parser,
};

use crate::{
    Context, ReadOnly, Result, Scope,
    error::{Kind, from_row},
    expression::reaches_out,
};

/// A raw `SELECT`, for the report that no builder can write. A review searches for its name.
///
/// # Only ring 3 holds it
///
/// It carries no predicate: it sees what the row-level security of the context's role lets through. Where that is
/// switched off on a table, it sees every tenant's rows.
///
/// One statement, a `SELECT` or `WITH … SELECT` that writes nothing, calls none of PostgreSQL's functions that
/// reach beyond the rows (`pg_…`, `set_config` and the like), and reads none of its own tables; anything else is refused before it reaches
/// the server, and so is what the parser does not understand. Values are bound as `$1`, `$2`, …. The text is a
/// `&'static str`; text that is built at run time goes through sqlx's [`AssertSqlSafe`], whose name says what its
/// user vouches for. It stands for SeaORM's `FromQueryResult::find_by_statement`.
///
/// ```
/// use db::{RawSelect, TenantReader};
/// use sea_orm::FromQueryResult;
///
/// #[derive(FromQueryResult)]
/// struct StepsByStatus {
///     status: String,
///     steps: i64,
/// }
///
/// async fn report(cx: &TenantReader) -> db::Result<Vec<StepsByStatus>> {
///     RawSelect::from_sql_and_values(
///         "SELECT status, count(*) AS steps FROM plan_step WHERE position > $1 GROUP BY ROLLUP (status)",
///         [1.into()],
///     )
///     .all(cx)
///     .await
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is run on a context"]
pub struct RawSelect<T> {
    sql: Result<String, &'static str>,
    values: Vec<Value>,
    row: PhantomData<fn() -> T>,
}

impl<T: FromQueryResult> RawSelect<T> {
    /// Takes the text and the values that are bound in it.
    pub fn from_sql_and_values(sql: impl SqlSafeStr, values: impl IntoIterator<Item = Value>) -> Self {
        let sql = sql.into_sql_str().as_str().to_owned();
        Self { sql: one_select(&sql).map(|()| sql), values: values.into_iter().collect(), row: PhantomData }
    }

    /// Returns the rows.
    ///
    /// # Errors
    ///
    /// `is_raw_sql_refused` if the text is no single `SELECT`; what PostgreSQL raises.
    pub async fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Vec<T>> {
        let sql = self.sql.map_err(Kind::RawSql)?;
        let rows = cx.fetch_all(Statement::from_sql_and_values(DbBackend::Postgres, sql, self.values)).await?;
        rows.iter().map(|row| T::from_query_result(row, "").map_err(|error| from_row("raw SQL", error))).collect()
    }

    /// Returns the first row, if there is one. The others are fetched too: put a `LIMIT` in the text.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub async fn one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Option<T>> {
        Ok(self.all(cx).await?.into_iter().next())
    }
}

/// Checks that the text is one `SELECT`, and writes nothing.
fn one_select(sql: &str) -> Result<(), &'static str> {
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|_| "it cannot be parsed")?;
    match &statements[..] {
        [statement @ ast::Statement::Query(query)] => {
            reads_only(query)?;
            stays_with_rows(statement)
        }
        [_] => Err("it is no SELECT"),
        [] => Err("it is empty"),
        _ => Err("it is more than one statement"),
    }
}

/// Checks that no function reaches beyond the rows, and that no table is the server's own.
fn stays_with_rows(statement: &ast::Statement) -> Result<(), &'static str> {
    let last = |name: &ast::ObjectName| name.0.last().map(ToString::to_string).unwrap_or_default();
    let refused = visit_expressions(statement, |expr| match expr {
        ast::Expr::Function(function) if reaches_out(last(&function.name).trim_matches('"')) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if refused.is_break() {
        return Err("a function in it reaches beyond the rows");
    }
    // A function in FROM is a relation to the parser.
    let refused = visit_relations(statement, |name| match last(name).trim_matches('"') {
        name if reaches_out(name) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if refused.is_break() { Err("it reads what is the server's own") } else { Ok(()) }
}

fn reads_only(query: &Query) -> Result<(), &'static str> {
    for with in query.with.iter().flat_map(|with| &with.cte_tables) {
        reads_only(&with.query)?;
    }
    body_reads_only(&query.body)
}

fn body_reads_only(body: &SetExpr) -> Result<(), &'static str> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => Err("it is a SELECT INTO, which makes a table"),
        SetExpr::Select(select) => {
            let tables = select
                .from
                .iter()
                .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
            for table in tables {
                if let TableFactor::Derived { subquery, .. } = table {
                    reads_only(subquery)?;
                }
            }
            Ok(())
        }
        SetExpr::Query(query) => reads_only(query),
        SetExpr::SetOperation { left, right, .. } => {
            body_reads_only(left)?;
            body_reads_only(right)
        }
        SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
        _ => Err("it writes"),
    }
}

#[cfg(test)]
mod tests {
    use super::one_select;

    #[test]
    fn selects_pass() {
        for sql in [
            "SELECT 1",
            "select status, count(*) filter (where position > $1) from plan_step group by rollup (status) -- ; SET x",
            "WITH a AS (SELECT 1 AS x) SELECT x, row_number() OVER (ORDER BY x) FROM a UNION ALL VALUES (1, 2)",
            "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n FROM t",
            "SELECT ';' , $$ ; $$ /* ; */ FROM research_plan p JOIN LATERAL (SELECT 1) s ON true FOR UPDATE SKIP LOCKED;",
        ] {
            assert_eq!(one_select(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn whatever_is_no_single_select_is_refused() {
        for sql in [
            "",
            "-- nothing",
            "SET ROLE postgres",
            "set local app.organization_id = 'x'",
            "RESET ROLE",
            "RESET ALL",
            "BEGIN",
            "COMMIT",
            "END",
            "ROLLBACK",
            "ABORT",
            "SAVEPOINT a",
            "RELEASE SAVEPOINT a",
            "START TRANSACTION",
            "DO $$ BEGIN END $$",
            "CALL p()",
            "COPY t TO STDOUT",
            "EXPLAIN ANALYZE SELECT 1",
            "LISTEN a",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "PREPARE a AS SELECT 1",
            "EXECUTE a",
            "DISCARD ALL",
            "LOCK TABLE t",
            "CREATE TEMP TABLE t (a int)",
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "SELECT 1 INTO t",
            "SELECT 1; SELECT 2",
            "SELECT 1; SET ROLE postgres",
            "/* SELECT */ SET ROLE postgres",
            "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
            "WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a",
            "WITH a AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM a",
            "WITH a AS (WITH b AS (DELETE FROM t RETURNING *) SELECT * FROM b) SELECT * FROM a",
            "WITH a AS (SELECT 1) DELETE FROM t",
            "SELECT pg_advisory_lock(1)",
            "SELECT 1 ORDER BY pg_catalog.PG_Advisory_Lock(1)",
            "SELECT * FROM pg_stat_activity",
            "SELECT * FROM pg_ls_dir('.')",
            "SELECT (SELECT set_config('a.b', 'c', true))",
            "SELECT * FROM (WITH b AS (DELETE FROM t RETURNING *) SELECT * FROM b) x",
        ] {
            assert!(one_select(sql).is_err(), "{sql}");
        }
    }
}
