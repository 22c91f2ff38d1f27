//! Work for one organization after another: what fails in one stops no other, and the report says all of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "faults/hasty.rs"]
mod hasty;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{IsTerminal, Read},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use db::{Db, Error, Result, TenantFailure, prelude::*};
use entity::{
    Organization, ResearchPlan, organization,
    research_plan::{Column, Draft},
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tests::{Fixture, PATIENCE, TestDatabase};

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

/// Makes organizations without members, and returns their ids.
async fn organizations(db: &Db, how_many: usize) -> Vec<OrganizationId> {
    let insert = async |cx: &mut IdentityContext| {
        let mut ids = Vec::new();
        for _ in 0..how_many {
            // In no order.
            let id = OrganizationId(Uuid::new_v4());
            let named =
                organization::Draft { name: Set("o".to_owned()), slug: Set(id.to_string()), ..Default::default() };
            ids.push(Organization::insert_into(organization::ScopeColumns { id }, named).exec(cx).await?);
        }
        Ok(ids)
    };
    db.with_identity_context(insert).await.unwrap()
}

fn listed(organizations: &[OrganizationId]) -> impl Stream<Item = Result<OrganizationId>> {
    stream::iter(organizations.to_vec()).map(Ok)
}

async fn titles(db: &Db, organization: OrganizationId) -> Vec<String> {
    let plans = db.system_tenant(organization, "test").run(async |cx| ResearchPlan::find().all(cx).await);
    plans.await.unwrap().into_iter().map(|plan| plan.title).collect()
}

fn some_error() -> Error {
    DbOptions::from_url("no URL").unwrap_err()
}

/// How many there are at a time.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    fn enter(&self) {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
enum MyError {
    Db(Error),
    Mine,
}

impl From<Error> for MyError {
    fn from(error: Error) -> Self {
        Self::Db(error)
    }
}

#[tokio::test]
async fn one_that_fails_and_one_that_panics_stop_no_other() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let ids = organizations(&db, 7).await;
    let ran = Arc::new(Mutex::new(BTreeSet::new()));
    for concurrency in [1, 3] {
        let title = format!("by {concurrency} at a time");
        let report = db
            .for_each_tenant("test")
            .concurrency(concurrency)
            .run(listed(&ids), async |cx| {
                let (id, ran) = (cx.organization_id(), ran.clone());
                cx.after_commit(move || async move {
                    ran.lock().unwrap().insert(id);
                });
                ResearchPlan::insert(titled(&title)).exec(cx).await?;
                assert_ne!(id, ids[1], "on purpose");
                if id == ids[3] {
                    return Err(MyError::Mine);
                }
                if id == ids[4] {
                    ResearchPlan::insert(titled("")).exec(cx).await?;
                }
                Ok(())
            })
            .await;
        assert_eq!((report.done, report.failed.len()), (4, 3), "{report}");
        assert!(report.stopped.is_none() && !report.is_complete());
        for (id, failure) in &report.failed {
            match failure {
                TenantFailure::Panicked => assert_eq!(*id, ids[1]),
                TenantFailure::Error(MyError::Mine) => assert_eq!(*id, ids[3]),
                TenantFailure::Error(MyError::Db(error)) => assert!(*id == ids[4] && error.is_check_violation()),
                _ => unreachable!(),
            }
        }
        assert_eq!(report.to_string(), "4 organizations done, 3 failed");
        for (n, id) in ids.iter().enumerate() {
            let committed = titles(&db, *id).await.contains(&title);
            assert_eq!(committed, ![1, 3, 4].contains(&n), "{n}");
            assert_eq!(ran.lock().unwrap().contains(id), committed, "its hook");
        }
        assert_eq!(db.check_database().await.connections_in_use, 0);
    }
}

#[tokio::test]
async fn each_sees_its_own_rows_alone() {
    let f = Fixture::new().await;
    let seen = Mutex::new(Vec::new());
    let report =
        f.db.for_each_tenant("test")
            .concurrency(2)
            .run(listed(&[f.acme.id, f.globex.id]), async |cx| {
                let titles: Vec<_> = ResearchPlan::find().all(cx).await?.into_iter().map(|plan| plan.title).collect();
                assert!(ResearchPlan::find_by_id(f.acme.plan).exists(cx).await? == (cx.organization_id() == f.acme.id));
                assert_eq!(cx.user_id(), None);
                // Of all plans that it can reach, it changes its own.
                let renamed = ResearchPlan::update_many().set(titled(&format!("{}!", titles[0]))).exec(cx).await?;
                assert_eq!(renamed.rows_affected, 1);
                seen.lock().unwrap().push((cx.organization_id(), titles));
                Ok::<_, Error>(())
            })
            .await;
    assert!(report.is_complete() && report.done == 2, "{report}");
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    let mut expected = [(f.acme.id, vec!["plan of acme".to_owned()]), (f.globex.id, vec!["plan of globex".to_owned()])];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(titles(&f.db, f.acme.id).await, ["plan of acme!"]);
    assert_eq!(titles(&f.db, f.globex.id).await, ["plan of globex!"]);
}

/// The barrier lets nobody past until so many are under way.
#[tokio::test]
async fn so_many_are_under_way_at_a_time_and_no_more() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let ids = organizations(&db, 12).await;
    for (concurrency, expected) in [(None, 1), (Some(0), 1), (Some(1), 1), (Some(3), 3), (Some(4), 4)] {
        let (gauge, barrier) = (Gauge::default(), tokio::sync::Barrier::new(expected));
        let (taken, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let organizations = listed(&ids).inspect(|_| {
            let ahead = taken.fetch_add(1, Ordering::SeqCst) - ended.load(Ordering::SeqCst);
            assert!(ahead < expected, "the stream waits until there is room");
        });
        let run = db.for_each_tenant("test");
        let run = match concurrency {
            Some(concurrency) => run.concurrency(concurrency),
            None => run,
        };
        let run = run.run(organizations, async |cx| {
            gauge.enter();
            barrier.wait().await;
            ResearchPlan::find().count(cx).await?;
            gauge.leave();
            ended.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Error>(())
        });
        let report = tokio::time::timeout(PATIENCE, run).await.unwrap();
        assert!(report.is_complete() && report.done == 12, "{report}");
        assert_eq!(gauge.most(), expected);
    }
}

/// More than the pool has connections would wait for one, and time out.
#[tokio::test]
async fn a_pool_sets_the_limit() {
    let f = Fixture::new().await;
    let impatient = f.database.options().acquire_timeout(Duration::from_secs(3));
    let two = hasty::connect_whole(impatient.clone(), 2).await;
    let mut ids = organizations(&f.db, 6).await;
    ids.extend([f.acme.id, f.globex.id]);
    let (gauge, begun) = (Gauge::default(), AtomicUsize::new(0));
    let work = async |_: &mut TenantContext| {
        gauge.enter();
        // Longer than anybody would wait for a connection.
        if begun.fetch_add(1, Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        gauge.leave();
        Ok::<_, Error>(())
    };
    // The organizations come from the same pool.
    let report = two.for_each_tenant("test").concurrency(100).run(entity::organizations(&two), work).await;
    assert!(report.is_complete(), "{report}: {:?}", report.failed);
    assert_eq!((report.done, gauge.most()), (8, 2));

    begun.store(0, Ordering::SeqCst);
    let one = hasty::connect_whole(impatient, 1).await;
    let report = one.for_each_tenant("test").concurrency(2).run(entity::organizations(&one), work).await;
    assert!(report.is_complete() && report.done == 8, "{report}");
}

#[tokio::test]
async fn an_error_of_the_stream_ends_the_run_after_those_under_way() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let ids = organizations(&db, 4).await;
    for concurrency in [1, 5] {
        let title = format!("by {concurrency} at a time");
        let failing = listed(&ids[..3]).chain(stream::iter([Err(some_error()), Ok(ids[3]), Err(some_error())]));
        let report = db
            .for_each_tenant("test")
            .concurrency(concurrency)
            .run(failing, async |cx| {
                tokio::task::yield_now().await;
                ResearchPlan::insert(titled(&title)).exec(cx).await.map(drop)
            })
            .await;
        assert_eq!((report.done, report.failed.len()), (3, 0));
        assert!(report.stopped.as_ref().unwrap().is_configuration() && !report.is_complete());
        assert!(report.to_string().starts_with("3 organizations done, 0 failed; stopped: configuration"), "{report}");
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(titles(&db, *id).await.contains(&title), n < 3);
        }
    }
}

#[tokio::test]
async fn within_a_context_nothing_is_run() {
    let f = Fixture::new().await;
    let never = || stream::poll_fn(|_| -> std::task::Poll<Option<Result<OrganizationId>>> { unreachable!() });
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |_| {
        let report = f.db.for_each_tenant("test").run(never(), async |_| Ok::<_, Error>(())).await;
        assert!(report.stopped.unwrap().is_nested());
        assert!(report.done == 0 && report.failed.is_empty());

        // In the closure of one of its own turns it is nested too. Another pool is another matter.
        let other = f.database.db().await;
        let report = other
            .for_each_tenant("test")
            .run(listed(&[f.acme.id]), async |_| {
                let nested = other.for_each_tenant("test").run(never(), async |_| Ok::<_, Error>(())).await;
                assert!(nested.stopped.unwrap().is_nested());
                Ok::<_, Error>(())
            })
            .await;
        assert!(report.is_complete() && report.done == 1, "{report:?}");
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_run_that_is_dropped_keeps_what_is_done_and_takes_the_rest_back() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let ids = organizations(&db, 3).await;
    let reached = tokio::sync::Notify::new();
    let run = db.for_each_tenant("test").run(listed(&ids), async |cx| {
        ResearchPlan::insert(titled("made")).exec(cx).await?;
        if cx.organization_id() == ids[1] {
            reached.notify_one();
            std::future::pending::<()>().await;
        }
        Ok::<_, Error>(())
    });
    tokio::select! {
        _ = run => unreachable!(),
        () = reached.notified() => {}
    }
    let made = [titles(&db, ids[0]).await.len(), titles(&db, ids[1]).await.len(), titles(&db, ids[2]).await.len()];
    assert_eq!(made, [1, 0, 0]);
}

/// What a handler or a job does: a task of its own, and a closure that borrows.
#[tokio::test]
async fn it_runs_in_a_spawned_task() {
    let f = Fixture::new().await;
    let db = f.db.clone();
    let task = tokio::spawn(async move {
        let (seen, suffix) = (AtomicUsize::new(0), "!".to_owned());
        let report = db
            .for_each_tenant("test")
            .concurrency(2)
            .run(entity::organizations(&db), async |cx| {
                cx.savepoint(async |cx| ResearchPlan::insert(titled(&suffix)).exec(cx).await).await?;
                seen.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Error>(())
            })
            .await;
        (report.is_complete(), seen.into_inner())
    });
    assert_eq!(task.await.unwrap(), (true, 2));
    let made = ResearchPlan::find().filter(Column::Title.eq("!"));
    let made = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| made.count(cx).await).await;
    assert_eq!(made.unwrap(), 1);
}

#[tokio::test]
async fn organizations_are_listed_once_each_and_hold_no_connection_between_pages() {
    let database = TestDatabase::new().await;
    let db = Db::connect(database.options().max_connections(1)).await.unwrap();
    assert_eq!(entity::organizations(&db).count().await, 0);

    let mut expected = organizations(&db, 500).await;
    expected.sort_unstable();
    let listed: Vec<_> = entity::organizations(&db).try_collect().await.unwrap();
    assert_eq!(listed, expected, "a page that is full, and no other");

    expected.extend(organizations(&db, 700).await);
    expected.sort_unstable();
    let mut listed = Vec::new();
    let mut ids = Box::pin(entity::organizations(&db));
    while let Some(id) = ids.try_next().await.unwrap() {
        if listed.len() % 250 == 0 {
            db.identity().run(async |_| Ok::<_, Error>(())).await.unwrap();
        }
        listed.push(id);
    }
    assert_eq!(listed, expected);

    let visits = Mutex::new(Vec::new());
    let report = db
        .for_each_tenant("test")
        .run(entity::organizations(&db), async |cx| {
            visits.lock().unwrap().push(cx.organization_id());
            Ok::<_, Error>(())
        })
        .await;
    assert!(report.is_complete() && report.done == 1_200, "{report}");
    assert_eq!(visits.into_inner().unwrap(), expected);

    db.close().await;
    let listed: Vec<_> = entity::organizations(&db).collect().await;
    assert!(listed.len() == 1 && listed[0].is_err(), "the first error is the last item");
    let report = db.for_each_tenant("test").run(entity::organizations(&db), async |_| Ok::<_, Error>(())).await;
    assert!(report.done == 0 && report.stopped.is_some());
}

/// Runs this test again as a child, whose standard error is a pipe, and then a terminal.
#[tokio::test]
async fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let name = "progress_is_shown_on_a_terminal_and_nowhere_else";
    if let (Ok(url), Ok(prefix)) = (std::env::var("CHILD_URL"), std::env::var("CHILD_PREFIX")) {
        let options = DbOptions::from_url(&url).unwrap().acquire_timeout(PATIENCE);
        let db = Db::connect(options.prefix(&prefix).unwrap()).await.unwrap();
        let organizations = entity::organizations(&db);
        let report = db.for_each_tenant("a long job").run(organizations, async |_| Ok::<_, Error>(())).await;
        assert!(report.is_complete() && report.done == 2, "{report}");
        return;
    }
    let f = Fixture::new().await;
    let child = |stderr: Stdio| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", name, "--nocapture"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        // An empty `TERM`, or `dumb`, is a terminal that can show nothing.
        child.env("CHILD_URL", f.database.login_url()).env("CHILD_PREFIX", &f.database.prefix).env("TERM", "xterm");
        child.env_remove("NO_COLOR").spawn().unwrap().wait_with_output().unwrap()
    };
    let output = child(Stdio::piped());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let path = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let stderr = File::options().read(true).write(true).open(path).unwrap();
    assert!(stderr.is_terminal());
    let reader = std::thread::spawn(move || {
        let (mut shown, mut bytes, mut terminal) = (Vec::new(), [0; 1024], File::from(terminal));
        // It ends with an error once nobody holds the terminal open any more.
        while let Ok(n @ 1..) = terminal.read(&mut bytes) {
            shown.extend_from_slice(&bytes[..n]);
        }
        String::from_utf8_lossy(&shown).into_owned()
    });
    let output = child(stderr.into());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let shown = reader.join().unwrap();
    assert!(shown.contains("a long job: 1 organizations"), "{shown:?}");
}
