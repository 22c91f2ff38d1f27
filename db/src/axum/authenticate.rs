//! Who asks.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use secrecy::SecretString;

use super::{Bearer, Problem};
use crate::{Authenticated, Db, Result};

/// How the state of a service finds out who a bearer is.
///
/// Each extractor asks it once. A state in an `Arc` does, too. It is for an [`IdentityContext`](crate::IdentityContext)
/// to say who somebody is.
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` does not say who a bearer is",
    label = "this state is given to a router whose handlers take an extractor",
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

impl<S: Authenticate> Authenticate for Arc<S> {
    fn authenticate(&self, secret: SecretString) -> impl Future<Output = Result<Authenticated>> + Send {
        (**self).authenticate(secret)
    }
}

/// A state that is shared has the same [`Db`].
impl<S> FromRef<Arc<S>> for Db
where
    Self: FromRef<S>,
{
    fn from_ref(state: &Arc<S>) -> Self {
        Self::from_ref(&**state)
    }
}

/// Extracts the person who asks, by the [`Bearer`] of the request.
///
/// For handlers that open no context for them; the others take a [`TenantExtractor`](super::TenantExtractor) or a
/// [`UserExtractor`](super::UserExtractor), which ask themselves.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct App(Db);

    impl FromRef<App> for Db {
        fn from_ref(app: &App) -> Self {
            app.0.clone()
        }
    }

    impl Authenticate for App {
        async fn authenticate(&self, _: SecretString) -> Result<Authenticated> {
            Err(crate::Error::not_authenticated())
        }
    }

    fn has_doors<S: Authenticate>()
    where
        Db: FromRef<S>,
        SignedIn: FromRequestParts<S>,
        super::super::TenantExtractor: FromRequestParts<S>,
        super::super::UserExtractor: FromRequestParts<S>,
    {
    }

    #[test]
    fn a_state_has_doors_by_itself_and_in_an_arc() {
        has_doors::<App>();
        has_doors::<Arc<App>>();
    }
}
