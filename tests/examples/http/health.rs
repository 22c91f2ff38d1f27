//! Whether the service is well.

use axum::{Json, extract::State, http::StatusCode};
use db::{Db, HealthStatus, axum::Problem};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{answers, service::App};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz))
}

/// The database answers.
#[derive(Serialize, ToSchema)]
struct Well {
    /// How long it took, in milliseconds.
    latency_ms: f64,
    connections_in_use: u32,
    connections_open: u32,
    connections_max: u32,
}

/// Says whether the database answers.
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses(
        (status = 200, body = Well),
        (status = 503, description = "It does not.", body = answers::Problem, content_type = "application/problem+json")
    )
)]
async fn healthz(State(db): State<Db>) -> Result<Json<Well>, Problem> {
    let health = db.check_database().await;
    if !health.ok {
        return Err(Problem::from_status(StatusCode::SERVICE_UNAVAILABLE).with_detail(match health.status {
            HealthStatus::PoolExhausted => "every connection is in use",
            _ => "the database does not answer",
        }));
    }
    Ok(Json(Well {
        latency_ms: health.latency_ms,
        connections_in_use: health.connections_in_use,
        connections_open: health.connections_open,
        connections_max: health.connections_max,
    }))
}
