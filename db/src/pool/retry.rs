//! Running a transaction again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::{Context, Error, Mode, Open, ReadWrite, Scope, pool::open::Failed};

/// How long to wait before the closure runs again: longer each time, and twice as long at most by chance, so that
/// those that met do not meet again.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(10))
    .with_max_delay(Duration::from_secs(1))
    .with_factor(2.0)
    .with_jitter();

/// A context about to be opened, and opened again where its transaction conflicts with another; made by
/// [`Open::retry`].
///
/// The closure runs **again**, so many times at most, where PostgreSQL raised a serialization failure or a deadlock
/// (SQLSTATE 40001, 40P01), in a statement or at the commit; or found a prepared statement out of date, as it does once
/// after a migration ([`is_stale_statement`](Error::is_stale_statement)). Each run has a transaction and a tracing span
/// of its own, and starts from nothing: its predecessor was rolled back, its [`after_commit`](Context::after_commit)
/// hooks with it. Between two runs it waits, with no connection: 10 to 20 ms the first time, twice as long each time
/// after that, 2 s at most. The last failure is returned as it is. Any other error is returned at once, a commit whose
/// outcome is unknown included: that one may have taken place.
///
/// The closure must be safe to run again. What the database does is taken back; what else it does is not, and belongs
/// into [`after_commit`](Context::after_commit).
///
/// What counts is that the failure was raised, whatever the closure makes of it: its own error type, or another error.
/// One that a savepoint took back counts too, where the closure then returns `Err` for another reason.
#[derive(Debug)]
#[must_use = "nothing is opened before `run`"]
pub struct Retry<'a, S: Scope, M: Mode = ReadWrite> {
    open: Open<'a, S, M>,
    times: usize,
}

impl<'a, S: Scope, M: Mode> Retry<'a, S, M> {
    pub(crate) fn new(open: Open<'a, S, M>, times: usize) -> Self {
        Self { open, times }
    }

    /// Opens the context, runs `f` in it, and commits if `f` returns `Ok`; all of that again where it conflicted with
    /// another transaction.
    ///
    /// Each run has a clone of `f`: a closure that borrows what it needs is one, and so is one that owns what can be
    /// cloned. (`AsyncFn` would say the same, but what borrows could then not be spawned: rustc does not see that its
    /// future is `Send`.)
    ///
    /// # Errors
    ///
    /// Those of [`Open::run`], `is_serialization_failure` included, where the last run still conflicted with another.
    pub async fn run<T, E: From<Error>>(
        self,
        f: impl AsyncFnOnce(&mut Context<S, M>) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        let mut delays = BACKOFF.with_max_times(self.times).build();
        loop {
            let delay = match self.open.attempt(f.clone()).await {
                Ok(value) => return Ok(value),
                Err(Failed { error, contended }) => match delays.next().filter(|_| contended) {
                    Some(delay) => delay,
                    None => return Err(error),
                },
            };
            tracing::debug!(
                scope = S::KIND.as_str(),
                ?delay,
                "the transaction conflicted with another; it is run again"
            );
            tokio::time::sleep(delay).await;
        }
    }
}
