//! Who asks.

use axum::{extract::FromRequestParts, http::request::Parts};
use secrecy::SecretString;

use super::{Bearer, Problem};
use crate::{Authenticated, Result};

/// How the state of a service finds out who a bearer is.
///
/// The doors ask it once per request. It is for an [`IdentityContext`](crate::IdentityContext) to say who somebody is.
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` does not say who a bearer is",
    label = "this state is given to a router whose handlers take a door",
    note = "implement `db::axum::Authenticate` for the router's state"
)]
pub trait Authenticate: Send + Sync {
    /// Returns the person who holds the secret.
    ///
    /// # Errors
    ///
    /// `is_not_authenticated`, one and the same, if the secret is malformed, unknown, expired or revoked; what opening a
    /// context may fail with.
    fn authenticate(&self, secret: SecretString) -> impl Future<Output = Result<Authenticated>> + Send;
}

/// Extracts the person who asks, by the [`Bearer`] of the request.
///
/// For handlers that open no context for them; the others take a [`TenantDoor`](super::TenantDoor) or a
/// [`UserDoor`](super::UserDoor), which ask themselves.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an extractor, taken apart by the handler")]
pub struct SignedIn(pub Authenticated);

impl<S: Authenticate> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Bearer(secret) = Bearer::from_request_parts(parts, state).await?;
        Ok(Self(state.authenticate(secret).await?))
    }
}
