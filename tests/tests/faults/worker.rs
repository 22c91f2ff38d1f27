//! A tenant that performs one transaction after another, whatever happens to them.

use std::{collections::VecDeque, future::poll_fn, pin::pin, rc::Rc, task::Poll, time::Duration};

use db::prelude::*;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    attempt::{Attempt, Ended, Sent, Undo, Work},
    books::{Books, difference},
    tally::name,
    world::{Member, World},
};
use crate::{
    draw,
    filter::Test,
    op::{Answered, Assigned, Conflict, Op},
    program::{Action, NewRow, Program},
    values::{Literal, Table},
};

/// What a worker does to its own transactions, and which faults others may do to them.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Futures are dropped at random.
    pub(crate) drops: bool,
    /// Contexts have a short statement timeout, and some are slow.
    pub(crate) timeouts: bool,
    /// Whether an error is one of the faults that are injected.
    pub(crate) is_fault: fn(&db::Error) -> bool,
}

pub(crate) struct Worker {
    pub(crate) member: Rc<Member>,
    pub(crate) books: Books,
    random: fastrand::Rng,
    programs: TestRunner,
    steps: VecDeque<Action>,
}

/// Draws programs, the same for the same seed.
fn programs(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn draw(programs: &mut TestRunner) -> Program {
    draw::program().new_tree(programs).unwrap().current()
}

impl Worker {
    /// Makes the organization of one, with rows.
    pub(crate) async fn new(world: &World, place: u8, seed: u64) -> Self {
        let mut programs = programs(seed);
        let mut program = draw(&mut programs);
        let steps = program.steps.drain(..).map(|step| step.action).collect();
        let member = world.begin(place, &program).await;
        let books = Books::new(member.organization.0, &program.rows[0]);
        let random = fastrand::Rng::with_seed(seed);
        Self { member: Rc::new(member), books, random, programs, steps }
    }

    /// Performs one transaction, and finds out what became of it.
    pub(crate) async fn step(&mut self, world: &World, plan: Plan) -> Result<(), String> {
        world.performed.set(world.performed.get() + 1);
        let sent = Sent::default();
        let attempt = self.attempt(world, plan, sent.clone());
        let ended = if plan.drops && self.random.bool() {
            self.dropped(attempt, &sent).await
        } else {
            Some(attempt.run().await)
        };
        let sent = sent.take();
        match (ended, sent) {
            (Some(Ok(Ended::Committed)), Some(after)) => {
                world.count("committed");
                self.books = after;
                Ok(())
            }
            (Some(Ok(Ended::Committed)), None) => Err("a commit that was not asked for".to_owned()),
            (Some(Ok(Ended::TakenBack)), _) => {
                world.count("ended otherwise");
                Ok(())
            }
            (Some(Err(Undo::Failed(error))), sent) if (plan.is_fault)(&error) => {
                world.count(name(&error));
                match sent {
                    Some(after) if error.is_outcome_unknown() => self.settle(world, after).await,
                    // It is rolled back, and the books stay as they are.
                    _ => Ok(()),
                }
            }
            (Some(Err(Undo::Failed(error))), _) => Err(format!("a fault that nobody injected: {error:?}")),
            (Some(Err(Undo::Differs(differs))), _) => Err(differs),
            (Some(Err(Undo::Asked)), _) => Err("asked by nobody".to_owned()),
            (None, None) => {
                world.count("dropped");
                Ok(())
            }
            (None, Some(after)) => {
                world.count("dropped in its commit");
                self.settle(world, after).await
            }
        }
        .map_err(|what| format!("{}: {what}", self.member.marker))
    }

    /// Finds out what became of a transaction whose outcome is unknown; from then on it is known.
    async fn settle(&mut self, world: &World, after: Books) -> Result<(), String> {
        let found = world.settled(&self.member).await;
        let (before, committed) = (difference(&self.books.holdings(), &found), difference(&after.holdings(), &found));
        match (before, committed) {
            (Some(_), None) => {
                world.count("unknown, found committed");
                self.books = after;
                Ok(())
            }
            (None, Some(_)) => {
                world.count("unknown, found rolled back");
                Ok(())
            }
            (None, None) => Ok(()),
            (Some(before), Some(after)) => Err(format!("neither as before ({before}) nor as after ({after})")),
        }
    }

    /// Runs a transaction, and drops it after a while.
    async fn dropped(&mut self, attempt: Attempt, sent: &Sent) -> Option<Result<Ended, Undo>> {
        // A short while is as likely as a long one.
        let most = self.random.u64(1..40_000);
        let patience = Duration::from_micros(self.random.u64(0..most));
        match self.random.u8(0..5) {
            0 => tokio::time::timeout(patience, attempt.run()).await.ok(),
            1 => {
                let task = tokio::task::spawn_local(attempt.run());
                tokio::time::sleep(patience).await;
                task.abort();
                match task.await {
                    Ok(ended) => Some(ended),
                    Err(error) if error.is_cancelled() => None,
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
            2 | 3 => {
                // At one of the awaits of its commit.
                let (mut attempt, mut left) = (pin!(attempt.run()), self.random.u8(1..3));
                poll_fn(|cx| match attempt.as_mut().poll(cx) {
                    Poll::Ready(ended) => Poll::Ready(Some(ended)),
                    Poll::Pending => {
                        left -= u8::from(sent.borrow().is_some());
                        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
                    }
                })
                .await
            }
            _ => tokio::select! {
                ended = attempt.run() => Some(ended),
                () = tokio::time::sleep(patience) => None,
            },
        }
    }

    /// Draws a transaction.
    fn attempt(&mut self, world: &World, plan: Plan, sent: Sent) -> Attempt {
        let timeouts = plan.timeouts && self.random.u8(0..3) > 0;
        let work = match self.random.u8(0..10) {
            0 => Work::Read,
            1 => {
                let goes = self.random.choice(self.books.bookmarks.keys().copied().collect::<Vec<_>>());
                let goes = goes.filter(|_| self.random.bool());
                // Also what the other tenants call theirs.
                let project = Uuid::from_u128(self.random.u128(1..5));
                Work::Bookmark { id: Uuid::new_v4(), project, goes }
            }
            _ => {
                let slow = timeouts && self.random.u8(0..8) == 0;
                Work::Steps(self.transaction(), slow.then_some(0.05))
            }
        };
        Attempt {
            db: world.db.clone(),
            member: self.member.clone(),
            books: self.books.clone(),
            work,
            by_hand: self.random.bool(),
            statement_timeout: timeouts.then(|| Duration::from_millis(self.random.u64(2..30))),
            is_fault: plan.is_fault,
            sent,
        }
    }

    /// Commits a row with a mark, which may be another tenant's.
    pub(crate) async fn leave_mark(&mut self, world: &World, mark: char) {
        let row = NewRow { table: Table::Tag, values: vec![None, Some(Literal::Text(mark))] };
        let steps = VecDeque::from([Action::Do(Op::InsertOne(row, Conflict::Fail, Answered::Rows))]);
        let sent = Sent::default();
        let plan = Plan { drops: false, timeouts: false, is_fault: |_| false };
        let attempt = Attempt { work: Work::Steps(steps, None), ..self.attempt(world, plan, sent.clone()) };
        assert!(matches!(attempt.run().await, Ok(Ended::Committed)));
        self.books = sent.take().unwrap();
    }

    /// The steps of a program up to the end of a transaction, and before them a few that leave the tenant's mark.
    fn transaction(&mut self) -> VecDeque<Action> {
        let mark = Literal::Text(self.member.marker);
        let row = NewRow { table: Table::Tag, values: vec![None, Some(mark)] };
        let mut steps = VecDeque::from([Action::Do(Op::InsertOne(row, Conflict::Fail, Answered::Rows))]);
        if self.random.u8(0..4) == 0 {
            let all = Test::All(Vec::new());
            let changes = Assigned::Values(vec![(2, mark)]);
            steps.push_back(Action::Do(Op::UpdateMany(Table::Task, all, changes, Answered::Number)));
        }
        let mut depth = 0_i32;
        while depth >= 0 {
            let Some(step) = self.steps.pop_front() else {
                self.steps = draw(&mut self.programs).steps.into_iter().map(|step| step.action).collect();
                continue;
            };
            depth += match step {
                Action::Savepoint => 1,
                Action::Keep | Action::TakeBack => -1,
                Action::Do(_) | Action::Try(_) => 0,
            };
            steps.push_back(step);
        }
        steps
    }
}
