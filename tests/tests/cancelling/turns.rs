//! Statements of one context that are sent at the same time.

use std::{sync::Arc, time::Duration};

use db::{Error, prelude::*};
use entity::{PlanStep, ResearchPlan, research_plan::Draft};
use futures::{FutureExt, StreamExt, future::join_all, poll, stream::FuturesUnordered};
use sea_orm::sqlx;
use tests::{Fixture, PATIENCE};

use super::assert_whole;

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

async fn pool_of_two() -> Fixture {
    Fixture::with(|options| options.max_connections(2)).await
}

/// In the order in which they were first polled, whichever is polled next after that.
#[tokio::test]
async fn they_run_in_the_order_in_which_they_were_sent() {
    let f = pool_of_two().await;
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let titles: Vec<_> = (0..20).map(|n| format!("plan {n:02}")).collect();
    {
        let all = titles.iter().map(|title| ResearchPlan::insert(titled(title)).exec(&cx));
        let mut all: FuturesUnordered<_> = all.collect();
        while let Some(inserted) = all.next().await {
            inserted.unwrap();
        }
    }
    cx.commit().await.unwrap();
    // As they lie in the table, to which nothing else was written meanwhile.
    let sql = "SELECT title FROM research_plan WHERE title LIKE 'plan __' ORDER BY ctid";
    let written: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut f.database.owner().await).await.unwrap();
    assert_eq!(written, titles);
}

/// A loop of statements lets another one in: it may wait for what that does.
#[tokio::test]
async fn one_that_goes_on_and_on_keeps_no_other_out() {
    let f = pool_of_two().await;
    let both = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let wait = async {
            while ResearchPlan::find().count(cx).await? < 2 {}
            Ok(())
        };
        let insert = async {
            PlanStep::find().count(cx).await?;
            ResearchPlan::insert(titled("waited for")).exec(cx).await.map(drop)
        };
        tokio::try_join!(wait, insert).map(drop)
    });
    tokio::time::timeout(PATIENCE, both).await.unwrap().unwrap();
}

/// The error is that of the statement which failed, and not what comes of it for the next.
#[tokio::test]
async fn the_one_that_fails_says_why() {
    let f = pool_of_two().await;
    for n in 0..100 {
        let failed: Result<_, Error> =
            f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
                let (good, bad) = (ResearchPlan::find().count(cx), ResearchPlan::insert(titled("")).exec(cx));
                // The futures are polled in turns.
                if n % 2 == 0 {
                    tokio::try_join!(bad, good, ResearchPlan::find().all(cx)).map(drop)
                } else {
                    tokio::try_join!(good, bad, ResearchPlan::find().all(cx)).map(drop)
                }
            })
            .await;
        let error = failed.unwrap_err();
        assert!(error.is_check_violation(), "{n}: {error}");
    }
    assert_whole(&f).await;
}

/// A future that is polled and then left alone, while another one is waited for.
#[tokio::test]
async fn one_that_is_not_polled_for_a_while_is_finished_by_another() {
    let f = pool_of_two().await;
    let kept = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        // The answer may come at once.
        let mut first = Box::pin(futures::future::maybe_done(ResearchPlan::insert(titled("left alone")).exec(cx)));
        let mut second = Box::pin(futures::future::maybe_done(ResearchPlan::find().count(cx)));
        let _: [bool; 2] = [poll!(&mut first).is_ready(), poll!(&mut second).is_ready()];
        let third = tokio::time::timeout(PATIENCE, ResearchPlan::find().count(cx)).await;
        assert_eq!(third.unwrap()?, 2);
        (&mut second).await;
        assert_eq!(second.as_mut().take_output().unwrap()?, 2);
        (&mut first).await;
        first.as_mut().take_output().unwrap().map(drop)
    });
    kept.await.unwrap();
}

/// Whoever waits for a statement that is dropped is told, and does not wait on.
#[tokio::test]
async fn one_that_is_dropped_interrupts_whoever_waits() {
    let f = pool_of_two().await;
    f.database.make_slow().await;
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    {
        let slow = ResearchPlan::find().filter(Expr::expr(Func::cust("slow").arg(300.0)).eq("")).all(&cx);
        let mut slow = Box::pin(slow);
        assert!(poll!(&mut slow).is_pending());
        let waiting = ResearchPlan::find().count(&cx);
        let mut waiting = Box::pin(waiting);
        assert!(poll!(&mut waiting).is_pending());
        let ((), waited) = tokio::join!(
            async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                drop(slow);
            },
            tokio::time::timeout(PATIENCE, waiting)
        );
        assert!(waited.unwrap().unwrap_err().is_interrupted());
    }
    assert!(cx.commit().await.unwrap_err().is_interrupted());

    // One that waits is dropped, and nothing else is.
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    {
        let mut first = Box::pin(ResearchPlan::find().filter(Expr::expr(Func::cust("slow").arg(0.2)).ne("")).all(&cx));
        assert!(poll!(&mut first).is_pending());
        assert!(ResearchPlan::insert(titled("lost")).exec(&cx).now_or_never().is_none());
        first.await.unwrap();
    }
    assert_eq!(ResearchPlan::find().count(&cx).await.unwrap(), 1);
    cx.commit().await.unwrap();
    assert_whole(&f).await;
}

/// A context that tasks share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_may_share_a_context() {
    let f = pool_of_two().await;
    let cx = Arc::new(f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap());
    let tasks = (0..20).map(|n| {
        let cx = cx.clone();
        tokio::spawn(async move {
            for m in 0..10 {
                ResearchPlan::insert(titled(&format!("{n} {m}"))).exec(&cx).await.unwrap();
                ResearchPlan::find().count(&cx).await.unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    Arc::into_inner(cx).unwrap().commit().await.unwrap();
    let found = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
    assert_eq!(found.await.unwrap(), 201);
}
