//! What routes may answer beside what they are for, as the document has it.

use utoipa::{IntoResponses, ToSchema};

/// What went wrong: `db::axum::Problem` as it is written.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes what `db::axum::Problem` writes")]
pub(crate) struct Problem {
    /// What the problem is called; `about:blank` where the status says it all.
    #[schema(format = "uri-reference")]
    r#type: String,
    /// The problem in a few words, the same each time.
    title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is particular to this time.
    #[schema(required = false, nullable = false)]
    detail: Option<String>,
}

/// What every route that asks for a token may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what extractors and layers answer")]
pub(crate) enum Asked {
    /// A parameter is not what it should be.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] Problem),
    /// There is no token, or it is unknown, expired or revoked.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// It was turned away. With `Retry-After`, where the `type` is `about:blank`, nothing has taken place, and the same
    /// may be tried again. Without, where it is `/problems/outcome-unknown`, a write was cut off, which may or may not
    /// have taken place: look before you try again.
    #[response(
        status = 503, content_type = "application/problem+json",
        headers(("Retry-After" = u64, description = "After how many seconds to try again; only where that is safe."))
    )]
    Unavailable(#[to_schema] Problem),
}

/// What every route in an organization may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what a context answers")]
pub(crate) enum InOrganization {
    /// The person is no member of the organization, or not of the role that this takes.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
}

/// What every route to one thing may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what a query answers")]
pub(crate) enum ToOne {
    /// There is no such thing here.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
}

/// What every route that is sent something may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what extractors and constraints answer")]
pub(crate) enum Sent {
    /// It is taken, or refers to what is not there any more.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(#[to_schema] Problem),
    /// The body is not said to be JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(#[to_schema] Problem),
    /// A value is missing, or outside of what is allowed.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(#[to_schema] Problem),
}
