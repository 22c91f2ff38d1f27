//! What the server keeps for a connection does not grow with the number of sizes that it has seen.

use std::fs;

use db::prelude::*;
use sea_orm::sqlx::{Connection, query_scalar};
use tests::{Fixture, PATIENCE};

use crate::{
    tables::task::{self, Task},
    world::{World, id},
};

const SIZES: i32 = 1_000;

/// What the one connection is known by.
const NAME: &str = "sizes";

/// Returns how much memory of its own the one backend of the login role has, in KiB; `None` where the system does not tell.
async fn memory(f: &Fixture) -> Option<i64> {
    let mut owner = f.database.owner().await;
    let backends: Vec<i32> =
        query_scalar("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1")
            .bind(NAME)
            .fetch_all(&mut owner)
            .await
            .unwrap();
    owner.close().await.unwrap();
    let [backend] = backends[..] else { panic!("{backends:?}") };
    // Not the pages that it shares with others, of which it touches more and more.
    let status = fs::read_to_string(format!("/proc/{backend}/status")).ok()?;
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    own.trim().trim_end_matches(" kB").parse().ok()
}

async fn sizes(w: &World, db: &Db, sizes: impl Iterator<Item = i32>, by_values: bool) {
    for n in sizes {
        let tasks =
            (0..n).map(|points| task::Draft { title: Set("x".to_owned()), points: Set(points), ..Default::default() });
        let keys = (0..n).map(|n| id(u128::from(n.unsigned_abs())));
        let cx = db.tenant(w.f.acme.id, &w.f.acme.owner).statement_timeout(PATIENCE).begin().await.unwrap();
        if by_values {
            // As many values, each by itself.
            let list = (0..n).map(|n| format!("${}", n + 1)).collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT count(*) AS count FROM task WHERE id IN ({list})");
            let values = keys.map(sea_orm::Value::from);
            db::RawSelect::<Count>::from_sql_and_values(db::AssertSqlSafe(sql), values).all(&cx).await.unwrap();
        } else {
            let inserted = Task::insert_many(tasks).exec(&cx).await.unwrap();
            assert_eq!(inserted.rows_affected, u64::try_from(n).unwrap());
            Task::find().filter(task::Column::Id.is_in(keys)).all(&cx).await.unwrap();
        }
        cx.rollback().await.unwrap();
    }
}

#[derive(sea_orm::FromQueryResult)]
#[expect(dead_code, reason = "only how it is asked matters")]
struct Count {
    count: i64,
}

#[tokio::test]
async fn a_backend_does_not_grow_with_the_number_of_sizes() {
    let w = World::new().await;
    let options = w.f.database.options().max_connections(1).application_name(NAME);
    let db = Db::connect(options).await.unwrap();
    // What it caches of the tables, and the room that the largest batch takes.
    sizes(&w, &db, [1, 2, SIZES].into_iter().cycle().take(12), false).await;
    let Some(before) = memory(&w.f).await else {
        eprintln!("SKIPPED: the system does not tell how much memory a process has");
        return;
    };
    sizes(&w, &db, 1..=SIZES, false).await;
    let grown = memory(&w.f).await.unwrap() - before;
    assert!(grown < 2_048, "{grown} KiB");
    // The control: such growth is seen in that measure.
    sizes(&w, &db, (SIZES - 50)..SIZES, true).await;
    let by_values = memory(&w.f).await.unwrap() - before;
    assert!(by_values > 4_096, "{by_values} KiB");
    eprintln!("{SIZES} sizes: {grown} KiB; 50 of values by themselves: {by_values} KiB");
}

/// What is named is what may be sent again: one statement for each verb, and none for a stream, a save of rows that are not
/// alike, or a text that is long.
#[tokio::test]
async fn statements_that_are_named() {
    let w = World::new().await;
    let (proxy, options) = w.f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    let named = || proxy.named_statements();
    let before = named();
    sizes(&w, &db, 1..30, false).await;
    assert_eq!(named() - before, 2, "an insert, and a select");
    let cx = db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
    let many = |n: i32| Task::find().filter(Expr::col(task::Column::Points).eq(Func::greatest((0..n).map(Expr::val))));
    many(3_000).all(&cx).await.unwrap();
    assert_eq!(named() - before, 2);
    // The control: a shorter one.
    many(300).all(&cx).await.unwrap();
    assert_eq!(named() - before, 3);
    let rows = Task::find().stream(&cx).await.unwrap().try_collect::<Vec<_>>().await.unwrap();
    assert_eq!((rows.len(), named() - before), (4, 3));
    cx.rollback().await.unwrap();
}
