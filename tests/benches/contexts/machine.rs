//! What the figures depend on, as far as it is nobody's secret.

use sea_orm::sqlx::{AssertSqlSafe, PgConnection, query_scalar};
use serde::Serialize;

const LOCK: &str = include_str!("../../../Cargo.lock");
/// Settings of the server that the figures depend on.
const SETTINGS: [&str; 4] = ["fsync", "synchronous_commit", "shared_buffers", "jit"];

/// What the figures depend on.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    postgresql: String,
    settings: Vec<(&'static str, String)>,
    sea_orm: &'static str,
    sqlx: &'static str,
    optimized: bool,
}

impl Machine {
    /// Asks the machine and the server.
    pub(crate) async fn ask(server: &mut PgConnection) -> Self {
        let mut settings = Vec::new();
        for name in SETTINGS {
            settings.push((name, show(server, name).await));
        }
        Self {
            cores: std::thread::available_parallelism().unwrap().get(),
            postgresql: show(server, "server_version").await,
            settings,
            sea_orm: version("sea-orm"),
            sqlx: version("sqlx"),
            optimized: !cfg!(debug_assertions),
        }
    }

    pub(crate) fn print(&self) {
        let Self { cores, postgresql, settings, sea_orm, sqlx, optimized } = self;
        println!("{cores} cores, PostgreSQL {postgresql}, sea-orm {sea_orm}, sqlx {sqlx}");
        let settings: Vec<_> = settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        println!("{}", settings.join(", "));
        if !optimized {
            println!("THIS CLIENT IS NOT OPTIMIZED: its figures mean nothing");
        }
    }
}

async fn show(server: &mut PgConnection, name: &str) -> String {
    query_scalar(AssertSqlSafe(format!("SHOW {name}"))).fetch_one(server).await.unwrap()
}

/// Returns the version of a crate in the lock file.
fn version(name: &str) -> &'static str {
    let named = LOCK.split("[[package]]").find(|package| package.contains(&format!("name = \"{name}\"\n"))).unwrap();
    named.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"')).unwrap()
}
