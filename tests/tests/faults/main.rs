//! Faults under load: tenants perform the programs of the property test, all on one pool, while backends are killed, the
//! server is restarted, the pool is exhausted, statements time out and futures are dropped. Nothing crosses from one
//! tenant to another, every committed change is there, every rolled-back one is not, and no connection is lost.
//!
//! `FAULTS_ROUNDS` says how many rounds each test plays (2), and `SEED` what is drawn; each test prints its own. The
//! moment at which a fault strikes is not drawn again with the seed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../programs/draw.rs"]
mod draw;
#[path = "../programs/filter.rs"]
mod filter;
#[path = "../programs/list.rs"]
mod list;
#[path = "../programs/model.rs"]
#[expect(dead_code, reason = "its own faults are for the property test")]
mod model;
#[path = "../programs/op.rs"]
mod op;
#[path = "../programs/program.rs"]
mod program;
#[path = "../programs/real.rs"]
mod real;
#[path = "../programs/stage.rs"]
#[expect(dead_code, reason = "policies are always on")]
mod stage;
#[path = "../queries/tables.rs"]
mod tables;
#[path = "../programs/values.rs"]
mod values;

mod attempt;
mod books;
mod check;
mod hasty;
mod inject;
mod round;
mod tally;
mod worker;
mod world;

mod controls;
mod pooler;

use std::time::Duration;

use db::{Db, Error};
use tests::{Cut, Fixture, OwnServer, Stop, TestDatabase};

use self::{
    attempt::timed_out,
    inject::Fault,
    round::{Load, rounds},
    worker::Plan,
    world::{World, prepare},
};

/// A connection, or the server at its other end, is gone.
pub(crate) fn gone(error: &Error) -> bool {
    error.is_connection_lost() || error.is_outcome_unknown() || error.is_unreachable()
}

pub(crate) async fn database() -> TestDatabase {
    let database = TestDatabase::new().await;
    prepare(&database).await;
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_are_killed() {
    let database = database().await;
    let options = database.options();
    let world = World::connect(database, options, 4).await;
    let plan = Plan { drops: false, timeouts: false, is_fault: gone };
    let load = Load { tenants: 6, transactions: 25, plan, expected: &["connection lost", "outcome unknown"] };
    let kills: Vec<_> = (0..20).map(|n| if n % 2 == 0 { Fault::Kill } else { Fault::KillInCommit }).collect();
    rounds(world, load, &kills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_cut() {
    let database = database().await;
    let (proxy, options) = database.proxy().await;
    let world = World::connect(database, options, 4).await;
    let plan = Plan { drops: false, timeouts: false, is_fault: gone };
    let load = Load {
        tenants: 6,
        transactions: 25,
        plan,
        expected: &["connection lost", "unknown, found committed", "unknown, found rolled back"],
    };
    let cuts: Vec<_> =
        (0..20).map(|n| if n % 5 == 0 { Fault::CutAll(&proxy) } else { Fault::CutCommit(&proxy) }).collect();
    rounds(world, load, &cuts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_restarted() {
    let Some(server) = OwnServer::start().await else {
        eprintln!(
            "SKIPPED: no PostgreSQL is installed here, and that of TEST_DATABASE_URL is not this test's to restart"
        );
        return;
    };
    let database = TestDatabase::on(server.server()).await;
    prepare(&database).await;
    let options = database.options();
    let world = World::connect(database, options, 4).await;
    // There are more tenants than connections: one may wait for a connection that another tries to make.
    let is_fault = |error: &Error| gone(error) || error.is_pool_timeout();
    let plan = Plan { drops: false, timeouts: false, is_fault };
    let load = Load { tenants: 6, transactions: 25, plan, expected: &["connection lost"] };
    let restarts = [Fault::Restart(&server, Stop::Fast), Fault::Restart(&server, Stop::Immediate)];
    rounds(world, load, &restarts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_is_exhausted() {
    let database = database().await;
    let options = database.options().acquire_timeout(Duration::from_millis(400));
    let world = World::connect(database, options, 2).await;
    let plan = Plan { drops: false, timeouts: false, is_fault: Error::is_pool_timeout };
    let load = Load { tenants: 8, transactions: 20, plan, expected: &["pool timed out"] };
    let hogs: Vec<_> = (0..3).map(|_| Fault::Hog(Duration::from_millis(500))).collect();
    rounds(world, load, &hogs).await;
}

/// A connection that is on its way from one context to the next is in nobody's use for a moment; whoever's time is up in
/// it is told that the pool was exhausted all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_is_busy_is_not_taken_for_a_server_that_is_down() {
    let database = TestDatabase::new().await;
    let db = hasty::connect_whole(database.options().acquire_timeout(Duration::from_millis(300)), 1).await;
    database.probe_entry_functions("0.02").await;
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut timed_out = 0;
                for _ in 0..8 {
                    match db.identity().begin().await {
                        Ok(cx) => cx.rollback().await.unwrap(),
                        Err(error) => {
                            assert!(error.is_pool_timeout(), "{error}");
                            timed_out += 1;
                        }
                    }
                }
                timed_out
            })
        })
        .collect();
    let mut timed_out = 0;
    for task in tasks {
        timed_out += task.await.unwrap();
    }
    assert!(timed_out > 80, "the pool is not busy: {timed_out}");
}

/// The pool learns of it when the connection is used, and has another for the next.
#[tokio::test]
async fn a_connection_whose_session_is_gone_fails_once() {
    let database = database().await;
    let options = database.options();
    let world = World::connect(database, options, 3).await;
    world.pool_is_whole().await.unwrap();
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid, 300000)) FROM pg_stat_activity WHERE usename = '{}'",
        world.database.login()
    );
    assert_eq!(world.number(&kill).await, 3);
    let mut lost = 0;
    while let Err(error) = world.db.identity().begin().await {
        assert!(error.is_connection_lost(), "{error}");
        lost += 1;
    }
    assert_eq!(lost, 3);
    world.pool_is_whole().await.unwrap();
}

/// The savepoint is there or not, and the closure goes on; it is the connection all the same that is at fault.
#[tokio::test]
async fn a_savepoint_whose_end_is_cut_off_has_lost_the_connection() {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options).await.unwrap();
    for text in ["ROLLBACK TO", "RELEASE"] {
        proxy.cut_at(Cut { text, forward: false });
        let result = db
            .with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
                let end = if text == "RELEASE" { Ok(()) } else { Err(Error::not_authenticated()) };
                let ended = cx.savepoint(async |_| end).await;
                assert!(ended.is_err());
                Ok(())
            })
            .await;
        let error = result.unwrap_err();
        assert!(error.is_connection_lost(), "{text}: {error}");
    }
}

/// Of the login's sessions: the superuser waits for as long as it takes.
pub(crate) async fn short_lock_timeout(database: &TestDatabase) {
    database.execute(&format!("ALTER ROLE {} SET lock_timeout = '10ms'", database.login())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_time_out() {
    let database = database().await;
    short_lock_timeout(&database).await;
    let options = database.options();
    let world = World::connect(database, options, 4).await;
    let plan = Plan { drops: false, timeouts: true, is_fault: timed_out };
    let load = Load { tenants: 6, transactions: 25, plan, expected: &["statement timed out", "lock timed out"] };
    let locks: Vec<_> = (0..20).map(|_| Fault::Lock).collect();
    rounds(world, load, &locks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn futures_are_dropped() {
    let database = database().await;
    let options = database.options();
    let world = World::connect(database, options, 4).await;
    // What was dropped may go on for a moment in the server, and be in the way of what comes next.
    let plan = Plan { drops: true, timeouts: false, is_fault: Error::is_serialization_failure };
    let load = Load {
        tenants: 6,
        transactions: 30,
        plan,
        expected: &["dropped", "dropped in its commit", "unknown, found committed"],
    };
    rounds(world, load, &[]).await;
}

/// What may happen where everything does.
pub(crate) fn anything(error: &Error) -> bool {
    gone(error) || timed_out(error) || error.is_pool_timeout() || error.is_serialization_failure()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_happens_at_once() {
    let Some(server) = OwnServer::start().await else {
        eprintln!(
            "SKIPPED: no PostgreSQL is installed here, and that of TEST_DATABASE_URL is not this test's to restart"
        );
        return;
    };
    let database = TestDatabase::on(server.server()).await;
    prepare(&database).await;
    short_lock_timeout(&database).await;
    let (proxy, options) = database.proxy().await;
    let world = World::connect(database, options.acquire_timeout(Duration::from_millis(500)), 3).await;
    let plan = Plan { drops: true, timeouts: true, is_fault: anything };
    let load = Load {
        tenants: 8,
        transactions: 30,
        plan,
        expected: &["connection lost", "dropped", "outcome unknown", "statement timed out"],
    };
    let mut faults = Vec::new();
    for stop in [Stop::Fast, Stop::Immediate] {
        for _ in 0..8 {
            faults.extend([Fault::Kill, Fault::Lock, Fault::CutCommit(&proxy)]);
        }
        let long = Duration::from_millis(600);
        faults.extend([Fault::CutAll(&proxy), Fault::Restart(&server, stop), Fault::Hog(long)]);
    }
    rounds(world, load, &faults).await;
}
