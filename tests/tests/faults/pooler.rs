//! The same through PgBouncer in transaction mode, which has fewer connections to the server than the pool has to it.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use db::{Error, prelude::*};
use entity::{ResearchPlan, research_plan};
use tests::{Cut, Fixture, PATIENCE, PgBouncer, TestDatabase};

use crate::{
    attempt::timed_out,
    database, gone, hasty,
    inject::Fault,
    round::{Load, rounds},
    short_lock_timeout,
    worker::Plan,
    world::World,
};

/// Starts one, or says loudly that there is none.
async fn start(database: &TestDatabase) -> Option<Rc<PgBouncer>> {
    or_say(PgBouncer::start(database, FEW).await)
}

fn or_say(bouncer: Option<PgBouncer>) -> Option<Rc<PgBouncer>> {
    let bouncer = bouncer.map(Rc::new);
    if bouncer.is_none() {
        eprintln!("SKIPPED: PgBouncer is not installed here (Debian: `apt-get install pgbouncer`)");
    }
    bouncer
}

/// How many connections to the server it has.
const FEW: u32 = 2;

/// Options for a pool that waits for a connection for as long as the machine needs.
fn options(bouncer: &PgBouncer, database: &TestDatabase) -> DbOptions {
    bouncer.options(database).acquire_timeout(PATIENCE)
}

/// A pool of four connections to it.
async fn world(database: TestDatabase, bouncer: &Rc<PgBouncer>) -> World {
    let options = options(bouncer, &database);
    let mut world = World::connect(database, options, 4).await;
    world.pooler = Some((bouncer.clone(), FEW));
    world
}

/// What PgBouncer, or what is behind it, does to a session.
fn by_pooler(error: &Error) -> bool {
    gone(error) || timed_out(error) || error.is_serialization_failure()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_share_the_connections_of_a_pooler() {
    let database = database().await;
    let Some(bouncer) = start(&database).await else { return };
    let world = world(database, &bouncer).await;
    let plan = Plan { drops: false, timeouts: false, is_fault: |_| false };
    rounds(world, Load { tenants: 6, transactions: 25, plan, expected: &[] }, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_are_killed_behind_a_pooler() {
    let database = database().await;
    let Some(bouncer) = start(&database).await else { return };
    let world = world(database, &bouncer).await;
    let plan = Plan { drops: false, timeouts: false, is_fault: gone };
    let kills: Vec<_> = (0..20).map(|n| if n % 2 == 0 { Fault::Kill } else { Fault::KillInCommit }).collect();
    rounds(
        world,
        Load { tenants: 6, transactions: 25, plan, expected: &["connection lost", "outcome unknown"] },
        &kills,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_happens_at_once_through_a_pooler() {
    let database = database().await;
    short_lock_timeout(&database).await;
    let (proxy, _) = database.proxy().await;
    let Some(bouncer) = or_say(PgBouncer::start_before(&proxy, &database, FEW).await) else { return };
    let world = world(database, &bouncer).await;
    let plan = Plan { drops: true, timeouts: true, is_fault: by_pooler };
    let mut faults = Vec::new();
    for _ in 0..2 {
        for _ in 0..8 {
            faults.extend([Fault::Kill, Fault::Lock, Fault::CutCommit(&proxy)]);
        }
        faults.push(Fault::RestartPooler(&bouncer));
    }
    rounds(
        world,
        Load {
            tenants: 6,
            transactions: 30,
            plan,
            expected: &["connection lost", "dropped", "outcome unknown", "statement timed out"],
        },
        &faults,
    )
    .await;
}

/// What PgBouncer says of it is `08P01`, and not that the server is shutting down.
#[tokio::test]
async fn what_loses_its_server_behind_a_pooler_is_lost() {
    let f = Fixture::new().await;
    let (proxy, _) = f.database.proxy().await;
    let Some(bouncer) = or_say(PgBouncer::start_before(&proxy, &f.database, FEW).await) else { return };
    let db = Db::connect(options(&bouncer, &f.database)).await.unwrap();
    let titles = async || -> db::Result<Vec<String>> {
        let plans = db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().all(cx).await);
        Ok(plans.await?.into_iter().map(|plan| plan.title).collect())
    };
    let rename = async |title: &str| {
        let draft = research_plan::Draft { title: Set(title.to_owned()), ..Default::default() };
        let update = ResearchPlan::update_by_id(f.acme.plan, draft);
        db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| update.exec(cx).await.map(drop)).await
    };
    rename("before").await.unwrap();
    for forward in [false, true] {
        proxy.cut_at(Cut { text: "COMMIT", forward });
        let error = rename("after").await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{error}");
        assert_eq!(titles().await.unwrap(), [if forward { "after" } else { "before" }]);
    }
    proxy.cut_at(Cut { text: "UPDATE", forward: true });
    let error = rename("lost").await.unwrap_err();
    assert!(error.is_connection_lost(), "{error}");
    assert_eq!(error.sqlstate(), Some("08P01"), "{error}");
    assert_eq!(titles().await.unwrap(), ["after"]);
}

/// Contexts of two programs, one after the other and at the same time: the pooler gives each the connection that the other has
/// had.
async fn by_turns(f: &Fixture, [one, other]: &[Db; 2]) -> db::Result<()> {
    for _ in 0..10 {
        for (db, org) in [(one, &f.acme), (other, &f.globex)] {
            db.with_tenant_context(org.id, &org.owner, async |cx| ResearchPlan::find().count(cx).await).await?;
        }
        let (one, other) = tokio::try_join!(
            one.tenant(f.acme.id, &f.acme.owner).begin(),
            other.tenant(f.globex.id, &f.globex.owner).begin()
        )?;
        for cx in [&one, &other] {
            ResearchPlan::find().count(cx).await?;
        }
        tokio::try_join!(one.commit(), other.commit())?;
    }
    Ok(())
}

/// No statement is prepared by name; where they are, those of two sessions collide.
#[tokio::test]
async fn no_statement_is_prepared_by_name_for_a_pooler() {
    let f = Fixture::new().await;
    let Some(bouncer) = start(&f.database).await else { return };
    for prepared in [false, true] {
        let (proxy, options) = bouncer.proxy(&f.database).await;
        let options = options.prepared_statements(prepared).acquire_timeout(PATIENCE);
        let both = [Db::connect(options.clone()).await.unwrap(), Db::connect(options).await.unwrap()];
        let result = by_turns(&f, &both).await;
        if prepared {
            let error = result.expect_err("statements do not collide");
            assert!(matches!(error.sqlstate(), Some("26000" | "42P05")), "{error}");
            assert!(proxy.named_statements() > 0);
        } else {
            result.unwrap();
            assert_eq!(proxy.named_statements(), 0);
            assert!(!proxy.statements().is_empty());
        }
        for db in both {
            db.close().await;
        }
    }
}

/// The login role's timeout holds, and that of the pool's connections is not passed on. Whoever waits for a connection of
/// the pooler's has one of the pool, and so no acquire timeout.
#[tokio::test]
async fn timeouts_behind_a_pooler_are_the_servers() {
    let f = Fixture::alone().await;
    f.database.make_slow().await;
    let Some(bouncer) = start(&f.database).await else { return };
    let slowly = async |db: &Db| {
        let slow = Expr::expr(Func::cust("slow").arg(0.3)).eq("");
        let plans = ResearchPlan::find().filter(slow);
        db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| plans.count(cx).await).await
    };
    let short = options(&bouncer, &f.database).statement_timeout(Duration::from_millis(100));
    assert_eq!(slowly(&Db::connect(short).await.unwrap()).await.unwrap(), 1);
    nobody_gives_a_pooler_up(&bouncer, &f.database).await;

    // The pool is connected before: what it asks then may take longer, too.
    let db = Db::connect(options(&bouncer, &f.database)).await.unwrap();
    f.database.execute(&format!("ALTER ROLE {} SET statement_timeout = '100ms'", f.database.login())).await;
    bouncer.restart().await;
    let error = loop {
        let error = slowly(&db).await.unwrap_err();
        // Its connections went with the pooler.
        if !error.is_connection_lost() {
            break error;
        }
    };
    assert!(error.is_statement_timeout(), "{error}");
}

async fn nobody_gives_a_pooler_up(bouncer: &PgBouncer, database: &TestDatabase) {
    let (since, short) = (Instant::now(), Duration::from_millis(500));
    let db = hasty::connect(bouncer.options(database).acquire_timeout(short)).await;
    let held = [hasty::open(&db).await, hasty::open(&db).await];
    let third = loop {
        let mut third = Box::pin(db.identity().begin());
        match tokio::time::timeout(3 * short, &mut third).await {
            // It has a connection of the pool, or it would not wait for so long.
            Err(_) => break third,
            // On a busy machine the pool may take longer to make one; then it is asked again.
            Ok(opened) => assert!(
                opened.as_ref().is_err_and(Error::is_pool_timeout) && since.elapsed() < PATIENCE,
                "the pooler has no connection left: {opened:?}"
            ),
        }
    };
    drop(held);
    third.await.unwrap().rollback().await.unwrap();
}
