//! A service whose pool does not wait for long, and whether that pool is whole.

use std::time::{Duration, Instant};

use db::Db;
use futures::future::try_join_all;
use sea_orm::sqlx;
use tests::PATIENCE;

use crate::{
    hasty,
    service::{App, Limits, service},
    world::{World, serve},
};

pub(crate) const CONNECTIONS: u32 = 5;

/// A world whose service has a pool that does not wait for long.
pub(crate) async fn world() -> World {
    let mut w = World::new().await;
    let options = w.f.database.options().acquire_timeout(Duration::from_secs(2));
    let db = hasty::connect_whole(options, CONNECTIONS).await;
    // The connections of the pool that made the world are not to be counted.
    std::mem::replace(&mut w.f.db, db).close().await;
    w.url = serve(service(App { db: w.f.db.clone() }, Limits::default())).await;
    for side in [&mut w.acme, &mut w.globex] {
        (side.owner, side.member) = (side.owner.at(&w.url), side.member.at(&w.url));
    }
    w
}

/// Whether the pool has all of its connections to give, at once.
pub(crate) async fn is_whole(db: &Db) -> db::Result<()> {
    let contexts = try_join_all((0..CONNECTIONS).map(|_| db.identity().begin())).await?;
    for context in contexts {
        context.rollback().await?;
    }
    Ok(())
}

/// Waits until it has them.
pub(crate) async fn until_whole(db: &Db) {
    let start = Instant::now();
    while let Err(error) = is_whole(db).await {
        assert!(start.elapsed() < PATIENCE, "the pool is not whole: {error}");
    }
}

/// Returns how many connections are in a transaction that nothing is done in.
pub(crate) async fn in_transaction(w: &World) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = $1 AND usename = $2 AND state LIKE 'idle in transaction%'";
    let (database, login) = (&w.f.database.name, w.f.database.login());
    sqlx::query_scalar(sql).bind(database).bind(login).fetch_one(&mut w.f.database.owner().await).await.unwrap()
}

/// Waits until there are so many at most: others are on their way back to the pool.
pub(crate) async fn until_in_transaction(w: &World, most: i64) {
    let start = Instant::now();
    while in_transaction(w).await > most {
        assert!(start.elapsed() < PATIENCE, "a connection is left in a transaction");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
