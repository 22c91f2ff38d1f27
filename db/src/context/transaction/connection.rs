//! One connection of the pool, and what becomes of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use sea_orm::sqlx::{self, AssertSqlSafe, Executor, Postgres, SqlSafeStr, pool::PoolConnection};
use sqlx_core::transaction::TransactionManager;
use tracing::Span;

use super::{handover::let_go, milliseconds, shared::Shared};
use crate::{
    Error, Result,
    error::{Kind, is_fatal},
};

/// How often a savepoint is tried to be taken back, where a timeout is in the way.
const TAKE_BACK_ATTEMPTS: u32 = 5;

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A connection taken from the pool, and how far it can be trusted.
///
/// INVARIANT: when it is dropped, the pool gets back a connection that is in no transaction, or none at all.
pub(crate) struct Connection {
    /// `None` once it is given back.
    pooled: Option<PoolConnection<Postgres>>,
    /// When the pool looked at it last.
    since: Instant,
    pub(super) state: State,
    /// The savepoint that is to be taken back before anything else is sent: its future was dropped.
    pub(super) abandoned: Option<usize>,
    pub(super) marks: Arc<Marks>,
    /// Whether the transaction may write.
    may_write: bool,
    /// Whether the connection goes when the transaction has ended, whatever becomes of that.
    worn_out: bool,
    shared: Arc<Shared>,
    taken: Instant,
    span: Span,
    pub(super) outcome: &'static str,
}

/// What a transaction and its connection tell each other while statements are under way.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Whether a message of this transaction failed by what another attempt would not meet, in a savepoint too: it
    /// could not be serialized, deadlocked, or was a statement that a migration had made stale.
    pub(super) contended: AtomicBool,
    /// Whether something that is all or nothing was left half done, so that the level cannot be kept.
    pub(super) spoilt: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
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
    /// `since` is when the pool looked at the connection last.
    pub(crate) fn new(pooled: PoolConnection<Postgres>, since: Instant, shared: Arc<Shared>, span: Span) -> Self {
        shared.in_use.fetch_add(1, Ordering::Relaxed);
        Self {
            pooled: Some(pooled),
            since,
            state: State::Idle,
            abandoned: None,
            marks: Arc::default(),
            may_write: false,
            worn_out: false,
            shared,
            taken: Instant::now(),
            span,
            outcome: "rolled back",
        }
    }

    #[expect(clippy::expect_used, reason = "it is given back by `drop` alone")]
    fn connection(&mut self) -> &mut sqlx::PgConnection {
        self.pooled.as_mut().expect("a connection that was not dropped")
    }

    /// Sends the opening message of a context, behind a rollback that the connection may owe: in one round trip.
    pub(super) async fn begin(&mut self, sql: String, may_write: bool) -> Result<()> {
        self.state = State::Busy;
        self.may_write = may_write;
        // sqlx counts no transaction until the message has succeeded as a whole.
        match Manager::begin(self.connection(), Some(AssertSqlSafe(sql).into_sql_str())).await {
            Ok(()) => {
                self.state = State::Open;
                Ok(())
            }
            // `BEGIN` may have succeeded and a later part of the message failed (no member, say): the server
            // is in an aborted transaction, which is rolled back here. Closing the connection instead would
            // let a stranger drain the pool.
            Err(error @ (sqlx::Error::Database(_) | sqlx::Error::BeginFailed)) => {
                self.outcome = "refused";
                if self.connection().execute(sqlx::raw_sql("ROLLBACK")).await.is_ok() {
                    self.state = State::Idle;
                }
                Err(self.told(error))
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
        self.abort_if_spoilt();
        if let (State::Open, Some(savepoint)) = (self.state, self.abandoned) {
            self.take_back(savepoint).await?;
        }
        self.check()?;
        self.send(statement).await
    }

    /// Checks that the server would run a statement.
    fn check(&self) -> Result<()> {
        match self.state {
            State::Idle | State::Open => Ok(()),
            State::Aborted => Err(Kind::RolledBack.into()),
            State::Busy => Err(Kind::Interrupted.into()),
            State::Lost => Err(Kind::ConnectionLost(None).into()),
        }
    }

    /// Treats the level as one in which a statement has failed, where it cannot be kept.
    pub(super) fn abort_if_spoilt(&mut self) {
        if self.marks.spoilt.swap(false, Ordering::Relaxed) && self.state == State::Open {
            self.state = State::Aborted;
        }
    }

    /// Lets the next message be a rollback, for which a failed statement is no obstacle.
    fn reopen(&mut self) {
        self.abandoned = None;
        self.marks.spoilt.store(false, Ordering::Relaxed);
        if self.state == State::Aborted {
            self.state = State::Open;
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
        let result = message(self.connection()).await;
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
        result.map_err(|error| self.told(error))
    }

    /// Makes an error of sqlx's one of ours, and remembers what it says of the connection.
    fn told(&mut self, error: sqlx::Error) -> Error {
        let mut error = Error::from(error);
        if let Kind::Database(error) = &mut *error.0
            && self.may_write
        {
            error.of_writing_context();
        }
        if error.is_worth_another_attempt() {
            self.marks.contended.store(true, Ordering::Relaxed);
        }
        if error.is_stale_statement() || error.is_server_read_only() {
            self.worn_out = true;
            self.shared.outdated.mark();
        }
        error
    }

    /// Runs a statement of ours about a savepoint, by the simple protocol.
    pub(super) async fn run_command(&mut self, command: String) -> Result<()> {
        self.run(async move |connection| connection.execute(sqlx::raw_sql(AssertSqlSafe(command))).await).await?;
        Ok(())
    }

    /// Takes back what was done since a savepoint, and the savepoint. Where this fails, the level outside is one in
    /// which a statement has failed.
    ///
    /// `ROLLBACK TO` alone would leave a subtransaction open, and its transaction id locked until the end of the context.
    ///
    /// It has a timeout as any statement: whose statement has run into a short one would lose the context with it. So
    /// where that strikes here, it is sent again.
    pub(super) async fn take_back(&mut self, savepoint: usize) -> Result<()> {
        let name = savepoint_name(savepoint);
        let sql = format!("ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}");
        let mut attempts = 0;
        loop {
            self.reopen();
            self.check()?;
            let sql = AssertSqlSafe(sql.clone());
            let done = self.send(async move |connection| connection.execute(sqlx::raw_sql(sql)).await).await;
            attempts += 1;
            let again = attempts < TAKE_BACK_ATTEMPTS && done.as_ref().is_err_and(Error::is_statement_timeout);
            if !again {
                return done.map(drop);
            }
        }
    }

    /// Takes a savepoint back with the next message.
    pub(super) fn abandon(&mut self, savepoint: usize) {
        self.reopen();
        self.abandoned = Some(savepoint);
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
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

    /// Rolls the transaction back.
    pub(super) async fn rollback(&mut self) -> Result<()> {
        self.reopen();
        self.check()?;
        self.send(Manager::rollback).await?;
        self.state = State::Idle;
        Ok(())
    }
}

/// Names a savepoint by how many are open with it.
pub(super) fn savepoint_name(savepoint: usize) -> String {
    format!("context_{savepoint}")
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.state == State::Busy && self.outcome == "rolled back" {
            self.outcome = "cancelled";
        }
        self.span.record("outcome", self.outcome);
        self.span.record("held_ms", milliseconds(self.taken));
        self.shared.in_use.fetch_sub(1, Ordering::Relaxed);
        let Some(mut pooled) = self.pooled.take() else { return };
        // What the server does on one that is busy cannot be known, and the next borrower would have to wait for it.
        if matches!(self.state, State::Busy | State::Lost) || self.worn_out {
            return let_go(pooled, true);
        }
        // Queued here, and sent with the next message, or when the pool pings the connection.
        if Manager::get_transaction_depth(&pooled) > 0 {
            Manager::start_rollback(&mut pooled);
        }
        // The pool closes one that is outdated.
        if self.shared.outdated.has(self.since.elapsed()) {
            let_go(pooled, false);
        } else {
            self.shared.handover.give(pooled, self.since);
        }
    }
}
