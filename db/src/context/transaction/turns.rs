//! Statements that are sent at the same time, and run one after the other on one connection.

use std::{
    collections::VecDeque,
    future::poll_fn,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::sync::oneshot;

use super::Connection;
use crate::{Result, error::Kind};

/// What one turn does with the connection. It gives it back, having sent its answer to whoever waits for that.
pub(super) type Operation = Pin<Box<dyn Future<Output = Box<Connection>> + Send>>;

/// What makes the operation of a turn that waits.
type Begin = Box<dyn FnOnce(Box<Connection>) -> Operation + Send>;

/// The connection of a transaction, on which statements take turns.
///
/// What is under way is not in the future of whoever asked for it but in here, and everybody who waits for the
/// connection drives it on. So nobody waits for a future that is never polled again: one that was leaked, or that the
/// same task polls later. A future that is dropped cuts its statement off.
pub(super) struct Turns {
    line: Mutex<Line>,
    wakers: Arc<Wakers>,
    next: AtomicU64,
    /// How many turns have begun, and have neither ended nor been dropped.
    open: AtomicU32,
}

struct Line {
    place: Place,
    /// The turns that wait, in the order in which they came.
    waiting: VecDeque<(u64, Begin)>,
}

/// Where the connection is.
enum Place {
    Free(Box<Connection>),
    Taken {
        turn: u64,
        operation: Operation,
    },
    /// A statement has ended, and whoever asked for it has not been told yet.
    Ended {
        turn: u64,
        connection: Box<Connection>,
    },
    /// A statement was cut off, and the connection closed for it.
    Closed,
}

impl Turns {
    pub(super) fn new(connection: Connection) -> Self {
        let line = Line { place: Place::Free(Box::new(connection)), waiting: VecDeque::new() };
        Self { line: Mutex::new(line), wakers: Arc::default(), next: AtomicU64::new(0), open: AtomicU32::new(0) }
    }

    /// Waits for the connection, begins an operation on it, and returns the operation's answer.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        begin: impl FnOnce(Box<Connection>, oneshot::Sender<Result<T>>) -> Operation + Send + 'static,
    ) -> Result<T> {
        let (sender, mut answer) = oneshot::channel();
        let mut turn = Turn::begin(self, Box::new(|connection| begin(connection, sender)));
        poll_fn(|cx| {
            // Another may have driven it to its end.
            if let Ok(answer) = answer.try_recv() {
                return Poll::Ready(answer);
            }
            self.drive(cx, &mut turn).map(|()| answer.try_recv().unwrap_or_else(|_| Err(Kind::Interrupted.into())))
        })
        .await
    }

    /// Drives on what is under way, and what waits before a turn. It is ready when the turn has ended, or the
    /// connection is closed.
    fn drive(&self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> Poll<()> {
        let mut line = self.line();
        loop {
            // It is closed until something is put back: after a panic nobody knows what became of the statement.
            match mem::replace(&mut line.place, Place::Closed) {
                Place::Closed => return Poll::Ready(()),
                Place::Free(connection) => {
                    let Some((turn, begin)) = line.waiting.pop_front() else {
                        line.place = Place::Free(connection);
                        return Poll::Ready(());
                    };
                    line.place = Place::Taken { turn, operation: begin(connection) };
                }
                Place::Taken { turn: of, mut operation } => {
                    self.wakers.add(cx.waker());
                    let waker = Waker::from(self.wakers.clone());
                    let Poll::Ready(connection) = operation.as_mut().poll(&mut Context::from_waker(&waker)) else {
                        line.place = Place::Taken { turn: of, operation };
                        return Poll::Pending;
                    };
                    line.place = Place::Ended { turn: of, connection };
                    if of != turn.id {
                        self.wakers.wake_all();
                        return Poll::Pending;
                    }
                    // Woken itself, the task would be polled once more for nothing, and another thread with it.
                    self.wakers.wake_others(cx.waker());
                    return Poll::Ready(());
                }
                Place::Ended { turn: of, connection } => {
                    if turn.yields_to(of) {
                        line.place = Place::Ended { turn: of, connection };
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    line.place = Place::Free(connection);
                }
            }
        }
    }

    /// Returns the connection, unless a statement was cut off.
    pub(super) fn connection_mut(&mut self) -> Option<&mut Connection> {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Nothing else borrows this: a turn that is open by now was leaked, and nobody knows how it went.
        if mem::take(self.open.get_mut()) > 0 {
            line.place = Place::Closed;
            line.waiting.clear();
        }
        match &mut line.place {
            Place::Free(connection) | Place::Ended { connection, .. } => Some(connection),
            Place::Taken { .. } | Place::Closed => None,
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // What panics while it is locked leaves it closed.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a future has of its turn.
struct Turn<'a> {
    turns: &'a Turns,
    id: u64,
    /// The turn that it has last yielded to, and how often.
    yielded: (u64, u32),
}

impl<'a> Turn<'a> {
    fn begin(turns: &'a Turns, begin: Begin) -> Self {
        turns.open.fetch_add(1, Ordering::Relaxed);
        let id = turns.next.fetch_add(1, Ordering::Relaxed);
        turns.line().waiting.push_back((id, begin));
        Self { turns, id, yielded: (id, 0) }
    }

    /// Returns whether it waits once more for a turn that has ended, so that whoever asked for that one learns first
    /// how it went:
    /// `try_join!` would return what comes of a failure instead of the failure. That polls each of its futures once in a
    /// round, in any order; who was not polled in a whole round is gone, or busy.
    fn yields_to(&mut self, other: u64) -> bool {
        if self.yielded.0 != other {
            self.yielded = (other, 0);
        }
        self.yielded.1 += 1;
        self.yielded.1 <= 2
    }
}

/// Lets the next one go on; where its own operation has not ended, cuts that off.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.open.fetch_sub(1, Ordering::Relaxed);
        let mut line = self.turns.line();
        line.waiting.retain(|(turn, _)| *turn != self.id);
        let cut_off = match mem::replace(&mut line.place, Place::Closed) {
            Place::Ended { turn, connection } if turn == self.id => {
                line.place = Place::Free(connection);
                None
            }
            Place::Taken { turn, operation } if turn == self.id => Some(operation),
            place => {
                line.place = place;
                return;
            }
        };
        drop(line);
        drop(cut_off);
        self.turns.wakers.wake_all();
    }
}

/// Who waits for the connection, or for what is under way on it.
#[derive(Default)]
struct Wakers(Mutex<Vec<Waker>>);

impl Wakers {
    fn add(&self, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|other| other.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }

    fn wake_all(&self) {
        self.take().into_iter().for_each(Waker::wake);
    }

    /// Wakes all but the one that is running.
    fn wake_others(&self, own: &Waker) {
        self.take().into_iter().filter(|waker| !waker.will_wake(own)).for_each(Waker::wake);
    }

    fn take(&self) -> Vec<Waker> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
