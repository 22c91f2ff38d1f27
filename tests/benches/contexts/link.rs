//! The connections of each way, over one path to the server.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
};

use db::Db;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseExecutor, DatabaseTransaction,
    TransactionTrait,
    sqlx::{Connection, PgConnection, postgres::PgConnectOptions},
};
use tests::PATIENCE;
use tokio::sync::Mutex;

use crate::world::{FIRST_INSERTED, SETTING, Tenant, World};

/// How many connections a pool has; `DbOptions` has as many by default.
pub(crate) const CONNECTIONS: u32 = 5;

/// The connections of each way, over one path to the server.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) world: Arc<World>,
    bare: Bare,
    /// A pool of the role of what is written by hand.
    pub(crate) hand: DatabaseConnection,
    pub(crate) db: Db,
    /// For `COPY`.
    pub(crate) copy: Mutex<PgConnection>,
    next_position: AtomicI32,
}

/// Where the bare statement is sent.
#[derive(Debug)]
enum Bare {
    /// On a connection that is open: SeaORM holds one as a transaction alone, so this is one of which SeaORM does not know
    /// that it was committed. What is sent on it has a transaction of its own. Nothing is pinged before or after.
    Held(DatabaseTransaction),
    /// On a pool, which sqlx pings as a connection comes back.
    Pool(DatabaseConnection),
}

/// Which path, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    /// A port of this machine before the server.
    pub(crate) port: Option<u16>,
    /// The folder of a socket that is before the server, or is its own: for `COPY`. sqlx 0.9 leaves Nagle's algorithm on,
    /// which by TCP would hold the end of each for 40 ms.
    pub(crate) socket: Option<PathBuf>,
    /// How many connections each pool has, unless there are as many as by default.
    pub(crate) connections: Option<u32>,
    /// Whether the bare statement is sent on a pool.
    pub(crate) bare_pool: bool,
}

impl Link {
    pub(crate) async fn new(world: &Arc<World>, path: Path) -> Self {
        let (world, port) = (Arc::clone(world), path.port);
        let connections = path.connections.unwrap_or(CONNECTIONS);
        let bare = pool(&world.url(None, port), connections).await;
        let bare = if path.bare_pool { Bare::Pool(bare) } else { Bare::Held(held(&bare).await) };
        let mut copy: PgConnectOptions = world.url(None, port).parse().unwrap();
        if let Some(folder) = path.socket {
            copy = copy.port(world.server().1).socket(folder);
        }
        let options = world.options(port).max_connections(connections).application_name("measured");
        Self {
            bare,
            hand: pool(&world.url(Some(&world.hand()), port), connections).await,
            db: Db::connect(options).await.unwrap(),
            copy: Mutex::new(PgConnection::connect_with(&copy).await.unwrap()),
            next_position: AtomicI32::new(FIRST_INSERTED),
            world,
        }
    }

    /// Returns where the bare statement is sent.
    pub(crate) fn bare(&self) -> DatabaseExecutor<'_> {
        match &self.bare {
            Bare::Held(open) => open.into(),
            Bare::Pool(pool) => pool.into(),
        }
    }

    /// Returns the connection of the bare statement, for what is no matter for a pool.
    pub(crate) fn open(&self) -> &DatabaseTransaction {
        let Bare::Held(open) = &self.bare else { panic!("the bare statement is sent on a pool here") };
        open
    }

    /// Returns the tenant whose turn it is: never the next of a page of the table.
    pub(crate) fn tenant(&self, i: usize) -> &Tenant {
        &self.world.tenants[i.wrapping_mul(7_919) % self.world.tenants.len()]
    }

    /// Begins a transaction by hand.
    pub(crate) async fn by_hand(&self, tenant: impl std::fmt::Display) -> DatabaseTransaction {
        let transaction = self.hand.begin().await.unwrap();
        transaction.execute_unprepared(&format!("SET LOCAL {SETTING} = '{tenant}'")).await.unwrap();
        transaction
    }

    /// Returns the first of so many positions that no step has.
    pub(crate) fn positions(&self, steps: i32) -> i32 {
        self.next_position.fetch_add(steps, Ordering::Relaxed)
    }
}

/// Connects as a program of SeaORM's does that knows what a ping costs: without one before each statement.
async fn pool(url: &str, connections: u32) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).test_before_acquire(false).sqlx_logging(false).acquire_timeout(PATIENCE);
    Database::connect(options).await.unwrap()
}

async fn held(pool: &DatabaseConnection) -> DatabaseTransaction {
    let open = pool.begin().await.unwrap();
    open.execute_unprepared("COMMIT").await.unwrap();
    open
}
