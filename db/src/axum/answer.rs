//! Which answer an error of the database is.

use std::error::Error as _;

use axum::http::StatusCode;

use super::Problem;
use crate::{Error, error::Kind};

/// Logs what is not the client's doing, and shows nothing of it.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = of(&error);
        match problem.status() {
            StatusCode::INTERNAL_SERVER_ERROR => {
                // What a hook of the application's own says is in its source alone.
                let hook = error.source().map(tracing::field::display).filter(|_| error.is_refused_by_hook());
                tracing::error!(%error, hook, "a request failed");
            }
            StatusCode::SERVICE_UNAVAILABLE => tracing::warn!(%error, "a request was turned away"),
            _ => tracing::debug!(%error, "a request was refused"),
        }
        problem
    }
}

fn of(error: &Error) -> Problem {
    use StatusCode as Status;

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
    } else if error.is_unique_violation() || error.is_exclusion_violation() {
        Problem::new(Status::CONFLICT, "/problems/taken", "Taken").with_detail("another row has this key or name")
    } else if error.is_foreign_key_violation() {
        Problem::new(Status::CONFLICT, "/problems/reference", "Reference to what is not there")
            .with_detail("it refers to, or is referred to by, a row that is not there")
    } else if error.is_check_violation() || error.is_not_null_violation() || is_of_a_value(error) {
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

/// Returns whether it is about a value that the client may have sent: one that PostgreSQL does not take, or that is
/// twice in what was to be written once. What the program computes or sends of itself is its own mistake.
fn is_of_a_value(error: &Error) -> bool {
    const THE_PROGRAMS: [&str; 4] = ["22012", "22P03", "2201E", "2201F"];
    let of_the_program = || error.sqlstate().is_some_and(|code| THE_PROGRAMS.contains(&code));
    (error.is_data_exception() && !of_the_program())
        || error.is_cardinality_violation()
        // Not in the view that it was written through.
        || error.sqlstate() == Some("44000")
}

/// Returns whether the same request may succeed in a moment.
fn is_unavailable(error: &Error) -> bool {
    error.is_pool_timeout()
        || error.is_unreachable()
        || error.is_connection_lost()
        || error.is_statement_timeout()
        || error.is_serialization_failure()
        || error.is_stale_statement()
        || error.is_lock_not_available()
        || error.is_out_of_resources()
        || error.is_server_read_only()
        // The service is shutting down.
        || matches!(*error.0, Kind::PoolClosed)
        // The server is starting up or shutting down.
        || error.sqlstate() == Some("57P03")
}
