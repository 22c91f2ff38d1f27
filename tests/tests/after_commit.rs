//! What is to happen after a commit happens after it, once, and never without it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use db::{Error, prelude::*};
use entity::{
    ResearchPlan,
    research_plan::{Column, Draft},
};
use futures::{FutureExt, poll};
use sea_orm::sqlx;
use tests::{Cut, Fixture, TestDatabase};

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

/// The hooks that have run.
#[derive(Clone, Default)]
struct Ran(Arc<Mutex<Vec<&'static str>>>);

impl Ran {
    /// Registers a hook of this name.
    fn after_commit(&self, cx: &TenantContext, name: &'static str) {
        let ran = self.clone();
        cx.after_commit(move || async move { ran.add(name) });
    }

    fn add(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }

    /// Returns the names, and forgets them.
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Makes the commit of a second plan of one title fail.
async fn let_titles_be_unique_at_commit(database: &TestDatabase) {
    database
        .execute(
            "ALTER TABLE research_plan ADD CONSTRAINT title_once UNIQUE (organization_id, title)
             DEFERRABLE INITIALLY DEFERRED",
        )
        .await;
}

#[tokio::test]
async fn hooks_run_once_and_in_order_and_are_awaited() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    let register = |cx: &TenantContext| {
        let slow = ran.clone();
        cx.after_commit(move || async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            slow.add("first");
        });
        ran.after_commit(cx, "second");
        ran.after_commit(cx, "third");
    };
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        register(cx);
        ResearchPlan::insert(titled("kept")).exec(cx).await?;
        assert!(ran.take().is_empty(), "before the commit");
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(ran.take(), ["first", "second", "third"]);

    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    register(&cx);
    cx.commit().await.unwrap();
    assert_eq!(ran.take(), ["first", "second", "third"]);
}

/// The connection is back in the pool by then, and the context is closed: the hook's own is not nested in it.
#[tokio::test]
async fn a_hook_sees_the_row_through_a_context_of_its_own_on_a_pool_of_one_connection() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let found = Arc::new(Mutex::new(Vec::new()));
    let look_for = |title: &'static str| {
        let (db, id, who, found) = (f.db.clone(), f.acme.id, f.acme.owner.clone(), found.clone());
        move || async move {
            let plans = ResearchPlan::find().filter(Column::Title.eq(title));
            let exists = db.with_tenant_context(id, &who, async |cx| plans.exists(cx).await).await;
            found.lock().unwrap().push(exists.unwrap());
        }
    };
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        cx.after_commit(look_for("in a closure"));
        cx.after_commit(look_for("there is none of this title"));
        ResearchPlan::insert(titled("in a closure")).exec(cx).await
    })
    .await
    .unwrap();

    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    cx.after_commit(look_for("by hand"));
    ResearchPlan::insert(titled("by hand")).exec(&cx).await.unwrap();
    cx.commit().await.unwrap();

    f.db.with_user_context(&f.acme.owner, async |cx| {
        cx.after_commit(look_for("by hand"));
        Ok(())
    })
    .await
    .unwrap();
    f.db.with_identity_context(async |cx| {
        cx.after_commit(look_for("by hand"));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(*found.lock().unwrap(), [true, false, true, true, true]);
}

#[tokio::test]
async fn no_hook_runs_without_a_commit() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    let (id, who) = (f.acme.id, &f.acme.owner);

    let control = async |cx: &mut TenantContext| {
        ran.after_commit(cx, "control");
        ResearchPlan::insert(titled("kept")).exec(cx).await
    };
    f.db.with_tenant_context(id, who, control).await.unwrap();
    assert_eq!(ran.take(), ["control"]);

    // `Err`.
    let result: db::Result<()> =
        f.db.with_tenant_context(id, who, async |cx| {
            ran.after_commit(cx, "never");
            ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
        })
        .await;
    assert!(result.unwrap_err().is_not_found());

    // A panic.
    let panicking = f.db.with_tenant_context(id, who, async |cx| {
        ran.after_commit(cx, "never");
        assert!(cx.user_id().is_none(), "on purpose");
        Ok(())
    });
    assert!(AssertUnwindSafe(panicking).catch_unwind().await.is_err());

    // A failed statement that the closure swallows.
    let result =
        f.db.with_tenant_context(id, who, async |cx| {
            ran.after_commit(cx, "never");
            ResearchPlan::insert(titled("")).exec(cx).await.unwrap_err();
            ran.after_commit(cx, "never");
            Ok(())
        })
        .await;
    assert!(result.unwrap_err().is_rolled_back());

    // A dropped future.
    let registered = tokio::sync::Notify::new();
    let never = f.db.with_tenant_context(id, who, async |cx| {
        ran.after_commit(cx, "never");
        registered.notify_one();
        std::future::pending::<db::Result<()>>().await
    });
    tokio::select! {
        _ = never => unreachable!(),
        () = registered.notified() => {}
    }

    // By hand.
    for drop_it in [true, false] {
        let cx = f.db.tenant(id, who).begin().await.unwrap();
        ran.after_commit(&cx, "never");
        if drop_it {
            drop(cx);
        } else {
            cx.rollback().await.unwrap();
        }
    }
    assert!(ran.take().is_empty());
}

#[tokio::test]
async fn no_hook_runs_where_the_commit_fails() {
    let f = Fixture::new().await;
    let_titles_be_unique_at_commit(&f.database).await;
    let ran = Ran::default();
    let insert = async |cx: &mut TenantContext| {
        ran.after_commit(cx, "ran");
        ResearchPlan::insert(titled("once")).exec(cx).await
    };
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, insert).await.unwrap();
    assert_eq!(ran.take(), ["ran"], "the control");
    let error = f.db.with_tenant_context(f.acme.id, &f.acme.owner, insert).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error}");
    assert!(ran.take().is_empty());

    let mut cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    insert(&mut cx).await.unwrap();
    assert!(cx.commit().await.unwrap_err().is_unique_violation());
    assert!(ran.take().is_empty());

    let open = || f.db.tenant(f.acme.id, &f.acme.owner).isolation(IsolationLevel::Serializable).begin();
    let (one, other) = tokio::try_join!(open(), open()).unwrap();
    for (cx, title) in [(&one, "one"), (&other, "other")] {
        ran.after_commit(cx, title);
        ResearchPlan::find().count(cx).await.unwrap();
        ResearchPlan::insert(titled(title)).exec(cx).await.unwrap();
    }
    let committed = [("one", one.commit().await), ("other", other.commit().await)];
    let committed: Vec<_> = committed.iter().filter(|(_, result)| result.is_ok()).map(|(title, _)| *title).collect();
    assert_eq!(committed.len(), 1);
    assert_eq!(ran.take(), committed);
}

/// Whether the commit took place is unknown, so it must not be acted on; nor is it where it did take place.
#[tokio::test]
async fn no_hook_runs_where_the_outcome_is_unknown() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    for cut in [Some(true), Some(false), None] {
        let result = db
            .with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
                ran.after_commit(cx, "ran");
                ResearchPlan::insert(titled("made")).exec(cx).await?;
                if let Some(forward) = cut {
                    proxy.cut_at(Cut { text: "COMMIT", forward });
                }
                Ok(())
            })
            .await;
        match cut {
            Some(_) => {
                assert!(result.unwrap_err().is_outcome_unknown());
                assert!(ran.take().is_empty(), "{cut:?}");
            }
            None => assert_eq!(ran.take(), ["ran"], "the control"),
        }
    }

    // A commit that is dropped while it is under way: it waits for a lock that is held elsewhere.
    f.database
        .execute(
            "CREATE FUNCTION tarry() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER tarry AFTER INSERT ON research_plan DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION tarry()",
        )
        .await;
    let mut owner = f.database.owner().await;
    sqlx::raw_sql("SELECT pg_advisory_lock(1)").execute(&mut owner).await.unwrap();
    let commits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'active' AND wait_event = 'advisory')";
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    ran.after_commit(&cx, "never");
    ResearchPlan::insert(titled("slow")).exec(&cx).await.unwrap();
    {
        let mut commit = pin!(cx.commit());
        while !sqlx::query_scalar::<_, bool>(commits).fetch_one(&mut owner).await.unwrap() {
            assert!(poll!(commit.as_mut()).is_pending());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    sqlx::raw_sql("SELECT pg_advisory_unlock(1)").execute(&mut owner).await.unwrap();
    while sqlx::query_scalar::<_, bool>(commits).fetch_one(&mut owner).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(ran.take().is_empty());
}

#[tokio::test]
async fn hooks_of_a_savepoint_go_with_it() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ran.after_commit(cx, "before");
        cx.savepoint(async |cx| {
            ran.after_commit(cx, "kept");
            let inner: Result<(), Error> = cx
                .savepoint(async |cx| {
                    ran.after_commit(cx, "inner, taken back");
                    // The server has nothing against it.
                    ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
                })
                .await;
            assert!(inner.unwrap_err().is_not_found());
            ran.after_commit(cx, "kept, after the inner one");
            cx.savepoint(async |cx| {
                ran.after_commit(cx, "inner, kept");
                Ok::<_, Error>(())
            })
            .await
        })
        .await?;
        let outer: Result<(), Error> = cx
            .savepoint(async |cx| {
                ran.after_commit(cx, "outer, taken back");
                cx.savepoint(async |cx| {
                    ran.after_commit(cx, "kept by the inner one, taken back by the outer one");
                    Ok::<_, Error>(())
                })
                .await?;
                ResearchPlan::insert(titled("")).exec(cx).await.map(drop)
            })
            .await;
        assert!(outer.unwrap_err().is_check_violation());
        ran.after_commit(cx, "after");
        assert!(ran.take().is_empty(), "the end of a savepoint is no commit");
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(ran.take(), ["before", "kept", "kept, after the inner one", "inner, kept", "after"]);
}

#[tokio::test]
async fn hooks_of_a_savepoint_that_panics_is_dropped_or_swallows_a_failure_are_dropped() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ran.after_commit(cx, "before");
        let panicking = cx.savepoint(async |cx| {
            ran.after_commit(cx, "of a panic");
            assert!(cx.user_id().is_none(), "on purpose");
            Ok::<_, Error>(())
        });
        assert!(AssertUnwindSafe(panicking).catch_unwind().await.is_err());

        let registered = tokio::sync::Notify::new();
        let never = cx.savepoint(async |cx| {
            ran.after_commit(cx, "of a dropped future");
            registered.notify_one();
            std::future::pending::<Result<(), Error>>().await
        });
        tokio::select! {
            _ = never => unreachable!(),
            () = registered.notified() => {}
        }

        let swallowing = cx.savepoint(async |cx| {
            ran.after_commit(cx, "of a swallowed failure");
            ResearchPlan::insert(titled("")).exec(cx).await.unwrap_err();
            Ok::<_, Error>(())
        });
        assert!(swallowing.await.unwrap_err().is_rolled_back());

        let refused = cx.savepoint(async |cx| {
            ran.after_commit(cx, "of a query that is not sent");
            ResearchPlan::find().filter(Expr::cust("true")).all(cx).await
        });
        assert!(refused.await.unwrap_err().is_raw_text());
        ran.after_commit(cx, "after");
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(ran.take(), ["before", "after"]);
}

/// Contexts may be swapped: the hooks of each wait for its own commit.
#[tokio::test]
async fn hooks_stay_with_the_context_they_were_registered_on() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    let begin = async |org: &tests::Org, name| {
        let cx = f.db.tenant(org.id, &org.owner).begin().await.unwrap();
        ran.after_commit(&cx, name);
        cx
    };
    let (mut a, mut b) = (begin(&f.acme, "acme").await, begin(&f.globex, "globex").await);
    std::mem::swap(&mut a, &mut b);
    a.commit().await.unwrap();
    assert_eq!(ran.take(), ["globex"]);
    drop(b);

    // The closure's own is swapped out: what is in its place is not committed, and its hooks do not run.
    let mut other = begin(&f.globex, "globex").await;
    let result =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ran.after_commit(cx, "acme");
            std::mem::swap(cx, &mut other);
            Ok(())
        })
        .await;
    assert!(result.unwrap_err().is_interrupted());
    assert!(ran.take().is_empty());
    other.commit().await.unwrap();
    assert_eq!(ran.take(), ["acme"]);

    // Within a savepoint neither is committed any more.
    let (mut a, mut b) = (begin(&f.acme, "acme").await, begin(&f.globex, "globex").await);
    let swapped = a.savepoint(async |cx| {
        ran.after_commit(cx, "acme, in a savepoint");
        std::mem::swap(cx, &mut b);
        ran.after_commit(cx, "globex, in the savepoint of another");
        Err::<(), _>(ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await.unwrap_err())
    });
    assert!(swapped.await.unwrap_err().is_not_found());
    a.commit().await.unwrap_err();
    b.commit().await.unwrap_err();
    assert!(ran.take().is_empty());
}

#[tokio::test]
async fn a_hook_that_panics_leaves_the_commit_as_it_is() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    let panicking = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ran.after_commit(cx, "before");
        let names = ran.clone();
        cx.after_commit(|| async move { assert!(names.take().is_empty(), "on purpose") });
        ran.after_commit(cx, "after");
        ResearchPlan::insert(titled("kept")).exec(cx).await
    });
    assert!(AssertUnwindSafe(panicking).catch_unwind().await.is_err());
    assert!(ran.take().is_empty(), "`before` was taken by the hook, and `after` did not run");
    let kept = ResearchPlan::find().filter(Column::Title.eq("kept"));
    assert!(f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| kept.exists(cx).await).await.unwrap());
}

#[tokio::test]
async fn hooks_run_in_spawned_tasks() {
    let f = Fixture::new().await;
    let ran = Ran::default();
    let (db, id, who, spawned) = (f.db.clone(), f.acme.id, f.acme.owner.clone(), ran.clone());
    let task = tokio::spawn(async move {
        db.with_tenant_context(id, &who, async |cx| {
            spawned.after_commit(cx, "spawned");
            cx.savepoint(async |cx| ResearchPlan::insert(titled("spawned")).exec(cx).await).await
        })
        .await
    });
    task.await.unwrap().unwrap();
    assert_eq!(ran.take(), ["spawned"]);
}
