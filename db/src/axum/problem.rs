//! Errors as answers.

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER, TRANSFER_ENCODING, WWW_AUTHENTICATE,
        },
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// After how long somebody who was turned away may try again.
const RETRY: Duration = Duration::from_secs(1);

/// An answer that says what went wrong: `application/problem+json`
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
///
/// It is what handlers return for an error; `?` makes one of an [`Error`](crate::Error):
///
/// | status | where | `type` |
/// |---|---|---|
/// | 401, with `WWW-Authenticate: Bearer` | not authenticated | `about:blank` |
/// | 403 | no member of the organization | `/problems/not-a-member` |
/// | 403 | the database denies it: another role is needed | `/problems/permission-denied` |
/// | 404 | no such row in the scope | `about:blank` |
/// | 409 | a unique key is taken | `/problems/taken` |
/// | 409 | points at, or is pointed at by, what is not there | `/problems/reference` |
/// | 409 | the organization would be left without an owner | `/problems/last-owner` |
/// | 422 | a CHECK, NOT NULL, a value that PostgreSQL does not take, or one key twice in an upsert | `/problems/value` |
/// | 503, with `Retry-After` | no connection is free, no server answers, the connection was lost, a statement timed out, a lock was not to be had, the transaction conflicted with another or with a migration, the server takes no writes or has run out of something | `about:blank` |
/// | 503 | the connection was lost on the commit; [`Problem::outcome_unknown`] | `/problems/outcome-unknown` |
/// | 500 | anything else, such as what a hook of an entity's refuses, or a write in a context that only reads; it is logged, and nothing of it shown | `about:blank` |
///
/// No answer has a value of a row, or a name of the database's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a problem is to be returned by the handler"]
pub struct Problem {
    status: StatusCode,
    /// What the problem is called where the status does not say it all.
    kind: &'static str,
    title: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    challenge: Option<&'static str>,
    retry: bool,
}

/// How a problem is written.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Problem {
    /// Makes the problem that a status alone tells: its `type` is `about:blank`. A 401 has the header
    /// `WWW-Authenticate`, a 503 the header `Retry-After`.
    pub fn from_status(status: StatusCode) -> Self {
        Self {
            status,
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").into(),
            detail: None,
            challenge: (status == StatusCode::UNAUTHORIZED).then_some("Bearer"),
            retry: status == StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Makes a problem of the application's own. `kind` is its `type`, a stable URI reference that names it.
    pub fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self { kind, title: title.into(), ..Self::from_status(status) }
    }

    /// Makes the problem of a request that may or may not have taken place: 503, `/problems/outcome-unknown`.
    ///
    /// There is no `Retry-After`: whoever asks again may do it twice, so they look first. It is for a write that was
    /// cut off, by a timeout for one, when its commit may have been under way.
    ///
    /// ```
    /// use axum::response::IntoResponse;
    /// use db::axum::Problem;
    ///
    /// let answer = Problem::outcome_unknown().into_response();
    /// assert_eq!(answer.status(), 503);
    /// assert!(!answer.headers().contains_key("retry-after"));
    /// ```
    pub fn outcome_unknown() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "/problems/outcome-unknown", "Outcome unknown")
            .with_detail("it was cut off on the way; it may or may not have taken place")
            .without_retry()
    }

    /// Says what is particular to this occurrence. It is for the client to read: no row's values, no name of the
    /// database's.
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The request does not say who asks.
    pub(super) fn no_bearer() -> Self {
        Self::from_status(StatusCode::UNAUTHORIZED).with_detail("send a token: `Authorization: Bearer …`")
    }

    /// The token is no good. It is not said why: that would tell which ones exist.
    pub(super) fn not_authenticated() -> Self {
        Self {
            challenge: Some(r#"Bearer error="invalid_token""#),
            ..Self::from_status(StatusCode::UNAUTHORIZED).with_detail("the token is unknown, expired or revoked")
        }
    }

    /// An extractor refused what the client sent; where it is the service's own mistake, that is not for the client.
    pub(super) fn rejected(status: StatusCode, text: String) -> Self {
        if status.is_server_error() {
            tracing::error!(%status, error = text, "an extractor does not fit its route");
            return Self::from_status(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Self::from_status(status).with_detail(text)
    }

    pub(super) fn without_retry(self) -> Self {
        Self { retry: false, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: self.kind,
            title: &self.title,
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
        };
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, PROBLEM_JSON)]);
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.retry {
            headers.insert(RETRY_AFTER, RETRY.as_secs().into());
        }
        (self.status, headers, Json(body)).into_response()
    }
}

/// Makes a problem of every answer that says what went wrong and is none yet: what axum refuses by itself, and what
/// layers refuse. Its headers are kept, but for those that are about the body that it had. For
/// `axum::middleware::map_response`.
pub async fn problems(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(response.headers()) {
        return response;
    }
    let mut headers = response.into_parts().0.headers;
    for about_the_body in [CONTENT_ENCODING, CONTENT_LENGTH, ETAG, TRANSFER_ENCODING] {
        headers.remove(about_the_body);
    }
    let mut problem = Problem::from_status(status).into_response();
    for (name, value) in problem.headers() {
        headers.insert(name, value.clone());
    }
    *problem.headers_mut() = headers;
    problem
}

/// Returns whether the body is said to be a problem, with parameters or without.
fn is_problem(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind);
    kind.trim().as_bytes().eq_ignore_ascii_case(PROBLEM_JSON.as_bytes())
}
