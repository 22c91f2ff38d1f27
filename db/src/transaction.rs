//! One open transaction, and what becomes of its connection.

use std::{
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
    mem::discriminant,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use sea_orm::{
    QueryResult, Statement,
    sea_query::{Value, Values},
    sqlx::{self, AssertSqlSafe, Executor, Postgres, SqlSafeStr, pool::PoolConnection},
};
use sea_query_sqlx::SqlxValues;
use sqlx_core::transaction::TransactionManager;
use tokio::sync::{Mutex, MutexGuard};
use tracing::Span;

use crate::{
    Error, Result,
    error::{Kind, is_fatal},
    expression::check_value,
};

/// How many values PostgreSQL binds in one statement at most: their number is 16 bits wide in the protocol.
pub(crate) const MAX_VALUES: usize = 65_535;

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A connection taken from the pool, and how far it can be trusted.
///
/// INVARIANT: when it is dropped, the pool gets back a connection that is in no transaction, or none at all.
pub(crate) struct Connection {
    /// Tells one transaction from another.
    id: u64,
    pooled: PoolConnection<Postgres>,
    state: State,
    /// Whether a message of this transaction could not be serialized or deadlocked, in a savepoint too.
    contended: bool,
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
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        in_use.fetch_add(1, Ordering::Relaxed);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            pooled: connection,
            state: State::Idle,
            contended: false,
            in_use,
            taken: Instant::now(),
            span,
            outcome: "rolled back",
        }
    }

    /// Sends the opening message of a context.
    async fn begin(&mut self, sql: String) -> Result<()> {
        self.state = State::Busy;
        // sqlx counts no transaction until the message has succeeded as a whole.
        match Manager::begin(&mut self.pooled, Some(AssertSqlSafe(sql).into_sql_str())).await {
            Ok(()) => {
                self.state = State::Open;
                Ok(())
            }
            // `BEGIN` may have succeeded and a later part of the message failed (no member, say): the server
            // is in an aborted transaction, which is rolled back here. Closing the connection instead would
            // let a stranger drain the pool.
            Err(error @ (sqlx::Error::Database(_) | sqlx::Error::BeginFailed)) => {
                self.outcome = "refused";
                if self.pooled.execute(sqlx::raw_sql("ROLLBACK")).await.is_ok() {
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
        let result = message(&mut self.pooled).await;
        self.state = match &result {
            // PgBouncer says `08P01` of a server that it has lost.
            Err(sqlx::Error::Database(error)) if error.try_downcast_ref().is_some_and(is_fatal) => State::Lost,
            Err(sqlx::Error::Database(error)) => match error.code().as_deref() {
                Some(code) if code.starts_with("57P") || matches!(code, "25P03" | "25P04") => State::Lost,
                _ if before == State::Idle => State::Idle,
                _ => State::Aborted,
            },
            Err(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed) => {
                State::Lost
            }
            _ => before,
        };
        let result = result.map_err(Error::from);
        self.contended |= result.as_ref().is_err_and(Error::is_serialization_failure);
        result
    }

    async fn commit(&mut self) -> Result<()> {
        self.check_level(Level { transaction: self.id, depth: 1 })?;
        // Anything else is refused without a message: to `COMMIT` of an aborted transaction PostgreSQL would
        // answer with success, and roll back.
        let sent = self.state == State::Open;
        let before = self.outcome;
        if sent {
            self.outcome = "outcome unknown";
        }
        match self.run(Manager::commit).await {
            Ok(()) => {
                self.state = State::Idle;
                self.outcome = "committed";
                Ok(())
            }
            Err(_) if sent && self.state == State::Lost => Err(Kind::OutcomeUnknown.into()),
            // The server answered: a deferred constraint or a serialization failure has rolled it back.
            Err(error) => {
                self.outcome = before;
                Err(error)
            }
        }
    }

    /// Rolls back the innermost level; a failed statement is no obstacle.
    async fn rollback(&mut self) -> Result<()> {
        match self.state {
            State::Aborted => self.send(Manager::rollback).await,
            _ => self.run(Manager::rollback).await,
        }
    }

    /// Returns the innermost level that is open.
    fn level(&self) -> Level {
        Level { transaction: self.id, depth: Manager::get_transaction_depth(&self.pooled) }
    }

    /// Treats the level as one in which a statement has failed.
    fn abort_if(&mut self, spoilt: bool) {
        if spoilt && self.state == State::Open {
            self.state = State::Aborted;
        }
    }

    /// Checks that the innermost level is the one that is about to end. It is another where a savepoint's future was
    /// leaked, or two contexts were swapped; then nothing that is sent would mean what its sender thinks.
    fn check_level(&mut self, level: Level) -> Result<()> {
        if self.level() == level || matches!(self.state, State::Busy | State::Lost) {
            return Ok(());
        }
        self.state = State::Lost;
        Err(Kind::Interrupted.into())
    }
}

/// One level of one transaction: 1 is the transaction itself, each savepoint is one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    transaction: u64,
    depth: usize,
}

impl Drop for Connection {
    fn drop(&mut self) {
        match self.state {
            // Queued here, and sent when the pool pings the connection on its way back.
            State::Idle | State::Open | State::Aborted => {
                while Manager::get_transaction_depth(&self.pooled) > 0 {
                    Manager::start_rollback(&mut self.pooled);
                }
            }
            // It cannot be known what the server does, and the next borrower would have to wait for it.
            State::Busy | State::Lost => self.pooled.close_on_drop(),
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
    /// Whether something that is all or nothing was left half done, so that the level cannot be kept.
    spoilt: AtomicBool,
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
        prepared_statements: bool,
        wait_for_end: bool,
    ) -> Result<Self> {
        connection.begin(sql).await?;
        let (spoilt, unfinished) = (AtomicBool::new(false), AtomicU32::new(0));
        Ok(Self { connection: Mutex::new(connection), spoilt, unfinished, prepared_statements, wait_for_end })
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
        self.spoilt.store(true, Ordering::Relaxed);
    }

    /// Waits for the statements that are under way.
    async fn connection(&self) -> MutexGuard<'_, Connection> {
        let mut connection = self.connection.lock().await;
        connection.abort_if(self.spoilt.swap(false, Ordering::Relaxed));
        connection
    }

    fn connection_mut(&mut self) -> &mut Connection {
        // Nothing else borrows it: what has not ended by now was leaked.
        let leaked = std::mem::take(self.unfinished.get_mut()) > 0;
        let connection = self.connection.get_mut();
        connection.abort_if(std::mem::take(self.spoilt.get_mut()) || leaked);
        connection
    }

    /// Runs one statement by the extended protocol, so that none can be stacked behind it.
    pub(crate) async fn fetch_all(&self, statement: Statement, again: bool) -> Result<Vec<QueryResult>> {
        let query = self.query(statement, again)?;
        let rows = self.connection().await.run(async |connection| connection.fetch_all(query).await).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Runs one statement, and returns the number of rows that it touched.
    pub(crate) async fn execute(&self, statement: Statement, again: bool) -> Result<u64> {
        let query = self.query(statement, again)?;
        let done = self.connection().await.run(async |connection| connection.execute(query).await).await?;
        Ok(done.rows_affected())
    }

    /// Makes a statement of it; prepared, to be kept by name, unless it will not be sent `again`.
    fn query(&self, statement: Statement, again: bool) -> Result<sqlx::query::Query<'static, Postgres, SqlxValues>> {
        let Statement { mut sql, values, .. } = statement;
        let values = values.unwrap_or(Values(Vec::new()));
        if values.0.len() > MAX_VALUES {
            // sqlx would take it for an error of the connection.
            return Err(Kind::TooManyValues { values: values.0.len() }.into());
        }
        // sqlx finds a prepared statement by its text alone, and binds by its types: the same text with an `i32` and
        // with an `i64` has to be two statements. The comment makes it two texts.
        let mut types = DefaultHasher::new();
        for value in &values.0 {
            check_value(value)?;
            discriminant(value).hash(&mut types);
            if let Value::Array(of, _) = value {
                of.hash(&mut types);
            }
        }
        // Writing to a `String` does not fail.
        write!(sql, " /* {:x} */", types.finish()).ok();
        Ok(sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).persistent(self.prepared_statements && again))
    }

    /// Ends the transaction: a writing one waits for its commit, a reading one for nothing.
    pub(crate) async fn commit(mut self, read_only: bool) -> Result<()> {
        let wait_for_end = self.wait_for_end;
        let connection = self.connection_mut();
        if read_only && !wait_for_end && connection.state == State::Open {
            connection.outcome = "read";
            return Ok(());
        }
        connection.commit().await
    }

    pub(crate) async fn rollback(mut self) -> Result<()> {
        let connection = self.connection_mut();
        connection.check_level(Level { transaction: connection.id, depth: 1 })?;
        connection.rollback().await?;
        connection.state = State::Idle;
        Ok(())
    }

    /// Returns the innermost level that is open.
    pub(crate) fn level(&mut self) -> Level {
        self.connection_mut().level()
    }

    /// Whether the connection is gone.
    pub(crate) fn is_lost(&mut self) -> bool {
        self.connection_mut().state == State::Lost
    }

    /// Whether this is the transaction that a level is of, and a statement in it could not be serialized or deadlocked.
    pub(crate) fn is_contended(&mut self, level: Level) -> bool {
        let connection = self.connection.get_mut();
        connection.contended && connection.id == level.transaction
    }

    /// Opens a savepoint, and returns its level.
    pub(crate) async fn start_savepoint(&mut self) -> Result<Level> {
        let connection = self.connection_mut();
        let open = connection.state == State::Open;
        let result = connection.run(async |connection| Manager::begin(connection, None).await).await;
        if open && result.is_err() {
            // sqlx has queued a rollback of the level outside, so that its count of levels is off.
            connection.state = State::Lost;
        }
        result.map(|()| connection.level())
    }

    /// Keeps what was done since the savepoint.
    pub(crate) async fn release_savepoint(&mut self, savepoint: Level) -> Result<()> {
        let connection = self.connection_mut();
        connection.check_level(savepoint)?;
        if connection.state == State::Aborted {
            self.roll_back_to_savepoint(savepoint).await?;
            return Err(Kind::RolledBack.into());
        }
        connection.run(Manager::commit).await
    }

    /// Takes back what was done since the savepoint.
    pub(crate) async fn roll_back_to_savepoint(&mut self, savepoint: Level) -> Result<()> {
        let connection = self.connection_mut();
        connection.check_level(savepoint)?;
        connection.rollback().await?;
        connection.state = State::Open;
        Ok(())
    }

    /// Takes it back with the next statement, for a savepoint whose future was dropped.
    pub(crate) fn abandon_savepoint(&mut self, savepoint: Level) {
        let connection = self.connection_mut();
        if matches!(connection.state, State::Open | State::Aborted) && connection.check_level(savepoint).is_ok() {
            Manager::start_rollback(&mut connection.pooled);
            connection.state = State::Open;
        }
    }
}
