//! One open transaction in one scope.

mod after_commit;
mod authenticated;
mod mode;
mod opened_for;
mod outdated;
pub(crate) mod transaction;

use std::{fmt, ops::Deref, sync::OnceLock};

use sea_orm::{QueryResult, Value};

use self::mode::Opened;
pub use self::{
    authenticated::{Authenticated, Credential},
    mode::{Mode, ReadOnly, ReadWrite},
};
use crate::{
    Identity, Result, Scope, Tenant, User,
    context::{
        after_commit::Hooks,
        transaction::{Bound, Level, Transaction},
    },
    prefix::Prefix,
};

/// A context of one organization.
pub type TenantContext = Context<Tenant>;
/// A context of one organization that only reads; what a helper that only reads takes.
pub type TenantReader = Context<Tenant, ReadOnly>;
/// A context of one person.
pub type UserContext = Context<User>;
/// A context of one person that only reads.
pub type UserReader = Context<User, ReadOnly>;
/// A context for sign-in.
pub type IdentityContext = Context<Identity>;
/// A context for sign-in that only reads.
pub type IdentityReader = Context<Identity, ReadOnly>;

/// An open transaction in one scope: the only thing that a scoped query runs on.
///
/// It corresponds to SeaORM's `DatabaseTransaction`, and withholds it: a context is no `ConnectionTrait`, and
/// gives out neither the connection nor a way to send a statement of one's own.
///
/// A context that writes dereferences to one that reads, so a helper that takes `&TenantReader` works in
/// both. It is no `Clone`. Statements that are sent at the same time (`try_join!`) run one after the other.
///
/// **Drop** rolls back: the transaction, and each open savepoint. If a statement was under way, its future
/// dropped, the connection is closed too, and nobody waits for what the server still does.
///
/// A future that is leaked (`mem::forget`) keeps no statement waiting: the next one brings what was under way to its
/// end. As nobody has seen how it went, the context is not committed then. A context that is leaked keeps its
/// connection.
#[must_use = "a context that is dropped rolls back"]
pub struct Context<S: Scope, M: Mode = ReadWrite> {
    inner: M::Inner<S>,
}

impl<S: Scope, M: Mode> Context<S, M> {
    pub(crate) fn new(transaction: Transaction, ids: S::Ids, prefix: Prefix) -> Self {
        let opened = Opened { transaction, after_commit: Hooks::default(), ids, prefix, member_role: OnceLock::new() };
        Self { inner: M::wrap(opened) }
    }

    fn transaction(&mut self) -> &mut Transaction {
        &mut M::opened_mut(&mut self.inner).transaction
    }

    fn hooks(&mut self) -> &mut Hooks {
        &mut M::opened_mut(&mut self.inner).after_commit
    }

    /// Returns the innermost level that is open; for [`Open::run`](crate::Open::run).
    pub(crate) fn level(&self) -> Level {
        M::opened(&self.inner).transaction.level()
    }

    /// Returns whether this is the context whose level it is, and a statement in it failed by what another attempt
    /// would not meet.
    pub(crate) fn is_contended(&self, level: Level) -> bool {
        M::opened(&self.inner).transaction.is_contended(level)
    }

    /// Runs `f` in a savepoint: what it does is kept if it returns `Ok`, and taken back if it returns `Err`,
    /// panics or is dropped, its [`after_commit`](Context::after_commit) hooks included. The context itself goes on
    /// in each case.
    ///
    /// `f` is given the same context, so that what works in a context works in a savepoint, a savepoint
    /// included. While it runs, the context is borrowed by it: a statement beside it, which would vanish with
    /// the savepoint, does not compile. Corresponds to SeaORM's `TransactionTrait::transaction` on a transaction.
    ///
    /// ```
    /// # async fn f(cx: &mut db::TenantContext) -> db::Result<()> {
    /// let kept = cx.savepoint(async |cx| {
    ///     // … statements, one of which may fail
    /// #   let _ = cx;
    ///     Ok::<_, db::Error>(())
    /// }).await;
    /// # kept }
    /// ```
    ///
    /// # Errors
    ///
    /// What `f` returns; `is_rolled_back` if a statement in it failed and `f` returned `Ok` all the same;
    /// `is_connection_lost`.
    pub async fn savepoint<T, E: From<crate::Error>>(
        &mut self,
        f: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let level = self.transaction().start_savepoint().await?;
        let hooks = self.hooks().len();
        let mut savepoint = Savepoint { context: self, level, hooks, ended: false };
        let result = f(savepoint.context).await;
        // INVARIANT: `ended` is set before the message is sent. If the future is dropped while it is under
        // way, nobody knows whether the savepoint is still there; the connection is closed for it.
        savepoint.ended = true;
        let transaction = savepoint.context.transaction();
        let result = match result {
            Ok(value) => transaction.release_savepoint(level).await.map(|()| value).map_err(E::from),
            Err(error) => {
                // If this fails, so does the commit.
                transaction.roll_back_to_savepoint(level).await.ok();
                Err(error)
            }
        };
        if result.is_err() {
            savepoint.context.hooks().truncate(hooks);
        }
        result
    }

    /// Commits, and then runs the [`after_commit`](Context::after_commit) hooks. A context that only reads does not
    /// wait for its commit, unless its isolation level is serializable.
    ///
    /// # Errors
    ///
    /// `is_rolled_back` if an earlier statement failed: PostgreSQL then rolls back. `is_serialization_failure`,
    /// or a deferred constraint: rolled back too. `is_outcome_unknown` if the connection was lost on the way.
    ///
    /// If the future is dropped, the outcome is unknown as well.
    pub async fn commit(self) -> Result<()> {
        self.end().await?.run().await;
        Ok(())
    }

    /// Commits, gives the connection back, and returns the hooks that are to run now.
    pub(crate) async fn end(self) -> Result<Hooks> {
        let Opened { transaction, after_commit, .. } = M::unwrap(self.inner);
        transaction.commit(M::READ_ONLY).await?;
        Ok(after_commit)
    }

    /// Rolls back, and waits for it. To drop the context does the same without waiting.
    ///
    /// # Errors
    ///
    /// `is_connection_lost`; the server then rolls back by itself.
    pub async fn rollback(self) -> Result<()> {
        M::unwrap(self.inner).transaction.rollback().await
    }
}

impl<S: Scope> Context<S> {
    /// Begins something that is all or nothing: dropped before it is kept, it spoils the innermost level.
    pub(crate) fn all_or_nothing(&self) -> AllOrNothing<'_> {
        let transaction = &self.inner.inner.transaction;
        transaction.begin_whole();
        AllOrNothing { transaction, kept: false }
    }
}

/// Makes the level one that cannot be kept, unless it is kept first.
pub(crate) struct AllOrNothing<'a> {
    transaction: &'a Transaction,
    kept: bool,
}

impl AllOrNothing<'_> {
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for AllOrNothing<'_> {
    fn drop(&mut self) {
        self.transaction.end_whole();
        if !self.kept {
            self.transaction.spoil();
        }
    }
}

/// Takes an open savepoint back unless it was ended.
struct Savepoint<'a, S: Scope, M: Mode> {
    context: &'a mut Context<S, M>,
    level: Level,
    /// How many hooks there were when it was opened.
    hooks: usize,
    ended: bool,
}

// Where another context was swapped for this one, the hooks of that one are dropped. That loses none: it meets a level
// that is not its own, and is never committed.
impl<S: Scope, M: Mode> Drop for Savepoint<'_, S, M> {
    fn drop(&mut self) {
        if !self.ended {
            self.context.transaction().abandon_savepoint(self.level);
            self.context.hooks().truncate(self.hooks);
        }
    }
}

impl<S: Scope> Context<S, ReadWrite> {
    /// Runs `f` once the commit has succeeded, and never otherwise: for what cannot be rolled back, such as a message
    /// to somebody or a cache to be emptied.
    ///
    /// Hooks run in the order in which they were registered, each awaited before the next, within
    /// [`commit`](Self::commit) or [`Open::run`](crate::Open::run). The connection has been given back by then, so a
    /// hook may open a context of its own, on a pool of one connection too. What a hook needs is moved into it: it can
    /// borrow neither the context nor anything else. A hook that is registered in a savepoint goes with it: taken back,
    /// it never runs. SeaORM has no such thing; it corresponds to Django's `on_commit`.
    ///
    /// Not on a rollback, an `Err`, a panic, a context that is dropped, or a commit that failed or whose outcome is
    /// unknown. At most once, then: a hook is lost where the process ends after the commit, the future is dropped, or a
    /// hook before it panics (which reaches whoever commits; the commit stands). What must not be lost is a row,
    /// written in the context.
    ///
    /// ```
    /// # use db::{TenantContext, Result};
    /// # async fn send_mail(_: String) {}
    /// async fn invite(cx: &TenantContext, email: String) -> Result<()> {
    ///     // … the row of the invitation
    ///     cx.after_commit(|| async move { send_mail(email).await });
    ///     Ok(())
    /// }
    /// ```
    pub fn after_commit<F, Fut>(&self, f: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.inner.inner.after_commit.push(f);
    }
}

/// A context that writes reads as well.
impl<S: Scope> Deref for Context<S, ReadWrite> {
    type Target = Context<S, ReadOnly>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<S: Scope> Context<S, ReadOnly> {
    /// Returns the value of the scope column of every row in this context.
    pub(crate) fn key(&self) -> Option<Value> {
        S::key(&self.inner.ids)
    }

    /// Returns the prefix of the contract, whose functions a context may call.
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.inner.prefix
    }

    pub(crate) async fn fetch_all(&self, statement: impl Into<Bound>) -> Result<Vec<QueryResult>> {
        self.inner.transaction.fetch_all(statement.into()).await
    }

    pub(crate) async fn execute(&self, statement: impl Into<Bound>) -> Result<u64> {
        self.inner.transaction.execute(statement.into()).await
    }
}

/// Names the scope and its ids, nothing of the connection.
impl<S: Scope, M: Mode> fmt::Debug for Context<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("scope", &S::KIND)
            .field("ids", &M::opened(&self.inner).ids)
            .field("read_only", &M::READ_ONLY)
            .finish_non_exhaustive()
    }
}
