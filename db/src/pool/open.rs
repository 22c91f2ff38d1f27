//! Opening a context, with options.

use std::{fmt, fmt::Write, marker::PhantomData, time::Duration};

use sea_orm::IsolationLevel;
use tracing::{Instrument, Span};

use crate::{
    Context, Db, Error, Mode, OrganizationId, ReadOnly, ReadWrite, Result, Retry, Scope, ScopeKind, UserId,
    context::transaction::Transaction, error::Kind, pool::options::milliseconds,
};

tokio::task_local! {
    /// The pools on which the current task runs a context's closure.
    static OPEN: Vec<usize>;
}

/// Returns whether the current task runs a context's closure on this pool: another context would be nested in it.
pub(crate) fn is_nested(db: &Db) -> bool {
    OPEN.try_with(|open| open.contains(&db.id())).unwrap_or(false)
}

/// A context about to be opened: [`Db::tenant`], [`Db::user`], [`Db::identity`] or [`Db::system_tenant`],
/// with options. Nothing is sent before [`run`](Self::run) or [`begin`](Self::begin).
#[must_use = "nothing is opened before `run` or `begin`"]
pub struct Open<'a, S: Scope, M: Mode = ReadWrite> {
    db: &'a Db,
    how: How<S>,
    mode: PhantomData<M>,
}

/// How a context is opened, whether it writes or not.
struct How<S: Scope> {
    ids: S::Ids,
    /// The call that enters the scope, with its arguments: ids alone, so there is nothing to escape.
    enter: String,
    isolation: Option<IsolationLevel>,
    statement_timeout: Option<Duration>,
    subject: Subject,
}

impl<'a, S: Scope> Open<'a, S> {
    pub(crate) fn new(db: &'a Db, ids: S::Ids, enter: String, subject: Subject) -> Self {
        let how = How { ids, enter, isolation: None, statement_timeout: None, subject };
        Self { db, how, mode: PhantomData }
    }
}

impl<'a, S: Scope, M: Mode> Open<'a, S, M> {
    /// Makes the context one that only reads: the database refuses a write, and one does not compile. It does
    /// not wait for the end of its transaction, which saves a round trip.
    pub fn read_only(self) -> Open<'a, S, ReadOnly> {
        Open { db: self.db, how: self.how, mode: PhantomData }
    }

    /// Sets the isolation level; the server's default (read committed) unless told otherwise.
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.how.isolation = Some(level);
        self
    }

    /// Sets PostgreSQL's `statement_timeout` for the statements of this context, in whole milliseconds.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.how.statement_timeout = Some(timeout);
        self
    }

    /// Runs the closure again, `times` times at most, where it conflicted with another transaction: see [`Retry`].
    ///
    /// ```
    /// # use db::{Authenticated, Db, IsolationLevel, OrganizationId, Result};
    /// # async fn f(db: &Db, organization_id: OrganizationId, who: &Authenticated) -> Result<()> {
    /// db.tenant(organization_id, who)
    ///     .isolation(IsolationLevel::Serializable)
    ///     .retry(3) // four runs at most
    ///     .run(async |cx| {
    ///         // … reads, and writes that depend on them
    /// #       let _ = cx;
    ///         Ok::<_, db::Error>(())
    ///     })
    ///     .await
    /// # }
    /// ```
    pub fn retry(self, times: usize) -> Retry<'a, S, M> {
        Retry::new(self, times)
    }

    /// Opens the context, by hand: dropped, it rolls back, so it is for the caller to
    /// [`commit`](Context::commit).
    ///
    /// # Errors
    ///
    /// `is_not_a_member`; `is_pool_timeout`; `is_unreachable`; `is_nested` inside of the closure of another
    /// context of the same [`Db`]. (Two contexts that are both opened by hand on one task are not noticed, and
    /// wait for the acquire timeout where the pool has no second connection.)
    pub async fn begin(self) -> Result<Context<S, M>> {
        self.open(self.span()).await
    }

    pub(crate) fn span(&self) -> Span {
        self.how.subject.span(S::KIND)
    }

    pub(crate) async fn open(&self, span: Span) -> Result<Context<S, M>> {
        if is_nested(self.db) {
            return Err(Kind::Nested.into());
        }
        let sql = self.opening_message();
        let wait_for_end = self.how.isolation == Some(IsolationLevel::Serializable);
        async {
            let connection = self.db.acquire(span.clone()).await?;
            let prepared = self.db.prepared_statements();
            let transaction = Transaction::begin(connection, sql, !M::READ_ONLY, prepared, wait_for_end).await?;
            Ok(Context::new(transaction, self.how.ids, self.db.prefix().clone()))
        }
        .instrument(span.clone())
        .await
    }

    /// Opens the context, runs `f` in it, and commits if `f` returns `Ok`. If it returns `Err`, panics or is
    /// dropped, the context is rolled back.
    ///
    /// `f` may return any error that is `From<db::Error>`. Where its type is not plain from elsewhere, name
    /// it: `Ok::<_, MyError>(…)`.
    ///
    /// # Errors
    ///
    /// What `f` returns, what [`begin`](Self::begin) may fail with, and what [`Context::commit`] may fail with.
    pub async fn run<T, E: From<Error>>(self, f: impl AsyncFnOnce(&mut Context<S, M>) -> Result<T, E>) -> Result<T, E> {
        self.attempt(f).await.map_err(|failed| failed.error)
    }

    /// Does what [`run`](Self::run) does, and says of a failure whether it is worth another attempt.
    pub(crate) async fn attempt<T, E: From<Error>>(
        &self,
        f: impl AsyncFnOnce(&mut Context<S, M>) -> Result<T, E>,
    ) -> Result<T, Failed<E>> {
        let span = self.span();
        let mut open = OPEN.try_with(Clone::clone).unwrap_or_default();
        open.push(self.db.id());
        let mut context = self.open(span.clone()).await?;
        let level = context.level();
        let result = OPEN.scope(open, f(&mut context)).instrument(span.clone()).await;
        let contended = context.is_contended(level);
        let value = result.map_err(|error| Failed { error, contended })?;
        if context.level() != level {
            // Another context was swapped for it, or a savepoint's future was leaked: it is not this one's to commit.
            return Err(Error::from(Kind::Interrupted).into());
        }
        let hooks = context.end().instrument(span).await.map_err(|error| Failed {
            // The closure may have swallowed the failure that aborted the transaction.
            contended: error.is_worth_another_attempt() || (contended && error.is_rolled_back()),
            error: error.into(),
        })?;
        // Outside of the scope of `OPEN`, and with the connection given back: a hook may open a context.
        hooks.run().await;
        Ok(value)
    }

    /// Returns the message that opens the context: several statements, one round trip. `SET LOCAL ROLE` is
    /// the last, since the scope's role may call none of the `enter_*` functions.
    pub(crate) fn opening_message(&self) -> String {
        let prefix = self.db.prefix();
        let mut sql = String::with_capacity(192);
        sql.push_str("BEGIN");
        if let Some(level) = self.how.isolation {
            // Writing to a `String` does not fail.
            write!(sql, " ISOLATION LEVEL {level}").ok();
        }
        if M::READ_ONLY {
            sql.push_str(" READ ONLY");
        }
        write!(sql, "; SELECT {}.{}", prefix.schema(), self.how.enter).ok();
        if let Some(timeout) = self.how.statement_timeout {
            write!(sql, "; SET LOCAL statement_timeout = {}", milliseconds(timeout)).ok();
        }
        write!(sql, "; SET LOCAL ROLE {}", prefix.role(S::KIND)).ok();
        sql
    }
}

impl<S: Scope, M: Mode> fmt::Debug for Open<'_, S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open")
            .field("scope", &S::KIND)
            .field("ids", &self.how.ids)
            .field("read_only", &M::READ_ONLY)
            .field("isolation", &self.how.isolation)
            .field("statement_timeout", &self.how.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// Why one attempt failed.
pub(crate) struct Failed<E> {
    pub(crate) error: E,
    /// Whether the next attempt may succeed: the transaction conflicted with another, or with a migration.
    pub(crate) contended: bool,
}

impl<E: From<Error>> From<Error> for Failed<E> {
    fn from(error: Error) -> Self {
        Self { contended: error.is_worth_another_attempt(), error: error.into() }
    }
}

/// Whom and what a context is opened for, as its span says it.
#[derive(Default)]
pub(crate) struct Subject {
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) user: Option<UserId>,
    pub(crate) reason: Option<String>,
}

impl Subject {
    /// Makes the span of one context. No row values; `outcome` and the times are recorded as they become known.
    fn span(&self, scope: ScopeKind) -> Span {
        tracing::info_span!(
            "context",
            scope = scope.as_str(),
            organization = self.organization.map(tracing::field::display),
            user = self.user.map(tracing::field::display),
            reason = self.reason.as_deref(),
            outcome = tracing::field::Empty,
            wait_ms = tracing::field::Empty,
            held_ms = tracing::field::Empty,
        )
    }
}
