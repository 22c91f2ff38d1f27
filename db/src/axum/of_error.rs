//! Which answer an error of the database is.

use axum::http::StatusCode;

use super::Problem;
use crate::{Error, error::Kind};

/// Logs what is not the client's doing, and shows nothing of it.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = of(&error);
        match problem.status() {
            StatusCode::INTERNAL_SERVER_ERROR => tracing::error!(%error, "a request failed"),
            StatusCode::SERVICE_UNAVAILABLE => tracing::warn!(%error, "a request was turned away"),
            _ => tracing::debug!(%error, "a request was refused"),
        }
        problem
    }
}

fn of(error: &Error) -> Problem {
    use StatusCode as Status;

    let sqlstate = error.sqlstate().unwrap_or_default();
    if error.is_not_authenticated() {
        Problem::not_authenticated()
    } else if error.is_not_a_member() {
        Problem::new(Status::FORBIDDEN, "/problems/not-a-member", "Not a member of the organization")
    } else if error.is_last_owner() {
        Problem::new(Status::CONFLICT, "/problems/last-owner", "Last owner")
            .with_detail("the organization would be left without an owner")
    } else if error.is_denied_by_policy() {
        Problem::new(Status::FORBIDDEN, "/problems/permission-denied", "Permission denied")
            .with_detail("this takes another role than yours")
    } else if error.is_not_found() {
        Problem::from_status(Status::NOT_FOUND)
    } else if error.is_unique_violation() || sqlstate == "23P01" {
        Problem::new(Status::CONFLICT, "/problems/taken", "Taken").with_detail("another row has this key or name")
    } else if error.is_foreign_key_violation() {
        Problem::new(Status::CONFLICT, "/problems/reference", "Reference to what is not there")
            .with_detail("it refers to, or is referred to by, a row that is not there")
    } else if error.is_check_violation() || error.is_not_null_violation() || IMPOSSIBLE.contains(&sqlstate) {
        Problem::new(Status::UNPROCESSABLE_ENTITY, "/problems/value", "Value not allowed")
            .with_detail("a value is missing, or outside of what is allowed")
    } else if error.is_outcome_unknown() {
        Problem::outcome_unknown()
    } else if is_unavailable(error) {
        Problem::from_status(Status::SERVICE_UNAVAILABLE)
    } else {
        Problem::from_status(Status::INTERNAL_SERVER_ERROR)
    }
}

/// Whether the same request may succeed in a moment.
fn is_unavailable(error: &Error) -> bool {
    error.is_pool_timeout()
        || error.is_unreachable()
        || error.is_connection_lost()
        || error.is_statement_timeout()
        || error.is_serialization_failure()
        // The service is shutting down.
        || matches!(*error.0, Kind::PoolClosed)
        // The server is starting up or shutting down, has run out of something, or a lock was not to be had; or it has
        // become a standby.
        || error.sqlstate().is_some_and(|code| code.starts_with("53") || matches!(code, "57P03" | "55P03" | "25006"))
}

/// What PostgreSQL says of a value that cannot be: a NUL in a text, one that is too long or too large, a time that there
/// is not, more than an index takes.
const IMPOSSIBLE: [&str; 6] = ["22021", "22P05", "22001", "22003", "22008", "54000"];
