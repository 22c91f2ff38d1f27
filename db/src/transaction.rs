//! One open transaction, and what becomes of its connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use sea_orm::{
    QueryResult, Statement,
    sea_query::Values,
    sqlx::{self, AssertSqlSafe, Executor, Postgres, SqlSafeStr, pool::PoolConnection},
};
use sea_query_sqlx::SqlxValues;
use sqlx_core::transaction::TransactionManager;
use tokio::sync::Mutex;
use tracing::Span;

use crate::{Error, Result, error::Kind};

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A connection taken from the pool, and how far it can be trusted.
///
/// INVARIANT: when it is dropped, the pool gets back a connection that is in no transaction, or none at all.
pub(crate) struct Connection {
    connection: PoolConnection<Postgres>,
    state: State,
    in_use: Arc<AtomicU32>,
    taken: Instant,
    span: Span,
    outcome: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In no transaction.
    Idle,
    /// In a transaction, between two statements.
    Open,
    /// In a transaction that a failed statement has aborted: the server refuses all but a rollback.
    Aborted,
    /// A message is on its way, or was when its future was dropped: nobody knows what the server makes of it.
    Busy,
    /// The connection is gone.
    Lost,
}

impl Connection {
    pub(crate) fn new(connection: PoolConnection<Postgres>, in_use: Arc<AtomicU32>, span: Span) -> Self {
        in_use.fetch_add(1, Ordering::Relaxed);
        Self { connection, state: State::Idle, in_use, taken: Instant::now(), span, outcome: "rolled back" }
    }

    /// Sends the opening message of a context.
    async fn begin(&mut self, sql: String) -> Result<()> {
        self.state = State::Busy;
        // sqlx counts no transaction until the message has succeeded as a whole.
        match Manager::begin(&mut self.connection, Some(AssertSqlSafe(sql).into_sql_str())).await {
            Ok(()) => {
                self.state = State::Open;
                Ok(())
            }
            // `BEGIN` may have succeeded and a later part of the message failed (no member, say): the server
            // is in an aborted transaction, which is rolled back here. Closing the connection instead would
            // let a stranger drain the pool.
            Err(error @ (sqlx::Error::Database(_) | sqlx::Error::BeginFailed)) => {
                self.outcome = "refused";
                if self.connection.execute(sqlx::raw_sql("ROLLBACK")).await.is_ok() {
                    self.state = State::Idle;
                }
                Err(error.into())
            }
            Err(error) => {
                self.state = State::Lost;
                Err(error.into())
            }
        }
    }

    /// Runs a statement.
    pub(crate) async fn run<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut sqlx::PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T> {
        match self.state {
            State::Idle | State::Open => self.send(statement).await,
            State::Aborted => Err(Kind::RolledBack.into()),
            State::Busy => Err(Kind::Interrupted.into()),
            State::Lost => Err(Kind::ConnectionLost(None).into()),
        }
    }

    /// Sends a message and waits for its answer.
    ///
    /// The state is `Busy` while it is under way, and stays so if the future is dropped: nothing else is sent
    /// then, and the connection is closed.
    async fn send<T>(
        &mut self,
        message: impl AsyncFnOnce(&mut sqlx::PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T> {
        let before = std::mem::replace(&mut self.state, State::Busy);
        let result = message(&mut self.connection).await;
        self.state = match &result {
            Err(sqlx::Error::Database(error)) => match error.code().as_deref() {
                Some(code) if code.starts_with("57P") || code == "25P03" => State::Lost,
                _ if before == State::Idle => State::Idle,
                _ => State::Aborted,
            },
            Err(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed) => {
                State::Lost
            }
            _ => before,
        };
        result.map_err(Error::from)
    }

    async fn commit(&mut self) -> Result<()> {
        let outcome = std::mem::replace(&mut self.outcome, "outcome unknown");
        // An aborted transaction is refused here: PostgreSQL would answer `COMMIT` with success, and roll back.
        let result = self.run(Manager::commit).await;
        match (result, self.state) {
            (Ok(()), _) => {
                self.state = State::Idle;
                self.outcome = "committed";
                Ok(())
            }
            // The server answered, so the outcome is known: an earlier failure, a deferred constraint or a
            // serialization failure has rolled the transaction back.
            (Err(error), State::Aborted) => {
                self.outcome = outcome;
                Err(error)
            }
            (Err(error), _) if error.is_interrupted() => Err(error),
            (Err(_), _) => Err(Kind::OutcomeUnknown.into()),
        }
    }

    /// Rolls back the innermost level; a failed statement is no obstacle.
    async fn rollback(&mut self) -> Result<()> {
        match self.state {
            State::Aborted => self.send(Manager::rollback).await,
            _ => self.run(Manager::rollback).await,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        match self.state {
            State::Idle => {}
            // Queued here, and sent when the pool pings the connection on its way back.
            State::Open | State::Aborted => {
                while Manager::get_transaction_depth(&self.connection) > 0 {
                    Manager::start_rollback(&mut self.connection);
                }
            }
            // It cannot be known what the server does, and the next borrower would have to wait for it.
            State::Busy | State::Lost => self.connection.close_on_drop(),
        }
        if self.state == State::Busy && self.outcome == "rolled back" {
            self.outcome = "cancelled";
        }
        self.span.record("outcome", self.outcome);
        self.span.record("held_ms", milliseconds(self.taken));
        self.in_use.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the time since `start` in milliseconds.
pub(crate) fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// An open transaction. Statements that are sent at the same time run one after the other.
pub(crate) struct Transaction {
    connection: Mutex<Connection>,
    prepared_statements: bool,
    /// Whether a read-only transaction has to be committed for its reads to count.
    wait_for_end: bool,
}

impl Transaction {
    pub(crate) async fn begin(
        mut connection: Connection,
        sql: String,
        prepared_statements: bool,
        wait_for_end: bool,
    ) -> Result<Self> {
        connection.begin(sql).await?;
        Ok(Self { connection: Mutex::new(connection), prepared_statements, wait_for_end })
    }

    /// Runs one statement by the extended protocol, so that none can be stacked behind it.
    pub(crate) async fn fetch_all(&self, statement: Statement) -> Result<Vec<QueryResult>> {
        let query = self.query(statement);
        let rows = self.connection.lock().await.run(async |connection| connection.fetch_all(query).await).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Runs one statement, and returns the number of rows that it touched.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64> {
        let query = self.query(statement);
        let done = self.connection.lock().await.run(async |connection| connection.execute(query).await).await?;
        Ok(done.rows_affected())
    }

    fn query(&self, statement: Statement) -> sqlx::query::Query<'static, Postgres, SqlxValues> {
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        sqlx::query_with(AssertSqlSafe(statement.sql), values).persistent(self.prepared_statements)
    }

    /// Ends the transaction: a writing one waits for its commit, a reading one for nothing.
    pub(crate) async fn commit(mut self, read_only: bool) -> Result<()> {
        let connection = self.connection.get_mut();
        if read_only && !self.wait_for_end && connection.state == State::Open {
            connection.outcome = "read";
            return Ok(());
        }
        connection.commit().await
    }

    pub(crate) async fn rollback(mut self) -> Result<()> {
        let connection = self.connection.get_mut();
        connection.rollback().await?;
        connection.state = State::Idle;
        Ok(())
    }

    pub(crate) async fn start_savepoint(&mut self) -> Result<()> {
        let connection = self.connection.get_mut();
        let result = connection.run(async |connection| Manager::begin(connection, None).await).await;
        if connection.state == State::Aborted && result.as_ref().is_err_and(|error| error.sqlstate().is_some()) {
            // sqlx has queued a rollback of the level outside, so that its count of levels is off.
            connection.state = State::Lost;
        }
        result
    }

    /// Keeps what was done since the innermost savepoint.
    pub(crate) async fn release_savepoint(&mut self) -> Result<()> {
        if self.connection.get_mut().state == State::Aborted {
            self.roll_back_to_savepoint().await?;
            return Err(Kind::RolledBack.into());
        }
        self.connection.get_mut().run(Manager::commit).await
    }

    /// Takes back what was done since the innermost savepoint.
    pub(crate) async fn roll_back_to_savepoint(&mut self) -> Result<()> {
        let connection = self.connection.get_mut();
        connection.rollback().await?;
        connection.state = State::Open;
        Ok(())
    }

    /// Takes it back with the next statement, for a savepoint whose future was dropped.
    pub(crate) fn abandon_savepoint(&mut self) {
        let connection = self.connection.get_mut();
        if matches!(connection.state, State::Open | State::Aborted) {
            Manager::start_rollback(&mut connection.connection);
            connection.state = State::Open;
        }
    }
}
