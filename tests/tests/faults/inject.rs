//! Faults, one after another.

use std::time::{Duration, Instant};

use sea_orm::sqlx::{AssertSqlSafe, Executor, raw_sql};
use tests::{Cut, OwnServer, PATIENCE, PgBouncer, Proxy, Stop};

use super::{round::Load, world::World};

/// What is done to the database, its server or the way to it.
pub(crate) enum Fault<'a> {
    /// A backend is ended, one that is at work where there is one.
    Kill,
    /// A backend is ended while it commits, where one does within a moment.
    KillInCommit,
    /// The rows of a table are locked for a while.
    Lock,
    /// Every connection of the pool is held for so long.
    Hog(Duration),
    /// A connection is cut at its commit: the server gets it or not.
    CutCommit(&'a Proxy),
    /// Every connection is cut, and none is taken for a moment.
    CutAll(&'a Proxy),
    /// The server is restarted.
    Restart(&'a OwnServer, Stop),
    /// PgBouncer is restarted.
    RestartPooler(&'a PgBouncer),
}

/// Injects one fault after another, spread over the transactions of a round, and again from the first one for as long as
/// something that is expected has not happened: a fault has to meet a transaction, and how soon one does depends on how
/// busy the machine is.
pub(crate) async fn inject(world: &World, faults: &[Fault<'_>], load: Load, random: &mut fastrand::Rng) {
    let (begun, mut since) = (world.performed.get(), Instant::now());
    let transactions = usize::from(load.tenants) * load.transactions;
    for place in 1.. {
        let missing = world.tally.borrow().missing(load.expected);
        if place > faults.len() && missing.is_none() {
            return;
        }
        // Each fault has its time, and so has what is still missing after them.
        if place <= faults.len() + 1 {
            since = Instant::now();
        }
        let until = begun + transactions * place / (faults.len() + 1);
        while world.performed.get() < until {
            if world.failed.get() {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "it does not happen: {missing:?}; {}", world.tally.borrow());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random.u64(0..10_000))).await;
        if !faults.is_empty() {
            faults[(place - 1) % faults.len()].inject(world, random).await;
        }
    }
}

impl Fault<'_> {
    async fn inject(&self, world: &World, random: &mut fastrand::Rng) {
        match self {
            Self::Kill => {
                let kill = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND usename = '{}'
                     ORDER BY xact_start IS NULL, random() LIMIT 1",
                    world.database.login()
                );
                world.ask(async |superuser| superuser.execute(raw_sql(AssertSqlSafe(kill.as_str()))).await).await;
            }
            Self::KillInCommit => {
                let kill = format!(
                    "DO $$ DECLARE victim int; BEGIN
                       FOR i IN 1..200 LOOP
                         PERFORM pg_stat_clear_snapshot();
                         SELECT pid INTO victim FROM pg_stat_activity
                           WHERE datname = current_database() AND usename = '{}'
                             AND state = 'active' AND query = 'COMMIT' LIMIT 1;
                         IF FOUND THEN PERFORM pg_terminate_backend(victim); RETURN; END IF;
                         PERFORM pg_sleep(0.0005);
                       END LOOP;
                     END $$",
                    world.database.login()
                );
                world.ask(async |superuser| superuser.execute(raw_sql(AssertSqlSafe(kill.as_str()))).await).await;
            }
            Self::Lock => {
                let table = ["tag", "project", "task", "profile", "task_tag", "bookmark"][random.usize(0..6)];
                let lock = format!("BEGIN; SET lock_timeout = '50ms'; SELECT FROM {table} FOR UPDATE");
                let hold = Duration::from_millis(random.u64(5..50));
                world
                    .ask(async |superuser| {
                        // Somebody else may have been first.
                        superuser.execute(raw_sql(AssertSqlSafe(lock.as_str()))).await.ok();
                        tokio::time::sleep(hold).await;
                        raw_sql("ROLLBACK").execute(superuser).await
                    })
                    .await;
            }
            Self::Hog(duration) => {
                let mut held = Vec::new();
                while held.len() < world.connections {
                    // Others have it first, or the connection is dead.
                    held.extend(world.db.identity().begin().await.ok());
                }
                tokio::time::sleep(*duration).await;
                drop(held);
            }
            Self::CutCommit(proxy) => proxy.cut_at(Cut { text: "COMMIT", forward: random.bool() }),
            Self::CutAll(proxy) => {
                proxy.set_open(false);
                tokio::time::sleep(Duration::from_millis(random.u64(1..10))).await;
                proxy.set_open(true);
            }
            Self::Restart(server, stop) => server.restart(*stop).await,
            Self::RestartPooler(bouncer) => bouncer.restart().await,
        }
    }
}
