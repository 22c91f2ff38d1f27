//! The service as a whole: its routes, its layers, and the document that describes it.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRef, MatchedPath, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use db::{
    Authenticated, Db,
    axum::{Authenticate, Problem, problems},
};
use secrecy::SecretString;
use tokio::time::timeout;
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};
use tracing::{Span, field::Empty};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{health, members, plans, tokens};

/// What every handler may ask for.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
}

impl FromRef<App> for Db {
    fn from_ref(app: &App) -> Self {
        app.db.clone()
    }
}

impl Authenticate for App {
    async fn authenticate(&self, secret: SecretString) -> db::Result<Authenticated> {
        entity::authenticate(&self.db, &secret).await
    }
}

/// What one request may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many bytes its body may have.
    pub(crate) body: usize,
    /// How long it may take. Longer than the pool's acquire timeout, so that it is known why.
    pub(crate) time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 64 * 1024, time: Duration::from_secs(10) }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Research plans", description = "Plans, steps, tokens and members of organizations.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    modifiers(&Token),
    security(("token" = []))
)]
struct Api;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Document) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", bearer);
    }
}

/// Makes the service.
pub(crate) fn service(app: App, limits: Limits) -> Router {
    let (router, document) = OpenApiRouter::with_openapi(Api::openapi())
        .merge(plans::routes())
        .merge(tokens::routes())
        .merge(members::routes())
        .merge(health::routes())
        .split_for_parts();
    let described = get(move || async move { Json(document) });
    with_layers(router.route("/openapi.json", described), limits).with_state(app)
}

/// Puts what holds for every route around them; the last layer is the outermost.
pub(crate) fn with_layers<S: Clone + Send + Sync + 'static>(router: Router<S>, limits: Limits) -> Router<S> {
    router
        .layer(from_fn_with_state(limits.time, cut_off))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(limits.body))
        .layer(map_response(problems))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(|response: &Response, took: Duration, span: &Span| {
                    span.record("status", response.status().as_u16());
                    span.record("ms", took.as_secs_f64() * 1000.0);
                    tracing::info!("answered");
                })
                .on_failure(()),
        )
}

/// Cuts a request off that takes too long: drops the handler's future, and with it the context and what is under way in
/// it. Reading may be tried again. Of a write nobody knows: its commit may have been under way.
async fn cut_off(State(time): State<Duration>, request: Request, next: Next) -> Response {
    let reads = request.method().is_safe();
    match timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) if reads => Problem::from_status(StatusCode::SERVICE_UNAVAILABLE).into_response(),
        Err(_) => Problem::outcome_unknown().into_response(),
    }
}

/// Makes the span of a request. Neither the query, nor a header, nor the body is in it: there may be secrets in those.
fn span(request: &Request) -> Span {
    // The route's pattern, and so no id.
    let path = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), path, status = Empty, ms = Empty)
}
