//! One transaction, on the database and in the books.

use std::{cell::RefCell, collections::VecDeque, fmt::Debug, rc::Rc, time::Duration};

use db::{TenantContext, prelude::*};

use super::{
    books::{Books, difference},
    world::Member,
};
use crate::{
    model::Failure,
    op::Op,
    program::Action,
    real::{self, Place, failure},
    stage::Policies,
    tables::{
        bookmark::{Bookmark, Draft},
        tag::Tag,
    },
};

/// Owns all that it needs, so that it can be spawned, and dropped at any of its awaits.
pub(crate) struct Attempt {
    pub(crate) db: Db,
    pub(crate) member: Rc<Member>,
    pub(crate) books: Books,
    pub(crate) work: Work,
    pub(crate) by_hand: bool,
    pub(crate) statement_timeout: Option<Duration>,
    /// Whether an error is one of the faults that are injected.
    pub(crate) is_fault: fn(&db::Error) -> bool,
    pub(crate) sent: Sent,
}

/// The books as they are if the transaction is committed; there as soon as the commit may have been sent.
pub(crate) type Sent = Rc<RefCell<Option<Books>>>;

/// What the transaction is to do.
pub(crate) enum Work {
    /// A program's steps, in the organization; first, perhaps, a statement that takes so many seconds.
    Steps(VecDeque<Action>, Option<f64>),
    /// A bookmark of the person's, and perhaps one that goes.
    Bookmark { id: Uuid, project: Uuid, goes: Option<Uuid> },
    /// Reads everything.
    Read,
}

/// How a transaction ended, where nothing was in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Committed,
    TakenBack,
}

/// Why a level is taken back.
pub(crate) enum Undo {
    Asked,
    Failed(db::Error),
    /// The database and the books differ.
    Differs(String),
}

impl From<db::Error> for Undo {
    fn from(error: db::Error) -> Self {
        Self::Failed(error)
    }
}

impl Attempt {
    pub(crate) async fn run(mut self) -> Result<Ended, Undo> {
        match std::mem::replace(&mut self.work, Work::Read) {
            Work::Steps(steps, slow) => self.steps(steps, slow).await,
            Work::Bookmark { id, project, goes } => self.bookmark(id, project, goes).await,
            Work::Read => self.read().await,
        }
    }

    async fn steps(self, steps: VecDeque<Action>, slow: Option<f64>) -> Result<Ended, Undo> {
        let mut open = self.db.tenant(self.member.organization, &self.member.who);
        if let Some(timeout) = self.statement_timeout {
            open = open.statement_timeout(timeout);
        }
        let mut play = Play { books: self.books, steps, is_fault: self.is_fault };
        play.books.model.open(0).ok();
        let (mut keep, mut expected) = (false, Ok(()));
        let result = if self.by_hand {
            let mut cx = open.begin().await?;
            keep = play.all(&mut cx, slow).await?;
            expected = play.close(keep, &self.sent);
            if keep { cx.commit().await } else { cx.rollback().await }.map_err(Undo::Failed)
        } else {
            open.run(async |cx| {
                keep = play.all(cx, slow).await?;
                expected = play.close(keep, &self.sent);
                if keep { Ok(()) } else { Err(Undo::Asked) }
            })
            .await
        };
        match result {
            Ok(()) | Err(Undo::Asked) => compare("closing", &expected, &Ok(()))?,
            Err(Undo::Failed(error)) if expected.is_err() => {
                compare("closing", &expected, &Err(failure(&error)))?;
            }
            Err(undo) => return Err(undo),
        }
        Ok(if keep && expected.is_ok() { Ended::Committed } else { Ended::TakenBack })
    }

    async fn bookmark(mut self, id: Uuid, project: Uuid, goes: Option<Uuid>) -> Result<Ended, Undo> {
        let before = self.books.bookmarks.clone();
        self.books.bookmarks.insert(id, project);
        if let Some(goes) = goes {
            self.books.bookmarks.remove(&goes);
        }
        let (sent, books) = (self.sent, self.books);
        self.db
            .user(&self.member.who)
            .run(async |cx| {
                let found = Bookmark::find().all(cx).await?;
                let found = found.into_iter().map(|row| (row.id, row.project_id)).collect();
                if before != found {
                    return Err(Undo::Differs(format!("bookmarks: {found:?}, and not {before:?}")));
                }
                let draft = Draft { id: Set(id), project_id: Set(project) };
                Bookmark::insert(draft).exec(cx).await?;
                if let Some(goes) = goes {
                    Bookmark::delete_by_id(goes).exec(cx).await?;
                }
                sent.replace(Some(books));
                Ok(())
            })
            .await?;
        Ok(Ended::Committed)
    }

    async fn read(self) -> Result<Ended, Undo> {
        let open = self.db.tenant(self.member.organization, &self.member.who).read_only();
        let isolated = open.isolation(IsolationLevel::RepeatableRead);
        let rows = isolated.run(async |cx| real::all(cx).await).await?;
        let (rows, books) = ((rows, self.books.bookmarks.clone()), self.books.holdings());
        match difference(&books, &rows) {
            Some(difference) => Err(Undo::Differs(format!("reading all: {difference}"))),
            None => Ok(Ended::TakenBack),
        }
    }
}

/// A transaction that takes its steps.
struct Play {
    books: Books,
    steps: VecDeque<Action>,
    is_fault: fn(&db::Error) -> bool,
}

impl Play {
    async fn all(&mut self, cx: &mut TenantContext, slow: Option<f64>) -> Result<bool, Undo> {
        if let Some(seconds) = slow {
            let slow = Expr::expr(Func::cust("slow").arg(seconds));
            Tag::find().filter(slow.eq("")).all(cx).await?;
        }
        self.level(cx).await
    }

    /// Takes steps until one closes the level, and says whether it is kept.
    async fn level(&mut self, cx: &mut TenantContext) -> Result<bool, Undo> {
        while let Some(action) = self.steps.pop_front() {
            match action {
                Action::Keep => return Ok(true),
                Action::TakeBack => return Ok(false),
                Action::Savepoint => Box::pin(self.savepoint(cx, None)).await?,
                Action::Try(op) => Box::pin(self.savepoint(cx, Some(op))).await?,
                Action::Do(op) => drop(self.perform(cx, &op).await?),
            }
        }
        Ok(true)
    }

    /// Performs an operation, and says whether it succeeded.
    async fn perform(&mut self, cx: &TenantContext, op: &Op) -> Result<bool, Undo> {
        let made = self.books.model.made.clone();
        let place = Place { cx, made: &made, policies: Policies::On };
        let (answer, keys) = match real::perform(op, place).await {
            Ok(done) => (Ok(done.answer), done.keys),
            Err(error) if (self.is_fault)(&error) => return Err(Undo::Failed(error)),
            Err(error) => (Err(failure(&error)), Vec::new()),
        };
        let expected = self.books.model.perform(0, op, &keys);
        compare(op, &expected, &answer)?;
        Ok(answer.is_ok())
    }

    /// Takes steps in a savepoint, or performs one operation in it. A statement that times out costs the savepoint alone.
    async fn savepoint(&mut self, cx: &mut TenantContext, op: Option<Op>) -> Result<(), Undo> {
        let opened = self.books.model.open(0);
        let (mut entered, mut keep) = (false, None);
        let result = cx
            .savepoint(async |cx| {
                entered = true;
                let kept = match &op {
                    Some(op) => self.perform(cx, op).await?,
                    None => self.level(cx).await?,
                };
                keep = Some(kept);
                if kept { Ok(()) } else { Err(Undo::Asked) }
            })
            .await;
        match result {
            Err(Undo::Failed(error)) if (self.is_fault)(&error) => {
                if !entered || keep.is_some() || !timed_out(&error) {
                    return Err(Undo::Failed(error));
                }
                self.books.model.close(0, false).ok();
                Ok(())
            }
            Err(Undo::Failed(error)) if !entered => compare("a savepoint", &opened, &Err(failure(&error))),
            Err(Undo::Differs(differs)) => Err(Undo::Differs(differs)),
            result => {
                compare("a savepoint", &opened, &Ok(()))?;
                let expected = self.books.model.close(0, keep == Some(true));
                let closed = match result {
                    Err(Undo::Failed(error)) => Err(failure(&error)),
                    _ => Ok(()),
                };
                compare("a savepoint's end", &expected, &closed)
            }
        }
    }

    /// Closes the transaction in the books.
    fn close(&mut self, keep: bool, sent: &Sent) -> Result<(), Failure> {
        let expected = self.books.model.close(0, keep);
        if keep {
            sent.replace(Some(self.books.clone()));
        }
        expected
    }
}

fn compare<T: Debug + PartialEq>(
    what: impl Debug,
    expected: &Result<T, Failure>,
    answered: &Result<T, Failure>,
) -> Result<(), Undo> {
    if expected == answered {
        return Ok(());
    }
    Err(Undo::Differs(format!("{what:?}\n      model: {expected:?}\n   database: {answered:?}")))
}

/// Whether a statement was given up, and its connection is as good as before.
pub(crate) fn timed_out(error: &db::Error) -> bool {
    error.is_statement_timeout() || error.sqlstate() == Some("55P03")
}
