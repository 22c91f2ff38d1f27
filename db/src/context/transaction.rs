//! One open transaction, and what becomes of its connection.

mod arrays;
mod connection;
mod handover;
mod savepoint;
mod shared;
mod turns;

use std::{
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
    mem::discriminant,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use connection::{Marks, State};
use sea_orm::{
    QueryResult, Statement,
    sea_query::{Value, Values},
    sqlx::{self, AssertSqlSafe, Executor, IntoArguments, Postgres, postgres::PgArguments},
};
use sea_query_sqlx::SqlxValues;
use turns::Turns;

pub(crate) use self::{
    arrays::{Arrays, Bound, is_bound},
    connection::Connection,
    handover::Given,
    savepoint::Level,
    shared::Shared,
};
use crate::{Result, error::Kind, sql::check_value};

/// How many values PostgreSQL binds in one statement at most: their number is 16 bits wide in the protocol.
pub(crate) const MAX_VALUES: usize = 65_535;

/// How long the text of a statement is at most that is kept by name, in bytes. What the server keeps for one grows with
/// its text: some 20 times as much for a list of values. So the number that a connection keeps, 100 unless the URL says
/// otherwise, bounds their memory too.
const MAX_NAMED: usize = 16 * 1024;

/// An open transaction. Statements that are sent at the same time run one after the other.
pub(crate) struct Transaction {
    /// Tells one transaction from another.
    id: u64,
    turns: Turns,
    marks: Arc<Marks>,
    /// How many savepoints are open.
    savepoints: usize,
    /// How much that is all or nothing has begun, and not ended.
    unfinished: AtomicU32,
    prepared_statements: bool,
    /// Whether a read-only transaction has to be committed for its reads to count.
    wait_for_end: bool,
}

impl Transaction {
    pub(crate) async fn begin(
        mut connection: Connection,
        sql: String,
        may_write: bool,
        prepared_statements: bool,
        wait_for_end: bool,
    ) -> Result<Self> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        connection.begin(sql, may_write).await?;
        Ok(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            marks: connection.marks.clone(),
            turns: Turns::new(connection),
            savepoints: 0,
            unfinished: AtomicU32::new(0),
            prepared_statements,
            wait_for_end,
        })
    }

    /// Begins something that is all or nothing.
    pub(crate) fn begin_whole(&self) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends it.
    pub(crate) fn end_whole(&self) {
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
    }

    /// Makes the innermost level one that cannot be kept, as if a statement had failed.
    pub(crate) fn spoil(&self) {
        self.marks.spoilt.store(true, Ordering::Relaxed);
    }

    /// Returns the connection, between two statements.
    fn connection_mut(&mut self) -> Result<&mut Connection> {
        // Nothing else borrows it: what has not ended by now was leaked.
        if std::mem::take(self.unfinished.get_mut()) > 0 {
            self.spoil();
        }
        let connection = self.turns.connection_mut().ok_or(Kind::Interrupted)?;
        connection.abort_if_spoilt();
        Ok(connection)
    }

    /// Runs one statement by the extended protocol, so that none can be stacked behind it.
    pub(crate) async fn fetch_all(&self, statement: Bound) -> Result<Vec<QueryResult>> {
        let query = self.query(statement)?;
        let rows = self.turns.take(|mut connection, answer| {
            Box::pin(async move {
                let rows = connection.run(async |connection| connection.fetch_all(query).await).await;
                // Whoever asked may be gone.
                answer.send(rows).ok();
                connection
            })
        });
        Ok(rows.await?.into_iter().map(QueryResult::from).collect())
    }

    /// Runs one statement, and returns the number of rows that it touched.
    pub(crate) async fn execute(&self, statement: Bound) -> Result<u64> {
        let query = self.query(statement)?;
        let done = self.turns.take(|mut connection, answer| {
            Box::pin(async move {
                let done = connection.run(async |connection| connection.execute(query).await).await;
                answer.send(done).ok();
                connection
            })
        });
        Ok(done.await?.rows_affected())
    }

    /// Makes a statement of it; prepared, to be kept by name, unless it will not be sent again.
    fn query(&self, statement: Bound) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>> {
        // sqlx finds a prepared statement by its text alone, and binds by its types: the same text with an `i32` and
        // with an `i64` has to be two statements. The comment makes it two texts.
        let mut types = DefaultHasher::new();
        let again = !matches!(statement, Bound::Once(_));
        let (mut sql, arguments) = match statement {
            Bound::Values(Statement { sql, values, .. }) | Bound::Once(Statement { sql, values, .. }) => {
                let values = values.unwrap_or(Values(Vec::new()));
                if values.0.len() > MAX_VALUES {
                    // sqlx would take it for an error of the connection.
                    return Err(Kind::TooManyValues { values: values.0.len() }.into());
                }
                for value in &values.0 {
                    check_value(value).map_err(unbound)?;
                    discriminant(value).hash(&mut types);
                    if let Value::Array(of, _) = value {
                        of.hash(&mut types);
                    }
                }
                (sql, SqlxValues(values).into_arguments())
            }
            Bound::Arrays(Arrays { sql, arrays }) => {
                for (of, _) in &arrays {
                    of.hash(&mut types);
                }
                (sql, arrays::arguments(&arrays).map_err(unbound)?)
            }
        };
        let named = self.prepared_statements && again && sql.len() <= MAX_NAMED;
        // Writing to a `String` does not fail.
        write!(sql, " /* {:x} */", types.finish()).ok();
        Ok(sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(named))
    }

    /// Ends the transaction: a writing one waits for its commit, a reading one for nothing.
    pub(crate) async fn commit(mut self, read_only: bool) -> Result<()> {
        let (id, wait_for_end) = (self.id, self.wait_for_end);
        let connection = self.ending(Level { transaction: id, savepoints: 0 })?;
        if read_only && !wait_for_end && connection.state == State::Open {
            connection.outcome = "read";
            return Ok(());
        }
        connection.commit().await
    }

    pub(crate) async fn rollback(mut self) -> Result<()> {
        let id = self.id;
        self.ending(Level { transaction: id, savepoints: 0 })?.rollback().await
    }

    /// Returns whether this is the transaction that a level is of, and a statement in it failed by what another
    /// attempt would not meet.
    pub(crate) fn is_contended(&self, level: Level) -> bool {
        self.id == level.transaction && self.marks.contended.load(Ordering::Relaxed)
    }
}

/// Says of a value that it cannot be bound, and why.
fn unbound(what: &'static str) -> Kind {
    Kind::RawText { place: "a value", what }
}

/// Returns the time since `start` in milliseconds.
pub(crate) fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
