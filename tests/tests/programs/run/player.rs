//! A tenant that takes its steps.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt::Debug,
};

use db::{Result, TenantContext, prelude::*};

use super::All;
use crate::{
    model::{Answer, Failure},
    op::Op,
    program::{Action, NAMES},
    real::{self, Place, failure},
    values::TABLES,
};

/// A tenant, and the steps that it still has to take.
pub(super) struct Player<'a> {
    pub(super) all: &'a All<'a>,
    pub(super) organization: OrganizationId,
    pub(super) tenant: usize,
    pub(super) steps: RefCell<VecDeque<(usize, &'a Action)>>,
}

/// A context or a savepoint is opened.
#[derive(Debug)]
struct Opens;

/// A context or a savepoint is closed.
#[derive(Debug)]
struct Closes;

/// Why a level is taken back.
pub(super) enum Undo {
    Asked,
    /// The database and the model differ: here, or in another tenant's steps.
    Stop,
    Failed(db::Error),
}

impl From<db::Error> for Undo {
    fn from(error: db::Error) -> Self {
        Self::Failed(error)
    }
}

/// How a level ends.
#[derive(Clone, Copy)]
struct End {
    keep: bool,
    /// By a step; otherwise the steps have run out.
    by_step: bool,
}

impl<'a> Player<'a> {
    pub(super) async fn play(&self) -> Result<(), Undo> {
        while let Some(action) = self.turn().await? {
            if matches!(action, Action::Keep | Action::TakeBack) {
                self.advance();
            } else {
                self.context().await?;
            }
        }
        Ok(())
    }

    /// Waits until it is this tenant's turn, and returns its step.
    async fn turn(&self) -> Result<Option<&'a Action>, Undo> {
        let Some((place, action)) = self.steps.borrow().front().copied() else { return Ok(None) };
        loop {
            let turned = self.all.turned.notified();
            if self.all.differs.borrow().is_some() {
                return Err(Undo::Stop);
            }
            if self.all.turn.get() == place {
                return Ok(Some(action));
            }
            turned.await;
        }
    }

    /// Goes on to the next step, whoever's it is.
    fn advance(&self) {
        self.steps.borrow_mut().pop_front();
        self.all.turn.set(self.all.turn.get() + 1);
        self.all.turned.notify_waiters();
    }

    /// Opens a context, each tenant in a way of its own, and takes steps until it is closed.
    async fn context(&self) -> Result<(), Undo> {
        self.all.model.borrow_mut().open(self.tenant).ok();
        let open = self.all.world.db.tenant(self.organization, &self.all.world.people[self.tenant]);
        let ended = Cell::new(None);
        let closed = if self.tenant == 0 {
            open.run(async |cx| self.level_in_closure(cx, &ended).await).await
        } else {
            let mut cx = match open.begin().await {
                Ok(cx) => cx,
                Err(error) => return Err(self.differs("Context", &"a context", &error)),
            };
            let end = self.level(&mut cx).await?;
            ended.set(Some(end));
            let closed = match self.tenant {
                _ if end.keep => cx.commit().await,
                1 => cx.rollback().await,
                _ => {
                    drop(cx);
                    Ok(())
                }
            };
            closed.map_err(Undo::Failed)
        };
        self.closed(ended.get(), closed)
    }

    async fn level_in_closure(&self, cx: &mut TenantContext, ended: &Cell<Option<End>>) -> Result<(), Undo> {
        let end = self.level(cx).await?;
        ended.set(Some(end));
        if end.keep { Ok(()) } else { Err(Undo::Asked) }
    }

    /// Takes steps until one closes the level.
    async fn level(&self, cx: &mut TenantContext) -> Result<End, Undo> {
        while let Some(action) = self.turn().await? {
            match action {
                Action::Keep => return Ok(End { keep: true, by_step: true }),
                Action::TakeBack => return Ok(End { keep: false, by_step: true }),
                Action::Savepoint => Box::pin(self.savepoint(cx)).await?,
                Action::Do(op) => {
                    let (answer, keys) = self.perform(cx, op).await;
                    let expected = self.all.model.borrow_mut().perform(self.tenant, op, &keys);
                    self.compare(op, &expected, &answer)?;
                    self.advance();
                }
                Action::Try(op) => {
                    self.attempt(cx, op).await?;
                    self.advance();
                }
            }
        }
        Ok(End { keep: true, by_step: false })
    }

    async fn perform(&self, cx: &TenantContext, op: &Op) -> (Answer, Vec<Uuid>) {
        let made = self.all.model.borrow().made.clone();
        match real::perform(op, Place { cx, made: &made, policies: self.all.world.policies }).await {
            Ok(done) => (Ok(done.answer), done.keys),
            Err(error) => (Err(failure(&error)), Vec::new()),
        }
    }

    /// Performs an operation in a savepoint of its own, which is taken back if it fails.
    async fn attempt(&self, cx: &mut TenantContext, op: &Op) -> Result<(), Undo> {
        let opened = self.all.model.borrow_mut().open(self.tenant);
        let performed = RefCell::new(None);
        let result = cx
            .savepoint(async |cx| {
                let (answer, keys) = self.perform(cx, op).await;
                let undo = answer.is_err();
                performed.replace(Some((answer, keys)));
                if undo { Err(Undo::Asked) } else { Ok(()) }
            })
            .await;
        let Some((answer, keys)) = performed.take() else {
            return self.compare(&Opens, &opened, &result.map_err(Undo::failure));
        };
        self.compare(&Opens, &opened, &Ok(()))?;
        let expected = self.all.model.borrow_mut().perform(self.tenant, op, &keys);
        self.compare(op, &expected, &answer)?;
        let closed = self.all.model.borrow_mut().close(self.tenant, expected.is_ok());
        match result {
            Ok(()) | Err(Undo::Asked) => Ok(()),
            Err(undo) => self.compare(&Closes, &closed, &Err(undo.failure())),
        }
    }

    async fn savepoint(&self, cx: &mut TenantContext) -> Result<(), Undo> {
        let opened = self.all.model.borrow_mut().open(self.tenant);
        let (entered, ended) = (Cell::new(false), Cell::new(None));
        let result = cx
            .savepoint(async |cx| {
                entered.set(true);
                self.compare(&Opens, &opened, &Ok(()))?;
                self.advance();
                self.level_in_closure(cx, &ended).await
            })
            .await;
        if entered.get() {
            return self.closed(ended.get(), result);
        }
        self.compare(&Opens, &opened, &result.map_err(Undo::failure))?;
        self.advance();
        Ok(())
    }

    /// Compares how a level was closed.
    fn closed(&self, end: Option<End>, result: Result<(), Undo>) -> Result<(), Undo> {
        let (Some(end), false) = (end, matches!(result, Err(Undo::Stop))) else {
            return Err(match result {
                Err(Undo::Failed(error)) => self.differs("Context", &"a level", &error),
                _ => Undo::Stop,
            });
        };
        let result = match result {
            Ok(()) | Err(Undo::Asked) => Ok(()),
            Err(undo) => Err(undo.failure()),
        };
        let expected = self.all.model.borrow_mut().close(self.tenant, end.keep);
        self.compare(&Closes, &expected, &result)?;
        if end.by_step {
            self.advance();
        }
        Ok(())
    }

    fn compare<T: Debug + PartialEq>(
        &self,
        what: &impl Debug,
        expected: &Result<T, Failure>,
        answered: &Result<T, Failure>,
    ) -> Result<(), Undo> {
        if expected != answered {
            return Err(self.differs(&format!("{what:?}"), expected, answered));
        }
        let what = format!("{what:?}");
        let mut performed = self.all.performed.borrow_mut();
        let name = what.split(['(', ' ']).next().unwrap_or_default();
        let (done, failed) = performed.entry(name.to_owned()).or_default();
        *(if answered.is_ok() { done } else { failed }) += 1;
        Ok(())
    }

    fn differs(&self, what: &str, expected: &impl Debug, answered: &impl Debug) -> Undo {
        let (turn, name) = (self.all.turn.get(), NAMES[self.tenant]);
        let differs = format!("{turn} {name}: {what}\n      model: {expected:?}\n   database: {answered:?}");
        self.all.differs.borrow_mut().get_or_insert(differs);
        self.all.turned.notify_waiters();
        Undo::Stop
    }

    /// Compares all rows of the tenant, as it sees them itself and as the superuser does.
    pub(super) async fn check_end(&self) -> Result<(), String> {
        let expected: Vec<_> = {
            let model = self.all.model.borrow();
            TABLES.map(|table| model.tenants[self.tenant].rows.table(table).values().cloned().collect()).into()
        };
        let stored = self.all.world.stored(self.organization.0).await;
        let who = &self.all.world.people[self.tenant];
        let open = self.all.world.db.tenant(self.organization, who).read_only();
        let seen = open.run(async |cx| real::all(cx).await).await;
        let seen = seen.map_err(|error| format!("reading all rows in the end: {error:?}"))?;
        for (who, rows) in [("the superuser", stored), ("the tenant", seen)] {
            if rows != expected {
                let name = NAMES[self.tenant];
                return Err(format!("in the end, rows of {name}\n      model: {expected:?}\n   {who}: {rows:?}"));
            }
        }
        Ok(())
    }
}

impl Undo {
    fn failure(self) -> Failure {
        match self {
            Self::Failed(error) => failure(&error),
            Self::Asked | Self::Stop => Failure::Other("stopped".to_owned()),
        }
    }
}
