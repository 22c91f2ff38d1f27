//! Futures that are leaked: never polled again, and never dropped.

use std::{future::poll_fn, mem::forget, task::Poll, time::Duration};

use db::{Error, prelude::*};
use entity::{
    PlanStep, ResearchPlan,
    research_plan::{Column, Draft},
};
use futures::{FutureExt, StreamExt, poll};
use tests::{Fixture, PATIENCE};

use super::{assert_whole, hasty};

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

/// Waits for an answer for as long as it may take; for ever is longer.
async fn answer<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

/// Polls a future once, and leaks it; unless it is ready, as an answer may come at once.
async fn leak(future: impl Future) -> bool {
    let mut future = Box::pin(future);
    let under_way = poll!(&mut future).is_pending();
    if under_way {
        forget(future);
    }
    under_way
}

/// Makes futures until one is not ready at once, and leaks that.
async fn leak_one<F: Future>(make: impl Fn() -> F) {
    while !leak(make()).await {}
}

async fn pool_of_two() -> Fixture {
    Fixture::with(|options| options.max_connections(2)).await
}

async fn count(f: &Fixture) -> u64 {
    let plans = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
    answer(plans).await.unwrap()
}

/// What is done after a leak, and what it answers.
async fn goes_on(cx: &mut TenantContext) -> bool {
    let one = answer(ResearchPlan::find().count(cx)).await;
    let other = answer(ResearchPlan::find().all(cx)).await;
    one.is_ok() && other.is_ok()
}

/// What was leaked is brought to its end by the next statement. As nobody has seen how it went, nothing is kept.
#[tokio::test]
async fn a_statement_that_is_leaked_keeps_no_other_waiting_and_is_not_committed() {
    let f = pool_of_two().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner);

    let mut cx = open().begin().await.unwrap();
    leak_one(|| ResearchPlan::insert(titled("leaked")).exec(&cx)).await;
    assert!(goes_on(&mut cx).await);
    assert!(answer(cx.commit()).await.unwrap_err().is_interrupted());

    // Without a statement after it, and where it is rolled back or dropped.
    for n in 0..3 {
        let cx = open().begin().await.unwrap();
        leak_one(|| ResearchPlan::insert(titled("leaked")).exec(&cx)).await;
        match n {
            0 => assert!(answer(cx.commit()).await.unwrap_err().is_interrupted()),
            1 => assert!(answer(cx.rollback()).await.unwrap_err().is_interrupted()),
            _ => drop(cx),
        }
        assert_whole(&f).await;
    }
    // In a closure, which may be none the wiser.
    let closure = open().run(async |cx| {
        leak_one(|| ResearchPlan::insert(titled("leaked")).exec(cx)).await;
        assert!(goes_on(cx).await);
        Ok::<_, Error>(())
    });
    assert!(answer(closure).await.unwrap_err().is_interrupted());
    // In a context that only reads.
    let reads = open().read_only().run(async |cx| {
        leak_one(|| ResearchPlan::find().all(cx)).await;
        answer(ResearchPlan::find().count(cx)).await
    });
    assert!(answer(reads).await.unwrap_err().is_interrupted());
    assert_eq!(count(&f).await, 1);
    assert_whole(&f).await;
}

/// One that was refused fails the transaction, as it does where somebody waits for it.
#[tokio::test]
async fn a_statement_that_is_leaked_and_fails_fails_the_context() {
    let f = pool_of_two().await;
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    leak(ResearchPlan::insert(titled("")).exec(&cx)).await;
    assert!(answer(ResearchPlan::find().count(&cx)).await.unwrap_err().is_rolled_back());
    assert!(answer(cx.commit()).await.is_err());
    assert_whole(&f).await;
}

/// Leaked while it waits for another, which is leaked too, or is not.
#[tokio::test]
async fn a_statement_that_is_leaked_while_it_waits_keeps_nobody_waiting() {
    let f = pool_of_two().await;
    for first_too in [false, true] {
        let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        let mut first = Box::pin(ResearchPlan::find().count(&cx));
        while poll!(&mut first).is_ready() {
            first = Box::pin(ResearchPlan::find().count(&cx));
        }
        leak_one(|| ResearchPlan::insert(titled("leaked")).exec(&cx)).await;
        if first_too {
            forget(first);
        } else {
            assert_eq!(answer(first).await.unwrap(), 1);
        }
        answer(PlanStep::find().count(&cx)).await.unwrap();
        assert!(answer(cx.commit()).await.unwrap_err().is_interrupted());
    }
    assert_eq!(count(&f).await, 1);
    assert_whole(&f).await;
}

#[tokio::test]
async fn streams_loads_and_saves_that_are_leaked_keep_nobody_waiting() {
    let f = pool_of_two().await;
    let open = async || f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();

    let cx = open().await;
    leak_one(|| ResearchPlan::find().stream(&cx)).await;
    answer(ResearchPlan::find().count(&cx)).await.unwrap();
    assert!(answer(cx.commit()).await.unwrap_err().is_interrupted());

    // Between two rows it is nothing under way; within the fetch it is.
    let cx = open().await;
    let mut stream = Box::new(PlanStep::find().stream(&cx).await.unwrap());
    while poll!(stream.next()).is_ready() {
        stream = Box::new(PlanStep::find().stream(&cx).await.unwrap());
    }
    forget(stream);
    answer(ResearchPlan::find().count(&cx)).await.unwrap();
    assert!(answer(cx.commit()).await.unwrap_err().is_interrupted());
    let cx = open().await;
    let mut stream = Box::new(PlanStep::find().stream(&cx).await.unwrap());
    answer(stream.next()).await.unwrap().unwrap();
    forget(stream);
    answer(cx.commit()).await.unwrap();

    let cx = open().await;
    leak_one(|| ResearchPlan::load().with(PlanStep).all(&cx)).await;
    answer(ResearchPlan::find().count(&cx)).await.unwrap();
    assert!(answer(cx.commit()).await.unwrap_err().is_interrupted());

    let cx = open().await;
    leak_one(|| ResearchPlan::save(titled("leaked")).exec(&cx)).await;
    answer(ResearchPlan::find().count(&cx)).await.unwrap();
    assert!(answer(cx.commit()).await.is_err());

    assert_eq!(count(&f).await, 1);
    assert_whole(&f).await;
}

/// A savepoint at each of its awaits, in which a statement may be under way.
#[tokio::test]
async fn a_savepoint_that_is_leaked_anywhere_keeps_nobody_waiting_and_nothing() {
    let f = pool_of_two().await;
    let mut finished = false;
    for polls in 1..200 {
        let mut cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        {
            let mut savepoint = Box::pin(cx.savepoint(async |cx| {
                ResearchPlan::insert(titled("leaked")).exec(cx).await?;
                let inner: Result<(), Error> = cx.savepoint(async |_| Err(Error::not_authenticated())).await;
                inner.unwrap_err();
                Ok::<_, Error>(())
            }));
            let mut left = polls;
            // Each time that it is woken: how long its answers take depends on the machine.
            finished = poll_fn(|task| {
                left -= 1;
                match savepoint.poll_unpin(task) {
                    Poll::Ready(_) => Poll::Ready(true),
                    Poll::Pending if left == 0 => Poll::Ready(false),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await;
            // For the answer to come.
            tokio::time::sleep(Duration::from_millis(2)).await;
            forget(savepoint);
        }
        let next = answer(ResearchPlan::find().count(&cx)).await;
        assert!(next.as_ref().map_or_else(Error::is_interrupted, |_| true), "{next:?}");
        let nested = answer(cx.savepoint(async |_| Ok::<_, Error>(()))).await;
        assert!(nested.as_ref().map_or_else(Error::is_interrupted, |()| true), "{nested:?}");
        if finished {
            answer(cx.rollback()).await.unwrap();
            break;
        }
        assert!(answer(cx.commit()).await.unwrap_err().is_interrupted());
        assert_whole(&f).await;
    }
    assert!(finished, "the savepoint ends in the end");
    assert_eq!(count(&f).await, 1);
}

/// What owns its context takes its connection along: the pool has one less, and says so once it has none.
#[tokio::test]
async fn a_context_that_is_leaked_takes_its_own_connection_alone() {
    let f = pool_of_two().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner);
    let short = hasty::connect_whole(f.database.options().acquire_timeout(Duration::from_secs(2)), 1).await;

    leak(open().begin()).await;
    assert_eq!(count(&f).await, 1);

    let f = pool_of_two().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner);
    let cx = open().begin().await.unwrap();
    ResearchPlan::insert(titled("leaked")).exec(&cx).await.unwrap();
    leak(cx.rollback()).await;
    assert_eq!(count(&f).await, 1);

    let f = pool_of_two().await;
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    leak(cx.commit()).await;
    assert_eq!(count(&f).await, 1);
    forget(f.db.identity().begin().await.unwrap());

    forget(short.identity().begin().await.unwrap());
    for _ in 0..2 {
        let none = answer(short.identity().begin()).await.unwrap_err();
        assert!(none.is_pool_timeout(), "{none}");
    }
    // What was cancelled instead leaves the pool whole.
    let f = pool_of_two().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner);
    drop(open().begin().now_or_never());
    assert_whole(&f).await;
    assert_eq!(
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ResearchPlan::find().filter(Column::Title.eq("leaked")).count(cx).await
        })
        .await
        .unwrap(),
        0
    );
}
