//! A future may be dropped at any await, and the next one to get the connection knows nothing of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../faults/hasty.rs"]
mod hasty;
mod leaked;
mod turns;

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use db::{Error, prelude::*};
use entity::{
    PersonalAccessToken, PlanStep, ResearchPlan,
    research_plan::{Column, Draft},
};
use futures::{FutureExt, poll};
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, PgConnection, raw_sql};
use tests::{Fixture, PATIENCE};

async fn run(connection: &mut PgConnection, sql: String) {
    connection.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

/// All that a context does: begin, queries, a savepoint kept, one taken back, commit.
async fn work(f: &Fixture, n: u64) -> db::Result<()> {
    let org = if n.is_multiple_of(2) { &f.acme } else { &f.globex };
    match n % 4 {
        0 | 1 => {
            f.db.with_tenant_context(org.id, &org.owner, async |cx| {
                let draft = |title: &str| Draft {
                    title: Set(title.to_owned()),
                    question: Set(String::new()),
                    ..Default::default()
                };
                let id = cx.savepoint(async |cx| ResearchPlan::insert(draft("kept")).exec(cx).await).await?;
                let lost: db::Result<()> = cx
                    .savepoint(async |cx| {
                        ResearchPlan::insert(draft("lost")).exec(cx).await?;
                        ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
                    })
                    .await;
                assert!(lost.is_err());
                ResearchPlan::delete_by_id(id).exec(cx).await
            })
            .await
        }
        2 => {
            let steps =
                f.db.tenant(org.id, &org.owner)
                    .read_only()
                    .run(async |cx| tokio::try_join!(PlanStep::find().count(cx), ResearchPlan::find().all(cx)))
                    .await?;
            assert_eq!(steps.0, 3);
            Ok(())
        }
        _ => {
            f.db.with_user_context(&org.member, async |cx| PersonalAccessToken::find().count(cx).await.map(drop)).await
        }
    }
}

/// Opens every connection of the pool at once. The entry functions have checked each. No session holds a lock.
async fn assert_clean(f: &Fixture) {
    assert_whole(f).await;
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let held: i64 = sqlx::query_scalar(locks).fetch_one(&mut f.database.owner().await).await.unwrap();
    assert_eq!(held, 0, "advisory locks are left behind");
}

async fn assert_whole(f: &Fixture) {
    let open = || f.db.identity().begin();
    let (one, other) =
        tokio::try_join!(open(), open()).unwrap_or_else(|error| panic!("the pool is not whole: {error}"));
    one.rollback().await.unwrap();
    other.rollback().await.unwrap();
}

async fn pool_of_two(sleep: &str) -> Fixture {
    let f = Fixture::with(|options| options.max_connections(2)).await;
    f.database.probe_entry_functions(sleep).await;
    f
}

/// The control of all tests here: each thing that may be left behind is noticed.
#[tokio::test]
async fn the_probe_notices_what_is_left_behind() {
    let f = pool_of_two("0").await;
    let (schema, acme, owner) = (&f.database.prefix, f.acme.id, f.acme.owner.user_id());
    for (left, behind) in [
        ("BEGIN".to_owned(), "a transaction"),
        (format!("SET {schema}.organization_id = '{acme}'"), "a setting"),
        (format!("SET {schema}.identity = 'true'"), "a setting"),
        // The role may not even call it.
        (format!("SET ROLE {}", f.database.role("tenant")), "permission denied"),
    ] {
        let mut stranger = f.database.stranger().await;
        run(&mut stranger, left).await;
        let enter = format!("SELECT {schema}.enter_tenant('{acme}', '{owner}')");
        let error = stranger.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap_err();
        assert!(error.to_string().contains(behind), "{behind}: {error}");
    }
}

/// Every await, one after the other: the future is polled once more each time before it is dropped.
#[tokio::test]
async fn a_context_dropped_at_each_of_its_awaits_leaves_nothing_behind() {
    let f = pool_of_two("0.001").await;
    for n in 0..4 {
        let mut finished = false;
        for polls in 1..200 {
            let mut left = polls;
            finished = {
                let mut future = pin!(work(&f, n));
                std::future::poll_fn(|cx| {
                    left -= 1;
                    match future.poll_unpin(cx) {
                        std::task::Poll::Ready(result) => {
                            result.unwrap();
                            std::task::Poll::Ready(true)
                        }
                        std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(false),
                        std::task::Poll::Pending => std::task::Poll::Pending,
                    }
                })
                .await
            };
            assert_whole(&f).await;
            if finished {
                break;
            }
        }
        assert!(finished, "the work is done in the end");
    }
}

/// Thousands of times, at random moments. `CANCELS` sets how often; each run says its seed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contexts_dropped_at_random_leave_nothing_behind() {
    let times: u64 = std::env::var("CANCELS").map_or(2_000, |times| times.parse().unwrap());
    let seed = std::env::var("SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    eprintln!("SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let f = pool_of_two("random() * 0.002").await;

    let (mut cancelled, mut finished, mut longest) = (0, 0, Duration::ZERO);
    for n in 0..times {
        // How long it takes, and so when to cancel it, depends on the machine, and on what else it does at the moment.
        if n % 16 == 0 {
            let start = Instant::now();
            for n in 0..4 {
                work(&f, n).await.unwrap();
            }
            longest = start.elapsed() / 2;
        }
        match tokio::time::timeout(longest.mul_f64(random.f64()), work(&f, n)).await {
            Ok(result) => {
                result.unwrap();
                finished += 1;
            }
            Err(_) => cancelled += 1,
        }
        if random.u8(0..8) == 0 {
            assert_whole(&f).await;
        }
    }
    assert_clean(&f).await;
    eprintln!("{cancelled} cancelled, {finished} finished");
    assert!(cancelled > times / 10 && finished > 0, "both happen often enough to mean something");

    // What was cancelled was rolled back, but for what was cut off at its commit; the rest was kept.
    f.db.close().await;
    let mut owner = f.database.owner().await;
    let lost: i64 = sqlx::query_scalar("SELECT count(*) FROM research_plan WHERE title = 'lost'")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(lost, 0);
}

/// A statement that was cancelled goes on in the server for a while; nobody waits for it.
#[tokio::test]
async fn a_slow_statement_that_is_cancelled_keeps_nobody_waiting() {
    let options = |options: DbOptions| options.max_connections(1).statement_timeout(2 * PATIENCE);
    let f = Fixture::with(options).await;
    f.database.make_slow().await;
    let slow = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let sleep = Expr::expr(Func::cust("slow").arg(PATIENCE.as_secs_f64()));
        ResearchPlan::find().filter(sleep.eq("")).all(cx).await
    });
    let mut owner = f.database.owner().await;
    let sleeping = async |owner: &mut PgConnection| -> bool {
        let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event = 'PgSleep')";
        sqlx::query_scalar(sql).bind(&f.database.name).fetch_one(owner).await.unwrap()
    };
    {
        let mut slow = pin!(slow);
        while !sleeping(&mut owner).await {
            assert!(poll!(slow.as_mut()).is_pending());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let start = Instant::now();
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await).await.unwrap();
    assert!(start.elapsed() < PATIENCE / 3, "waited {:?}", start.elapsed());

    // The server notices that the client is gone, and stops.
    while sleeping(&mut owner).await {
        assert!(start.elapsed() < PATIENCE / 2, "the statement goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A statement that was cut off ends its context, since nobody knows what became of it.
#[tokio::test]
async fn a_context_goes_nowhere_after_a_statement_in_it_was_cancelled() {
    let f = Fixture::new().await;
    f.database.make_slow().await;
    let result: Result<(), Error> =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            let sleep = Expr::expr(Func::cust("slow").arg(1.0));
            let update = ResearchPlan::update_many()
                .set(Draft { title: Set("lost".to_owned()), ..Default::default() })
                .filter(sleep.eq(""));
            // Polled once: the statement is sent, and its answer not awaited.
            assert!(update.exec(cx).now_or_never().is_none());
            let next = ResearchPlan::find().count(cx).await.unwrap_err();
            assert!(next.is_interrupted(), "{next}");
            let nested = cx.savepoint(async |_| Ok::<_, Error>(())).await.unwrap_err();
            assert!(nested.is_interrupted(), "{nested}");
            Ok(())
        })
        .await;
    let error = result.unwrap_err();
    assert!(error.is_interrupted(), "{error}");
    let lost = ResearchPlan::find().filter(Column::Title.eq("lost"));
    let lost = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| lost.count(cx).await).await.unwrap();
    assert_eq!(lost, 0);
}

/// Strangers who are refused do not drain the pool, and their connections are as good as new.
#[tokio::test]
async fn a_context_that_is_refused_leaves_its_connection_clean_and_open() {
    let f = pool_of_two("0").await;
    let backends = async || -> Vec<i32> {
        let mut owner = f.database.owner().await;
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usename = $2 ORDER BY pid";
        sqlx::query_scalar(sql).bind(&f.database.name).bind(f.database.login()).fetch_all(&mut owner).await.unwrap()
    };
    assert_clean(&f).await;
    let before = backends().await;
    for _ in 0..20 {
        let error = f.db.tenant(f.acme.id, &f.globex.owner).begin().await.unwrap_err();
        assert!(error.is_not_a_member(), "{error}");
        assert_clean(&f).await;
    }
    assert_eq!(backends().await, before);
}
