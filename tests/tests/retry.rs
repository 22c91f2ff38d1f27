//! A transaction that conflicted with another is run again, so many times and no more, and from nothing each time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use db::{Db, Error, prelude::*};
use entity::{
    PlanStep, ResearchPlan, plan_step,
    research_plan::{Column, Draft},
};
use tests::{Cut, Fixture, Org, TestDatabase};
use tokio::sync::{Barrier, Notify};

/// The titles that [`let_titles_fail`] makes fail.
const AT_ONCE: &str = "meets another in its statement";
const AT_COMMIT: &str = "meets another at the commit";
const DEADLOCKED: &str = "deadlocks";

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

/// The titles of an organization's plans, but for the one that it begins with.
async fn titles(db: &Db, org: &Org) -> Vec<String> {
    let plans = ResearchPlan::find().filter(Column::Id.ne(org.plan)).order_by_asc(Column::Title);
    let plans = db.with_tenant_context(org.id, &org.owner, async |cx| plans.all(cx).await).await.unwrap();
    plans.into_iter().map(|plan| plan.title).collect()
}

/// Makes PostgreSQL raise a serialization failure or a deadlock for plans of certain titles, as often as one likes.
async fn let_titles_fail(database: &TestDatabase) {
    let fail = |name: &str, sqlstate: &str, kind: &str, title: &str| {
        format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE 'on purpose' USING ERRCODE = '{sqlstate}'; END $$;
             CREATE {kind} FOR EACH ROW WHEN (NEW.title = '{title}') EXECUTE FUNCTION {name}();"
        )
    };
    let deferred = "CONSTRAINT TRIGGER at_commit AFTER INSERT ON research_plan DEFERRABLE INITIALLY DEFERRED";
    for trigger in [
        fail("at_once", "40001", "TRIGGER at_once BEFORE INSERT ON research_plan", AT_ONCE),
        fail("at_commit", "40001", deferred, AT_COMMIT),
        fail("deadlocked", "40P01", "TRIGGER deadlocked BEFORE INSERT ON research_plan", DEADLOCKED),
    ] {
        database.execute(&trigger).await;
    }
}

/// Counts how often something took place.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    /// Returns how often it did before.
    fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// An error that says nothing of what it comes from.
#[derive(Debug, PartialEq)]
enum Opaque {
    Db,
    Mine,
}

impl From<Error> for Opaque {
    fn from(_: Error) -> Self {
        Self::Db
    }
}

/// Runs two serializable contexts, each of which reads what the other writes: its plan is titled by the number of plans
/// that it has seen. The second one writes once the first has ended, and so is the one that fails. Returns how often a closure
/// ran, and how the contexts ended.
async fn skewed(f: &Fixture, times: usize) -> (usize, [db::Result<()>; 2]) {
    let (runs, barrier, first_ended) = (Count::default(), Barrier::new(2), Notify::new());
    let one = async |is_first: bool| {
        let own_runs = Count::default();
        let ended =
            f.db.tenant(f.acme.id, &f.acme.owner)
                .isolation(IsolationLevel::Serializable)
                .retry(times)
                .run(async |cx| {
                    runs.add();
                    let seen = ResearchPlan::find().count(cx).await?;
                    if own_runs.add() == 0 {
                        barrier.wait().await;
                        if !is_first {
                            first_ended.notified().await;
                        }
                    }
                    ResearchPlan::insert(titled(&seen.to_string())).exec(cx).await?;
                    Ok::<_, Error>(())
                })
                .await;
        if is_first {
            first_ended.notify_one();
        }
        ended
    };
    let (a, b) = tokio::join!(one(true), one(false));
    (runs.get(), [a, b])
}

#[tokio::test]
async fn a_serialization_failure_is_run_again() {
    let f = Fixture::new().await;
    let (runs, results) = skewed(&f, 5).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(runs, 3);
    assert_eq!(titles(&f.db, &f.acme).await, ["1", "2"], "as if one had run after the other");

    // The control: they do conflict.
    let f = Fixture::new().await;
    let (runs, results) = skewed(&f, 0).await;
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!((runs, failures.len()), (2, 1));
    assert!(failures[0].is_serialization_failure(), "{}", failures[0]);
    assert_eq!(titles(&f.db, &f.acme).await, ["1"]);
}

#[tokio::test]
async fn a_deadlock_is_run_again() {
    let f = Fixture::new().await;
    let [first, second] = [f.acme.steps[0], f.acme.steps[1]];
    let title = |title: &str| plan_step::Draft { title: Set(title.to_owned()), ..Default::default() };
    let (runs, barrier, other_ended) = (Count::default(), Barrier::new(2), Notify::new());
    let both = async |a, b, name: &str| {
        let own_runs = Count::default();
        let ended =
            f.db.tenant(f.acme.id, &f.acme.owner)
                .retry(3)
                .run(async |cx| {
                    runs.add();
                    let run = own_runs.add();
                    // The other one goes on, if not at once: without this they could meet again.
                    if run > 0 {
                        other_ended.notified().await;
                    }
                    PlanStep::update_by_id(a, title(name)).exec(cx).await?;
                    if run == 0 {
                        barrier.wait().await;
                    }
                    PlanStep::update_by_id(b, title(name)).exec(cx).await?;
                    Ok::<_, Error>(())
                })
                .await;
        other_ended.notify_one();
        ended
    };
    let (one, other) = tokio::join!(both(first, second, "one"), both(second, first, "other"));
    one.unwrap();
    other.unwrap();
    assert_eq!(runs.get(), 3);
    let steps = PlanStep::find().filter(plan_step::Column::Id.is_in([first, second]));
    let steps = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| steps.all(cx).await).await.unwrap();
    assert_eq!(steps[0].title, steps[1].title, "both are of the one that ran last");
}

/// A pool of one connection: it is given back before the next run.
#[tokio::test]
async fn it_runs_so_many_times_again_and_no_more() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let_titles_fail(&f.database).await;
    let hooks = std::sync::Arc::new(Count::default());
    for title in [AT_ONCE, AT_COMMIT, DEADLOCKED] {
        for times in [0, 1, 3] {
            let (runs, start) = (Count::default(), Instant::now());
            let error =
                f.db.tenant(f.acme.id, &f.acme.owner)
                    .retry(times)
                    .run(async |cx| {
                        runs.add();
                        let hooks = hooks.clone();
                        cx.after_commit(|| async move {
                            hooks.add();
                        });
                        ResearchPlan::insert(titled("before")).exec(cx).await?;
                        ResearchPlan::insert(titled(title)).exec(cx).await
                    })
                    .await
                    .unwrap_err();
            assert!(error.is_serialization_failure(), "{title}: {error}");
            assert_eq!(runs.get(), times + 1, "{title}");
            let waits = [10, 20, 40].iter().take(times).sum();
            assert!(start.elapsed() >= Duration::from_millis(waits), "{title}: it waits longer each time");
        }
    }
    assert!(titles(&f.db, &f.acme).await.is_empty());
    assert_eq!(hooks.get(), 0);
}

#[tokio::test]
async fn a_run_that_failed_leaves_nothing_behind() {
    let f = Fixture::new().await;
    let_titles_fail(&f.database).await;
    let runs = Count::default();
    let ran = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let returned =
        f.db.tenant(f.acme.id, &f.acme.owner)
            .retry(2)
            .run(async |cx| {
                let (run, ran) = (runs.add(), ran.clone());
                cx.after_commit(move || async move { ran.lock().unwrap().push(run) });
                ResearchPlan::insert(titled(&format!("of run {run}"))).exec(cx).await?;
                if let Some(title) = [AT_ONCE, AT_COMMIT].get(run) {
                    ResearchPlan::insert(titled(title)).exec(cx).await?;
                }
                Ok::<_, Error>(run)
            })
            .await;
    assert_eq!(returned.unwrap(), 2);
    assert_eq!(titles(&f.db, &f.acme).await, ["of run 2"]);
    assert_eq!(*ran.lock().unwrap(), [2]);
}

#[tokio::test]
async fn any_other_failure_is_returned_at_once() {
    let f = Fixture::new().await;
    let runs = Count::default();
    let retry = || f.db.tenant(f.acme.id, &f.acme.owner).retry(5);
    let run = async |title: &'static str| {
        let result = retry().run(async |cx| {
            runs.add();
            ResearchPlan::insert(titled(title)).exec(cx).await?;
            ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
        });
        result.await.unwrap_err()
    };
    assert!(run("").await.is_check_violation());
    assert!(run("fine").await.is_not_found());
    assert_eq!(runs.get(), 2);

    let mine = retry().run(async |_| {
        runs.add();
        Err::<(), _>(Opaque::Mine)
    });
    assert_eq!(mine.await.unwrap_err(), Opaque::Mine);
    let swallowed = retry().run(async |cx| {
        runs.add();
        ResearchPlan::insert(titled("")).exec(cx).await.unwrap_err();
        Ok::<_, Error>(())
    });
    assert!(swallowed.await.unwrap_err().is_rolled_back());
    assert_eq!(runs.get(), 4);

    // What does not open is not opened again.
    let stranger = f.db.tenant(f.acme.id, &f.globex.owner).retry(5).run(async |_| {
        runs.add();
        Ok::<_, Error>(())
    });
    assert!(stranger.await.unwrap_err().is_not_a_member());
    assert_eq!(runs.get(), 4);
}

/// It may have taken place: to run it again could do it twice.
#[tokio::test]
async fn a_commit_whose_outcome_is_unknown_is_not_run_again() {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    let runs = Count::default();
    let result = db.tenant(f.acme.id, &f.acme.owner).retry(5).run(async |cx| {
        runs.add();
        ResearchPlan::insert(titled("committed")).exec(cx).await?;
        proxy.cut_at(Cut { text: "COMMIT", forward: true });
        Ok::<_, Error>(())
    });
    assert!(result.await.unwrap_err().is_outcome_unknown());
    assert_eq!(runs.get(), 1);
    assert_eq!(titles(&f.db, &f.acme).await, ["committed"]);
}

/// What the closure makes of the failure does not matter.
#[tokio::test]
async fn a_failure_that_the_closure_hides_is_run_again() {
    let f = Fixture::new().await;
    let_titles_fail(&f.database).await;
    let retry = || f.db.tenant(f.acme.id, &f.acme.owner).retry(2);

    let runs = Count::default();
    let own_error = retry().run(async |cx| {
        runs.add();
        ResearchPlan::insert(titled(AT_ONCE)).exec(cx).await?;
        Ok::<_, Opaque>(())
    });
    assert_eq!(own_error.await.unwrap_err(), Opaque::Db);
    assert_eq!(runs.get(), 3);

    let runs = Count::default();
    let other_error = retry().run(async |cx| {
        runs.add();
        let failed = cx.savepoint(async |cx| ResearchPlan::insert(titled(DEADLOCKED)).exec(cx).await).await;
        failed.map(drop).map_err(|_| Opaque::Mine)
    });
    assert_eq!(other_error.await.unwrap_err(), Opaque::Mine);
    assert_eq!(runs.get(), 3);

    // At the commit PostgreSQL says of it that it was rolled back, no more.
    let runs = Count::default();
    let swallowed = retry().run(async |cx| {
        runs.add();
        ResearchPlan::insert(titled(AT_ONCE)).exec(cx).await.unwrap_err();
        Ok::<_, Error>(())
    });
    assert!(swallowed.await.unwrap_err().is_rolled_back());
    assert_eq!(runs.get(), 3);

    // A savepoint that takes it back is good enough, if the closure goes on.
    let runs = Count::default();
    let went_on = retry().run(async |cx| {
        runs.add();
        let failed = cx.savepoint(async |cx| ResearchPlan::insert(titled(DEADLOCKED)).exec(cx).await).await;
        assert!(failed.unwrap_err().is_serialization_failure());
        ResearchPlan::insert(titled("went on")).exec(cx).await?;
        Ok::<_, Error>(())
    });
    went_on.await.unwrap();
    assert_eq!(runs.get(), 1);
    assert_eq!(titles(&f.db, &f.acme).await, ["went on"]);
}

/// A context that was swapped in says nothing of the closure's own.
#[tokio::test]
async fn a_failure_of_another_context_is_not_run_again() {
    let f = Fixture::new().await;
    let_titles_fail(&f.database).await;
    let mut other = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    ResearchPlan::insert(titled(AT_ONCE)).exec(&other).await.unwrap_err();
    let other = std::sync::Mutex::new(&mut other);
    let runs = Count::default();
    let swapped = f.db.tenant(f.acme.id, &f.acme.owner).retry(2).run(async |cx| {
        runs.add();
        std::mem::swap(cx, *other.lock().unwrap());
        Err::<(), _>(Opaque::Mine)
    });
    assert_eq!(swapped.await.unwrap_err(), Opaque::Mine);
    assert_eq!(runs.get(), 1);
}

#[tokio::test]
async fn it_works_in_spawned_tasks_and_in_contexts_that_read() {
    let f = Fixture::new().await;
    let_titles_fail(&f.database).await;
    let (db, id, who) = (f.db.clone(), f.acme.id, f.acme.owner.clone());
    let task = tokio::spawn(async move {
        let runs = Count::default();
        db.tenant(id, &who)
            .retry(1)
            .run(async |cx| {
                let title = if runs.add() == 0 { AT_ONCE } else { "spawned" };
                cx.savepoint(async |cx| ResearchPlan::insert(titled(title)).exec(cx).await).await
            })
            .await
    });
    task.await.unwrap().unwrap();
    assert_eq!(titles(&f.db, &f.acme).await, ["spawned"]);
    let reading = f.db.tenant(f.acme.id, &f.acme.owner).read_only().isolation(IsolationLevel::Serializable);
    assert_eq!(reading.retry(3).run(async |cx| ResearchPlan::find().count(cx).await).await.unwrap(), 2);
}
