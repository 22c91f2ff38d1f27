//! A connection that goes from one context to the next without the pool's having looked at it.

use std::time::Duration;

use db::{Db, prelude::*};
use entity::{ResearchPlan, research_plan::Draft};
use futures::future::join_all;
use sea_orm::sqlx::query_scalar;
use tests::{Fixture, Org, PATIENCE};

async fn fixture(connections: u32) -> (Fixture, Db) {
    let f = Fixture::alone().await;
    let options = f.database.options().max_connections(connections).acquire_timeout(PATIENCE);
    let db = Db::connect(options).await.unwrap();
    (f, db)
}

/// However the one before has ended: kept, taken back, failed, or only read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_given_it_sees_nothing_of_the_one_before() {
    let (f, db) = fixture(1).await;
    let (f, db) = (&f, &db);
    let titles = async |org: &Org| {
        let read = db.tenant(org.id, &org.owner).read_only();
        let plans = read.run(async |cx| ResearchPlan::find().all(cx).await).await.unwrap();
        plans.into_iter().map(|plan| plan.title).collect::<Vec<_>>()
    };
    let acme = async |n: usize| {
        let title = format!("kept {n}");
        let cx = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        let draft = Draft { title: Set(title.clone()), ..Default::default() };
        ResearchPlan::update_by_id(f.acme.plan, draft).exec(&cx).await.unwrap();
        match n % 4 {
            0 => drop(cx),
            1 => cx.rollback().await.unwrap(),
            2 => {
                // Nobody of acme: it fails, and the transaction with it.
                let nobody = Draft { created_by: Set(Some(f.globex.owner.user_id())), ..Default::default() };
                ResearchPlan::update_by_id(f.acme.plan, nobody).exec(&cx).await.unwrap_err();
                drop(cx);
            }
            _ => {
                cx.commit().await.unwrap();
                return Some(title);
            }
        }
        None
    };
    let mut kept = titles(&f.acme).await;
    for round in 0..8 {
        let (ended, seen) = futures::join!(acme(round), join_all((0..4).map(|_| titles(&f.globex))));
        kept = ended.map_or(kept, |title| vec![title]);
        assert!(seen.iter().all(|titles| *titles == ["plan of globex"]), "{seen:?}");
        assert_eq!(titles(&f.acme).await, kept);
    }
}

/// Who waited and has gone takes no connection along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_lost_with_whoever_waited() {
    let (f, db) = fixture(2).await;
    let read = || db.tenant(f.acme.id, &f.acme.owner).read_only().run(async |cx| ResearchPlan::find().count(cx).await);
    for _ in 0..20 {
        let impatient = (0..10).map(|n| tokio::time::timeout(Duration::from_micros(n * 300), read()));
        let patient = (0..3).map(|_| read());
        let (_, patient) = futures::join!(join_all(impatient), join_all(patient));
        assert!(patient.into_iter().all(|read| read.unwrap() == 1));
    }
    let open = || db.tenant(f.acme.id, &f.acme.owner).begin();
    let both = [open().await.unwrap(), open().await.unwrap()];
    assert_eq!(db.check_database().await.connections_in_use, 2);
    drop(both);
}

/// A chain of contexts on one connection ends where the pool is closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_the_pool_ends_a_chain_of_contexts() {
    let (f, db) = fixture(1).await;
    let chain = async || {
        let mut done = 0_u32;
        while db
            .with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await)
            .await
            .is_ok()
        {
            done += 1;
        }
        done
    };
    let close = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        db.close().await;
    };
    let (first, second, third, ()) = futures::join!(chain(), chain(), chain(), close);
    assert!(first + second + third > 0);
    let health = db.check_database().await;
    assert_eq!((health.connections_in_use, health.connections_open), (0, 0));
}

/// A context that outlives its runtime closes its connection.
#[test]
fn a_context_that_outlives_its_runtime_is_rolled_back() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let f = second.block_on(Fixture::alone());
    let (db, cx) = first.block_on(async {
        let db = Db::connect(f.database.options().application_name("outlived")).await.unwrap();
        let cx = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        (db, cx)
    });
    drop(first);
    drop(cx);
    drop(db);
    second.block_on(async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'outlived'";
        let mut owner = f.database.owner().await;
        while query_scalar::<_, i64>(sql).fetch_one(&mut owner).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(f);
    });
}

/// So does one whose statement was cut off, which is not for the pool at all.
#[test]
fn a_context_that_was_cut_off_outlives_its_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let f = second.block_on(async {
        let f = Fixture::alone().await;
        f.database.make_slow().await;
        f
    });
    let (db, cx) = first.block_on(async {
        let db = Db::connect(f.database.options().application_name("cut off")).await.unwrap();
        let cx = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        let slow = ResearchPlan::find().filter(Expr::expr(Func::cust("slow").arg(60.0)).eq(""));
        tokio::time::timeout(Duration::from_millis(50), slow.count(&cx)).await.unwrap_err();
        (db, cx)
    });
    drop(first);
    drop(cx);
    drop(db);
    second.block_on(async move { drop(f) });
}

/// A pool that another runtime goes on with returns its connections again: no transaction stays open.
#[test]
fn a_pool_outlives_a_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let f = second.block_on(Fixture::alone());
    let read = async |db: &Db| {
        let read = db.tenant(f.acme.id, &f.acme.owner).read_only();
        read.run(async |cx| ResearchPlan::find().count(cx).await).await
    };
    let db = first.block_on(async {
        let db = Db::connect(f.database.options().application_name("outlives")).await.unwrap();
        read(&db).await.unwrap();
        db
    });
    drop(first);
    second.block_on(async {
        // What was left of the first runtime is no connection any more.
        while read(&db).await.is_err() {}
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'outlives' AND xact_start IS NOT NULL";
        let mut owner = f.database.owner().await;
        while query_scalar::<_, i64>(sql).fetch_one(&mut owner).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        db.close().await;
    });
    second.block_on(async move { drop(f) });
}
