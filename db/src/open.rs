//! Opening a context, with options.

use std::{fmt, fmt::Write, marker::PhantomData, time::Duration};

use sea_orm::IsolationLevel;
use tracing::{Instrument, Span};

use crate::{
    Context, Db, Error, Mode, OrganizationId, ReadOnly, ReadWrite, Result, Scope, ScopeKind, UserId, error::Kind,
    options::milliseconds, transaction::Transaction,
};

tokio::task_local! {
    /// The pools on which the current task runs a context's closure.
    static OPEN: Vec<usize>;
}

/// A context about to be opened: [`Db::tenant`], [`Db::user`], [`Db::identity`] or [`Db::system_tenant`],
/// with options. Nothing is sent before [`run`](Self::run) or [`begin`](Self::begin).
#[must_use = "nothing is opened before `run` or `begin`"]
pub struct Open<'a, S: Scope, M: Mode = ReadWrite> {
    db: &'a Db,
    ids: S::Ids,
    /// The call that enters the scope, with its arguments: ids alone, so there is nothing to escape.
    enter: String,
    isolation: Option<IsolationLevel>,
    statement_timeout: Option<Duration>,
    span: Span,
    mode: PhantomData<M>,
}

impl<'a, S: Scope> Open<'a, S> {
    pub(crate) fn new(db: &'a Db, ids: S::Ids, enter: String, span: Span) -> Self {
        Self { db, ids, enter, isolation: None, statement_timeout: None, span, mode: PhantomData }
    }

    /// Makes the context one that only reads: the database refuses a write, and one does not compile. It does
    /// not wait for the end of its transaction, which saves a round trip.
    pub fn read_only(self) -> Open<'a, S, ReadOnly> {
        Open {
            db: self.db,
            ids: self.ids,
            enter: self.enter,
            isolation: self.isolation,
            statement_timeout: self.statement_timeout,
            span: self.span,
            mode: PhantomData,
        }
    }
}

impl<S: Scope, M: Mode> Open<'_, S, M> {
    /// Sets the isolation level; the server's default (read committed) unless told otherwise.
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.isolation = Some(level);
        self
    }

    /// Sets PostgreSQL's `statement_timeout` for the statements of this context, in whole milliseconds.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
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
        if OPEN.try_with(|open| open.contains(&self.db.id())).unwrap_or(false) {
            return Err(Kind::Nested.into());
        }
        let sql = self.opening_message();
        let wait_for_end = self.isolation == Some(IsolationLevel::Serializable);
        let span = self.span.clone();
        async {
            let connection = self.db.acquire(self.span.clone()).await?;
            let transaction = Transaction::begin(connection, sql, self.db.prepared_statements(), wait_for_end).await?;
            Ok(Context::new(transaction, self.ids))
        }
        .instrument(span)
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
        let span = self.span.clone();
        let mut open = OPEN.try_with(Clone::clone).unwrap_or_default();
        open.push(self.db.id());
        let mut context = self.begin().await?;
        let level = context.level();
        let value = OPEN.scope(open, f(&mut context)).instrument(span.clone()).await?;
        if context.level() != level {
            // Another context was swapped for it, or a savepoint's future was leaked: it is not this one's to commit.
            return Err(Error::from(Kind::Interrupted).into());
        }
        let hooks = context.end().instrument(span).await?;
        // Outside of the scope of `OPEN`, and with the connection given back: a hook may open a context.
        hooks.run().await;
        Ok(value)
    }

    /// Returns the message that opens the context: several statements, one round trip. `SET LOCAL ROLE` is
    /// the last, since the scope's role may call none of the `enter_*` functions.
    fn opening_message(&self) -> String {
        let prefix = self.db.prefix();
        let mut sql = String::with_capacity(192);
        sql.push_str("BEGIN");
        if let Some(level) = self.isolation {
            // Writing to a `String` does not fail.
            write!(sql, " ISOLATION LEVEL {level}").ok();
        }
        if M::READ_ONLY {
            sql.push_str(" READ ONLY");
        }
        write!(sql, "; SELECT {}.{}", prefix.schema(), self.enter).ok();
        if let Some(timeout) = self.statement_timeout {
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
            .field("ids", &self.ids)
            .field("read_only", &M::READ_ONLY)
            .field("isolation", &self.isolation)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// Makes the span of one context. No row values; `outcome` and the times are recorded as they become known.
pub(crate) fn span(
    scope: ScopeKind,
    organization: Option<OrganizationId>,
    user: Option<UserId>,
    reason: Option<&str>,
) -> Span {
    tracing::info_span!(
        "context",
        scope = scope.as_str(),
        organization = organization.map(tracing::field::display),
        user = user.map(tracing::field::display),
        reason,
        outcome = tracing::field::Empty,
        wait_ms = tracing::field::Empty,
        held_ms = tracing::field::Empty,
    )
}
