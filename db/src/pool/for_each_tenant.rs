//! The same work for one organization after another.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    task::{self, Poll, ready},
};

use futures_util::{FutureExt, Stream, StreamExt};

use crate::{
    Db, Error, OrganizationId, Result, TenantContext,
    error::Kind,
    pool::{open::is_nested, progress::Progress},
};

/// A closure about to be run for many organizations; made by [`Db::for_each_tenant`].
///
/// Each has a context of its own ([`Db::system_tenant`]), committed on its own: one that fails or panics takes back
/// its own rows, and stops no other. With the feature `progress` a bar shows how far it has come, where standard error
/// is a terminal.
///
/// ```
/// # use db::{Db, OrganizationId, TenantContext};
/// use futures_util::stream;
///
/// # async fn clean_up(_: &mut TenantContext) -> db::Result<()> { Ok(()) }
/// # async fn f(db: &Db, acme: OrganizationId, globex: OrganizationId) {
/// let organizations = stream::iter([Ok(acme), Ok(globex)]);
/// let report = db.for_each_tenant("nightly clean-up").concurrency(4).run(organizations, clean_up).await;
/// for (organization, failure) in &report.failed {
///     eprintln!("{organization}: {failure}");
/// }
/// assert!(report.is_complete(), "{report}");
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is run before `run`"]
pub struct ForEachTenant<'a> {
    db: &'a Db,
    reason: String,
    concurrency: usize,
}

impl<'a> ForEachTenant<'a> {
    pub(crate) fn new(db: &'a Db, reason: String) -> Self {
        Self { db, reason, concurrency: 1 }
    }

    /// Works for so many organizations at a time; for one unless told otherwise. At least one, and no more than the
    /// pool has connections: the others would wait for one, and time out.
    pub fn concurrency(mut self, organizations: usize) -> Self {
        self.concurrency = organizations;
        self
    }

    /// Runs `f` for each of the organizations, and reports. It does not fail: what failed is in the report.
    ///
    /// The organizations are taken from their stream as there is room for the next one. An error of the stream is the
    /// last that is taken from it, and those under way are finished. All runs on the caller's task, each organization
    /// with a clone of `f`, which may borrow. If the future is dropped, those under way are rolled back, and those
    /// done stay.
    ///
    /// Inside of the closure of another context of the same [`Db`] nothing is run, and the report says `is_nested`.
    pub async fn run<E: From<Error>>(
        self,
        organizations: impl Stream<Item = Result<OrganizationId>>,
        f: impl AsyncFnOnce(&mut TenantContext) -> Result<(), E> + Clone,
    ) -> TenantReport<E> {
        let mut report = TenantReport { done: 0, failed: Vec::new(), stopped: None };
        if is_nested(self.db) {
            report.stopped = Some(Kind::Nested.into());
        } else {
            self.work(UntilError(Some(Box::pin(organizations))), f, &mut report).await;
        }
        report
    }

    async fn work<E: From<Error>>(
        &self,
        organizations: UntilError<impl Stream<Item = Result<OrganizationId>>>,
        f: impl AsyncFnOnce(&mut TenantContext) -> Result<(), E> + Clone,
        TenantReport { done, failed, stopped }: &mut TenantReport<E>,
    ) {
        let progress = Progress::start(&self.reason);
        let turns = organizations.map(|organization| self.turn(organization, f.clone()));
        let mut turns = pin!(turns.buffer_unordered(self.width()));
        while let Some(turn) = turns.next().await {
            match turn {
                Turn::Done => *done += 1,
                Turn::Failed(organization, failure) => failed.push((organization, failure)),
                Turn::None(error) => *stopped = Some(error),
            }
            progress.show(*done, failed.len());
        }
    }

    /// Returns how many organizations are under way at a time.
    fn width(&self) -> usize {
        let (connections, _) = self.db.connections();
        self.concurrency.min(usize::try_from(connections).unwrap_or(usize::MAX)).max(1)
    }

    async fn turn<E: From<Error>>(
        &self,
        organization: Result<OrganizationId>,
        f: impl AsyncFnOnce(&mut TenantContext) -> Result<(), E>,
    ) -> Turn<E> {
        let organization = match organization {
            Ok(organization) => organization,
            Err(error) => return Turn::None(error),
        };
        let work = self.db.system_tenant(organization, &self.reason).run(f);
        let failure = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(())) => return Turn::Done,
            Ok(Err(error)) => TenantFailure::Error(error),
            Err(_) => TenantFailure::Panicked,
        };
        let panicked = matches!(failure, TenantFailure::Panicked);
        tracing::warn!(%organization, reason = self.reason, panicked, "the work for an organization failed");
        Turn::Failed(organization, failure)
    }
}

/// How the turn of one organization ended.
enum Turn<E> {
    Done,
    Failed(OrganizationId, TenantFailure<E>),
    /// There was an error in the place of an organization.
    None(Error),
}

/// A stream that ends with its first error. No adapter of `futures-util` is: with a closure that borrows, rustc would
/// not see that the future of [`ForEachTenant::run`] is `Send`.
struct UntilError<S>(Option<Pin<Box<S>>>);

impl<T, S: Stream<Item = Result<T>>> Stream for UntilError<S> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Result<T>>> {
        let Some(stream) = &mut self.0 else { return Poll::Ready(None) };
        let item = ready!(stream.as_mut().poll_next(cx));
        if !matches!(item, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(item)
    }
}

/// What became of the organizations of a [`ForEachTenant`].
#[derive(Debug)]
#[must_use = "what failed is known from the report alone"]
#[non_exhaustive]
pub struct TenantReport<E> {
    /// The number of organizations whose work was committed.
    pub done: usize,
    /// The organizations whose work failed, in the order in which it ended, and why.
    pub failed: Vec<(OrganizationId, TenantFailure<E>)>,
    /// What ended the run before there were no more organizations: an error of their stream, or one that `is_nested`.
    pub stopped: Option<Error>,
}

impl<E> TenantReport<E> {
    /// Returns whether the work was done for every organization of the stream.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.stopped.is_none()
    }
}

/// Says how many, and names none.
impl<E> fmt::Display for TenantReport<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} organizations done, {} failed", self.done, self.failed.len())?;
        match &self.stopped {
            Some(error) => write!(f, "; stopped: {error}"),
            None => Ok(()),
        }
    }
}

/// Why the work for one organization failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantFailure<E> {
    /// The closure returned an error, or its context could not be opened or committed.
    #[error("{0}")]
    Error(E),
    /// The closure panicked; or a hook of it, and then its rows are committed.
    #[error("the closure panicked")]
    Panicked,
}
