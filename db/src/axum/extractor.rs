//! The extractors that open contexts.

use axum::{
    extract::{FromRef, FromRequestParts, RawPathParams},
    http::{StatusCode, request::Parts},
};

use super::{Authenticate, Bearer, Problem, SignedIn};
use crate::{
    Authenticated, Context, Db, Open, OrganizationId, ReadOnly, Result, Tenant, TenantContext, User, UserContext,
};

/// Extracts what opens the context of the person who asks.
///
/// It holds no connection: [`run`](Self::run) and [`read`](Self::read) open a context each.
#[derive(Clone, Debug)]
pub struct UserExtractor {
    db: Db,
    who: Authenticated,
}

impl UserExtractor {
    /// Returns who asks.
    #[must_use]
    pub fn who(&self) -> &Authenticated {
        &self.who
    }

    /// Runs `f` in the person's context, and commits if it returns `Ok`.
    ///
    /// # Errors
    ///
    /// Those of [`Open::run`].
    pub async fn run<T>(&self, f: impl AsyncFnOnce(&mut UserContext) -> Result<T>) -> Result<T> {
        self.open().run(f).await
    }

    /// Runs `f` in the person's context, where it only reads.
    ///
    /// # Errors
    ///
    /// Those of [`Open::run`].
    pub async fn read<T>(&self, f: impl AsyncFnOnce(&mut Context<User, ReadOnly>) -> Result<T>) -> Result<T> {
        self.open().read_only().run(f).await
    }

    /// Opens the person's context with options, or for a closure with an error of its own.
    pub fn open(&self) -> Open<'_, User> {
        self.db.user(&self.who)
    }
}

/// Extracts what opens the context of the organization that the path names, for the person who asks.
///
/// The route's path has a parameter `{organization_id}`. Whether the person is a member is seen as a context opens: the
/// extractor alone says nothing of it. It holds no connection: [`run`](Self::run) and [`read`](Self::read) open a
/// context each.
#[derive(Clone, Debug)]
pub struct TenantExtractor {
    db: Db,
    who: Authenticated,
    organization_id: OrganizationId,
}

impl TenantExtractor {
    /// Returns who asks.
    #[must_use]
    pub fn who(&self) -> &Authenticated {
        &self.who
    }

    /// Returns the organization that the path names; the person may be no member of it.
    #[must_use]
    pub fn organization_id(&self) -> OrganizationId {
        self.organization_id
    }

    /// Runs `f` in the organization's context, and commits if it returns `Ok`.
    ///
    /// # Errors
    ///
    /// Those of [`Open::run`], `is_not_a_member` among them.
    pub async fn run<T>(&self, f: impl AsyncFnOnce(&mut TenantContext) -> Result<T>) -> Result<T> {
        self.open().run(f).await
    }

    /// Runs `f` in the organization's context, where it only reads.
    ///
    /// # Errors
    ///
    /// Those of [`Open::run`], `is_not_a_member` among them.
    pub async fn read<T>(&self, f: impl AsyncFnOnce(&mut Context<Tenant, ReadOnly>) -> Result<T>) -> Result<T> {
        self.open().read_only().run(f).await
    }

    /// Opens the organization's context with options, or for a closure with an error of its own.
    pub fn open(&self) -> Open<'_, Tenant> {
        self.db.tenant(self.organization_id, &self.who)
    }
}

impl<S: Authenticate> FromRequestParts<S> for UserExtractor
where
    Db: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn(who) = SignedIn::from_request_parts(parts, state).await?;
        Ok(Self { db: Db::from_ref(state), who })
    }
}

/// The parameter of the route's path that names the organization.
const PARAMETER: &str = "organization_id";

/// Returns the organization that the path names.
async fn organization<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<OrganizationId, Problem> {
    let parameters = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|rejection| Problem::rejected(rejection.status(), rejection.body_text()))?;
    let Some((_, id)) = parameters.iter().find(|(name, _)| *name == PARAMETER) else {
        // That is the service's own mistake.
        let text = format!("the path of the route has no `{{{PARAMETER}}}`");
        return Err(Problem::rejected(StatusCode::INTERNAL_SERVER_ERROR, text));
    };
    id.parse().map_err(|_| Problem::rejected(StatusCode::BAD_REQUEST, format!("`{PARAMETER}` is no UUID")))
}

impl<S: Authenticate> FromRequestParts<S> for TenantExtractor
where
    Db: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What needs no connection comes first.
        let Bearer(secret) = Bearer::from_request_parts(parts, state).await?;
        let organization_id = organization(parts, state).await?;
        let who = state.authenticate(secret).await?;
        Ok(Self { db: Db::from_ref(state), who, organization_id })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_route_that_names_no_organization_is_the_services_own_mistake() {
        let mut parts = Request::new(()).into_parts().0;
        let problem = organization(&mut parts, &()).now_or_never().unwrap().unwrap_err();
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
