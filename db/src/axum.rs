//! What a service on [axum](https://docs.rs/axum/0.8) needs of this crate: who asks, the extractor that opens a context, and errors
//! as answers. Behind the feature `axum`.
//!
//! A handler takes an extractor. It is there once the bearer's secret was checked, and opens a context when the handler asks it
//! to, so that a connection is held while the handler works in the context, and at no other time. Whoever is no member
//! of the organization in the path is refused by the database as the context opens: a path may name any.
//!
//! ```
//! use axum::{Json, Router, extract::FromRef, middleware::map_response, routing::get};
//! use db::{Authenticated, Db, axum::{Authenticate, Problem, TenantExtractor, problems}};
//! use secrecy::SecretString;
//!
//! #[derive(Clone)]
//! struct App {
//!     db: Db,
//! }
//!
//! impl FromRef<App> for Db {
//!     fn from_ref(app: &App) -> Db {
//!         app.db.clone()
//!     }
//! }
//!
//! impl Authenticate for App {
//!     async fn authenticate(&self, secret: SecretString) -> db::Result<Authenticated> {
//!         // … such as `entity::authenticate(&self.db, &secret).await`
//! #       let _ = secret;
//!         Err(db::Error::not_authenticated())
//!     }
//! }
//!
//! async fn name(tenant: TenantExtractor) -> Result<Json<String>, Problem> {
//!     let name = tenant.read(async |cx| {
//!         // … scoped queries
//!         Ok(cx.organization_id().to_string())
//!     }).await?;
//!     Ok(Json(name))
//! }
//!
//! fn service(app: App) -> Router {
//!     Router::new()
//!         .route("/organizations/{organization_id}/name", get(name))
//!         .layer(map_response(problems))       // what axum itself refuses is a problem too
//!         .with_state(app)
//! }
//! ```
//!
//! # What it does not do
//!
//! It does not limit how long a request may take, how large it is, how slowly its headers come (`axum::serve` does not
//! either), or how many there are at once: layers do, and `problems` turns their refusals into problems. A layer that
//! drops the handler's future on a timeout cancels the work: the context rolls back, and its connection is closed where a
//! statement was under way. Where that was the commit, the outcome is unknown, so that a client must not be told to try
//! again: answer a write that was cut off with [`Problem::outcome_unknown`].

mod answer;
mod authenticate;
mod bearer;
mod extractor;
mod problem;
mod rejection;

pub use self::{
    authenticate::{Authenticate, SignedIn},
    bearer::Bearer,
    extractor::{TenantExtractor, UserExtractor},
    problem::{Problem, problems},
    rejection::{JsonBody, PathParams, QueryParams},
};
