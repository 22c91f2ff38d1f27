//! The escape hatch for raw SQL.

mod check;
mod functions;
#[cfg(test)]
mod tests;
mod token;

use std::{borrow::Cow, marker::PhantomData};

pub use sea_orm::sqlx::{AssertSqlSafe, SqlSafeStr};
use sea_orm::{DbBackend, FromQueryResult, Statement, Value};

pub use self::functions::raw_functions;
use crate::{
    Context, ReadOnly, Result, Scope,
    error::{Kind, from_row},
};

/// Why a text is refused, in words that fit "it is refused: …".
type Refused = Cow<'static, str>;

/// A raw `SELECT`, for the report that no builder can write. A review searches for its name.
///
/// It corresponds to SeaORM's `FromQueryResult::find_by_statement`. Values are bound as `$1`, `$2`, …. The text is a
/// `&'static str`; text that is built at run time goes through sqlx's [`AssertSqlSafe`], whose name says what its user
/// vouches for.
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
///
/// # Only layer 3 isolates it
///
/// It carries no predicate: it sees what the row-level security of the context's role lets through. Where that is
/// switched off on a table, it sees every tenant's rows.
///
/// # What is refused
///
/// The text is split into tokens as PostgreSQL splits it, and looked at token by token. Refused before it is sent is
///
/// - what is not one `SELECT`, `WITH … SELECT`, `VALUES` or `TABLE`, and whatever writes;
/// - a function that is not one of [`raw_functions`], PostgreSQL's own that compute from what they are given; one of the
///   application's or an extension's is named to [`allow_functions`](Self::allow_functions);
/// - a name that starts with `pg_`, `information_schema`, and the types that read the catalog (`regclass` and its kin);
/// - what two versions or settings of PostgreSQL read differently: `U&` escapes, a quote after a backslash in a string that
///   is not `E'…'`, names longer than 63 bytes.
///
/// PostgreSQL checks too, whatever the tokens are: the text is sent as `SELECT * FROM (<text>)`, in one statement, and
/// in a derived table it refuses `INSERT`, `UPDATE`, `DELETE`, `MERGE` and `SELECT INTO`. That costs no round trip and
/// changes no plan. (`DECLARE … CURSOR FOR` refuses the same, but takes two round trips more and never runs in
/// parallel.)
///
/// # What is not
///
/// - `FOR UPDATE` and its kin lock the rows that they return, in a context that writes.
/// - An operator, a cast or a type of the application's own, or of an extension's, runs the functions behind it.
/// - A name after a dot may be a column, or a function that takes the row (`task.overdue` calls `overdue(task)`): one of
///   the application's own is not distinguished from a column.
/// - A function of the application's own that has the name of one that may be called (or is named `cube`, `ilike`, `join`
///   or `rollup`, words that stand before a bracket) is called where its argument types fit better; `pg_catalog.name`
///   calls PostgreSQL's own.
/// - A view, a column's default, a policy runs what it was made of.
///
/// Each runs with the rights of the scope role; a function that it may not execute is not called by any text.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is run on a context"]
pub struct RawSelect<T> {
    sql: String,
    values: Vec<Value>,
    functions: &'static [&'static str],
    row: PhantomData<fn() -> T>,
}

impl<T: FromQueryResult> RawSelect<T> {
    /// Takes the text and the values that are bound in it.
    pub fn from_sql_and_values(sql: impl SqlSafeStr, values: impl IntoIterator<Item = Value>) -> Self {
        let sql = sql.into_sql_str().as_str().to_owned();
        Self { sql, values: values.into_iter().collect(), functions: &[], row: PhantomData }
    }

    /// Lets the text call more functions: the application's own, or an extension's. Each name is as the text has it,
    /// `name` or `schema.name`, in lower case unless it is quoted there; they take the place of those that were named before.
    ///
    /// # This widens power
    ///
    /// Whatever the function does, it does: write, lock, run SQL that it is given. `SECURITY DEFINER` functions do it
    /// as their owner. Name a function only if it may be called with anything that a text can hold.
    ///
    /// ```
    /// # use db::{RawSelect, Result, TenantReader};
    /// # use sea_orm::FromQueryResult;
    /// # #[derive(FromQueryResult)]
    /// # struct Title { title: String }
    /// # async fn f(cx: &TenantReader) -> Result<Vec<Title>> {
    /// RawSelect::from_sql_and_values(
    ///     "SELECT title FROM research_plan ORDER BY similarity(title, $1) DESC LIMIT 10",
    ///     ["climate".into()],
    /// )
    /// .allow_functions(&["similarity"]) // of pg_trgm: computes from its arguments
    /// .all(cx)
    /// .await
    /// # }
    /// ```
    pub fn allow_functions(self, functions: &'static [&'static str]) -> Self {
        Self { functions, ..self }
    }

    /// Returns the rows.
    ///
    /// # Errors
    ///
    /// `is_raw_sql_refused` if the text is no single `SELECT`, or calls what it may not; what PostgreSQL raises.
    pub async fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Vec<T>> {
        let end = check::one_select(&self.sql, self.functions).map_err(Kind::RawSql)?;
        // INVARIANT: what is sent starts with these words, so that PostgreSQL itself refuses what writes: a `WITH` that does
        // has to come first in its statement, and `INTO` before `FROM`.
        let sql = format!("SELECT * FROM ({}) AS raw_select", &self.sql[..end]);
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
