//! Whether the database answers.

use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, Executor};
use serde::Serialize;

use crate::{Db, Result, context::transaction::milliseconds, error::Kind};

/// How long a health check takes at most.
const DEADLINE: Duration = Duration::from_secs(1);

/// What [`Db::check_database`] found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether `SELECT 1` succeeded.
    pub ok: bool,
    /// How long it took, in milliseconds; where it failed, how long until that was known.
    pub latency_ms: f64,
    /// What the check found.
    pub status: HealthStatus,
    /// The connections that contexts and health checks hold.
    pub connections_in_use: u32,
    /// The connections that the pool has.
    pub connections_open: u32,
    /// The connections that the pool may have.
    pub connections_max: u32,
}

/// Whether the database answers, and where not, whether that is the pool's or the server's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthStatus {
    /// The database answers.
    Ok,
    /// Contexts hold every connection of the pool, so the server could not be asked.
    PoolExhausted,
    /// The server could not be reached, refused the login, or did not answer in time.
    ServerDown,
}

impl Db {
    /// Sends `SELECT 1` on a connection of the pool. Never an error, and done after one second at the latest.
    ///
    /// It runs as the login role, outside of any scope, and reads no table.
    pub async fn check_database(&self) -> Health {
        let start = Instant::now();
        // The pool counts the check's own connection too, so who holds what is asked on the way.
        let mut waiting = true;
        let outcome = tokio::time::timeout(DEADLINE, self.select_one(&mut waiting)).await;
        let status = match outcome {
            Ok(Ok(())) => HealthStatus::Ok,
            Ok(Err(error)) if matches!(*error.0, Kind::PoolTimeout { .. }) => HealthStatus::PoolExhausted,
            Err(_) if waiting && self.exhausted() => HealthStatus::PoolExhausted,
            _ => HealthStatus::ServerDown,
        };
        let (connections_max, connections_open) = self.connections();
        Health {
            ok: status == HealthStatus::Ok,
            latency_ms: milliseconds(start),
            status,
            connections_in_use: self.in_use(),
            connections_open,
            connections_max,
        }
    }

    async fn select_one(&self, waiting: &mut bool) -> Result<()> {
        let mut connection = self.acquire(tracing::Span::none()).await?;
        *waiting = false;
        connection.run(async |connection| connection.execute(sqlx::raw_sql("SELECT 1")).await).await?;
        Ok(())
    }
}
