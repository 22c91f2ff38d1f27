//! What the server computes: the time that a backend was on a processor.

use std::{fs, sync::Arc};

use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::{PgConnection, query_scalar},
};

use crate::{
    case::{Case, Op, Way},
    link::{Link, Path},
    options::Options,
    runner::{Compared, Series, turns},
    world::{World, breathe},
};

const ROUNDS: usize = 9;
const CONTEXTS: u32 = 400;
const QUICK_CONTEXTS: u32 = 50;
/// A tick of the clock in `/proc/<pid>/stat`, in ns.
const TICK: f64 = 1e7;

/// Two databases that differ in the seal alone, with one connection for each way.
#[derive(Debug)]
pub(crate) struct Servers {
    sealed: Side,
    unsealed: Side,
}

#[derive(Debug)]
struct Side {
    link: Link,
    backends: Vec<(Way, Backend)>,
}

/// A process of the server's.
#[derive(Clone, Copy, Debug)]
struct Backend(i32);

impl Servers {
    /// Connects. There is nothing where the server is on another machine, or its processes are hidden.
    pub(crate) async fn connect(sealed: &Arc<World>, unsealed: &Arc<World>) -> Option<Self> {
        let (sealed, unsealed) = (Side::connect(sealed).await, Side::connect(unsealed).await);
        let mut backends = sealed.backends.iter().chain(&unsealed.backends);
        backends.all(|(_, backend)| backend.used().is_some()).then_some(Self { sealed, unsealed })
    }

    /// Measures what the server computes for a thing in each way, in µs.
    pub(crate) async fn measure(&self, section: &str, case: &Case, options: &Options) -> Compared {
        let mut ways: Vec<(Way, Op, &Side)> = case.ways.iter().map(|(way, op)| (*way, *op, &self.sealed)).collect();
        ways.insert(ways.len() - 1, (Way::Unsealed, case.op(Way::Ours).unwrap(), &self.unsealed));
        let contexts = if options.quick { QUICK_CONTEXTS } else { CONTEXTS };
        let mut series = Series::new(ways.iter().map(|(way, ..)| *way));
        for (way, op, side) in &ways {
            side.used(*way, *op, 20, 0).await;
        }
        for round in 0..options.rounds(ROUNDS) {
            for turn in turns(ways.len(), round) {
                let (way, op, side) = ways[turn];
                series.push(turn, side.used(way, op, contexts, round).await);
            }
        }
        series.compare(section, case.name, "µs of the server's processor each", contexts.to_string())
    }
}

impl Side {
    async fn connect(world: &Arc<World>) -> Self {
        let link = Link::new(world, Path { connections: Some(1), ..Path::default() }).await;
        let mut owner = world.fixture.database.owner().await;
        let ours = backend_of_ours(&mut owner).await;
        let backends = vec![
            (Way::Bare, own_backend(&link.bare()).await),
            (Way::ByHand, own_backend(&link.hand).await),
            (Way::Unsealed, ours),
            (Way::Ours, ours),
        ];
        Self { link, backends }
    }

    /// Does a thing so often, and returns what one took of the processor, in µs. What a connection is asked on its way back to
    /// the pool is a part of it.
    async fn used(&self, way: Way, op: Op, times: u32, round: usize) -> f64 {
        let backend = self.backends.iter().find(|(of, _)| *of == way).unwrap().1;
        breathe().await;
        let before = backend.used().unwrap();
        let from = round * usize::try_from(times).unwrap();
        for i in from..from + usize::try_from(times).unwrap() {
            op(&self.link, i).await;
        }
        breathe().await;
        (backend.used().unwrap() - before) / 1e3 / f64::from(times)
    }
}

async fn own_backend(connection: &impl ConnectionTrait) -> Backend {
    let pid = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid() AS pid");
    Backend(connection.query_one_raw(pid).await.unwrap().unwrap().try_get("", "pid").unwrap())
}

/// Returns the backend of our pool, which has one connection.
async fn backend_of_ours(owner: &mut PgConnection) -> Backend {
    let pids = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'measured'";
    let pids: Vec<i32> = query_scalar(pids).fetch_all(owner).await.unwrap();
    let [pid] = pids[..] else { panic!("{} connections are the pool's", pids.len()) };
    Backend(pid)
}

impl Backend {
    /// Returns how long it was on a processor so far, in ns; nothing where it is no process of this machine's.
    ///
    /// The scheduler's own count is exact while the process sleeps; that of `stat` has ticks of 10 ms.
    fn used(self) -> Option<f64> {
        let file = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", self.0)).ok();
        file("comm").filter(|name| name.trim() == "postgres")?;
        let scheduled = file("schedstat").and_then(|stat| stat.split(' ').next()?.parse().ok());
        if let Some(scheduled) = scheduled.filter(|scheduled| *scheduled > 0.0) {
            return Some(scheduled);
        }
        // After the name, which may have anything in it: the times of the user and of the system are the 14th and 15th.
        let stat = file("stat")?;
        let (_, stat) = stat.rsplit_once(") ")?;
        let mut ticks = stat.split(' ').skip(11).take(2).map(str::parse::<f64>);
        Some((ticks.next()?.ok()? + ticks.next()?.ok()?) * TICK)
    }
}
