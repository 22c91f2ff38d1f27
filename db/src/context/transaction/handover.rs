//! Handing a connection from one context to the next.
//!
//! The pool pings each connection that is given back to it, which costs the server and both ends a round trip. Where
//! somebody waits for one, or asks within a moment, they are given it as it is. A rollback that it owes is queued, and sent
//! in front of the next opening message: in the same round trip.
//!
//! One task returns to the pool what nobody has asked for, and ends with the last. A task for each connection would wake
//! another thread for each context, which takes longer than the context's own statements.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::sqlx::{Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, sync::oneshot};

/// For how long a connection goes from one context to the next at most. Then the pool looks at it: how old it is, and whether
/// it is still one of its own.
const AT_MOST: Duration = Duration::from_secs(1);

/// For how long one that was given back waits for the next context. The transaction of a context that has read stays open for
/// as long, or about twice that.
const MOMENT: Duration = Duration::from_millis(1);

/// The connections of one pool that were just given back, and who waits for one.
#[derive(Debug, Default)]
pub(crate) struct Handover(Mutex<Line>);

/// INVARIANT: where one is given back, nobody waits.
#[derive(Debug, Default)]
struct Line {
    /// The one that came last is the next to go.
    given_back: VecDeque<(Instant, Given)>,
    waiting: VecDeque<oneshot::Sender<Given>>,
    /// Whether a task is under way that returns them.
    is_clearing: bool,
}

/// A connection in no transaction, but for a rollback that is queued on it.
#[derive(Debug)]
pub(crate) struct Given {
    pooled: Option<PoolConnection<Postgres>>,
    /// When the pool looked at it last.
    since: Instant,
}

impl Handover {
    /// Gives a connection back: to whoever waits, or to whoever asks before a task has returned it to the pool.
    pub(crate) fn give(self: &Arc<Self>, pooled: PoolConnection<Postgres>, since: Instant) {
        let mut given = Given { pooled: Some(pooled), since };
        if since.elapsed() >= AT_MOST {
            return;
        }
        let mut line = self.line();
        while let Some(waits) = line.waiting.pop_front() {
            match waits.send(given) {
                Ok(()) => return,
                // Gone, or served by the pool.
                Err(back) => given = back,
            }
        }
        let Ok(runtime) = Handle::try_current() else { return };
        line.given_back.push_back((Instant::now(), given));
        if !std::mem::replace(&mut line.is_clearing, true) {
            drop(line);
            let clearing = Clearing(Arc::clone(self));
            runtime.spawn(clearing.clear(runtime.clone()));
        }
    }

    /// Takes a connection that was just given back.
    pub(crate) fn take(&self) -> Option<Given> {
        self.line().given_back.pop_back().map(|(_, given)| given)
    }

    /// Waits for a connection that is given back. For ever, where that is by way of the pool.
    pub(crate) async fn wait(&self) -> Given {
        let (sender, receiver) = oneshot::channel();
        {
            let mut line = self.line();
            if let Some((_, given)) = line.given_back.pop_back() {
                return given;
            }
            while line.waiting.front().is_some_and(oneshot::Sender::is_closed) {
                line.waiting.pop_front();
            }
            line.waiting.push_back(sender);
        }
        match receiver.await {
            Ok(given) => given,
            Err(_) => std::future::pending().await,
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that returns connections. Where its runtime ends before it does, the next one that is given back finds none on its
/// way.
struct Clearing(Arc<Handover>);

impl Clearing {
    /// Returns to the pool what nobody has asked for, until there is nothing left.
    async fn clear(self, runtime: Handle) {
        loop {
            tokio::time::sleep(MOMENT).await;
            let mut line = self.0.line();
            while line.given_back.front().is_some_and(|(since, _)| since.elapsed() >= MOMENT) {
                if let Some(mut pooled) = line.given_back.pop_front().and_then(|(_, mut given)| given.pooled.take()) {
                    runtime.spawn(pooled.return_to_pool());
                }
            }
            if line.given_back.is_empty() {
                // While nobody can give one back.
                line.is_clearing = false;
                return;
            }
        }
    }
}

/// Where another task is on its way meanwhile there may come to be two: the first to find nothing left ends.
impl Drop for Clearing {
    fn drop(&mut self) {
        self.0.line().is_clearing = false;
    }
}

impl Given {
    /// Returns the connection, and when the pool looked at it last.
    pub(crate) fn into_parts(mut self) -> Option<(PoolConnection<Postgres>, Instant)> {
        self.pooled.take().map(|pooled| (pooled, self.since))
    }
}

/// Returns it to the pool.
impl Drop for Given {
    fn drop(&mut self) {
        if let Some(pooled) = self.pooled.take() {
            let_go(pooled, false);
        }
    }
}

/// Returns a connection to the pool, or closes it. Where no runtime is left to do either, it is closed without a word, by which
/// the server rolls back.
pub(super) fn let_go(mut pooled: PoolConnection<Postgres>, close: bool) {
    if Handle::try_current().is_err() {
        drop(pooled.detach());
    } else if close {
        pooled.close_on_drop();
    }
}
