//! Who is asking, by a secret of either kind.

use db::{Authenticated, Db, Error, Result};
use secrecy::SecretString;

use crate::{Bearer, authenticate_pat, authenticate_session};

/// Returns whose secret this is: a personal access token's or a session's, told apart by its prefix.
///
/// The checksum is looked at before a connection is taken. To be called outside of a context: it opens one of its own,
/// for sign-in.
///
/// ```
/// # use db::prelude::*;
/// # async fn f(db: &Db, header: String) -> db::Result<()> {
/// let who = entity::authenticate(db, &header.into()).await?;
/// // The organization of the request; whether they are a member is checked as the context opens.
/// # let organization_id = OrganizationId::new();
/// db.with_tenant_context(organization_id, &who, async |cx| {
///     // …
/// #   let _ = cx;
///     Ok(())
/// }).await
/// # }
/// ```
///
/// # Errors
///
/// `is_not_authenticated` if the secret is unknown, malformed, expired or revoked; what opening a context may fail with.
pub async fn authenticate(db: &Db, secret: &SecretString) -> Result<Authenticated> {
    match Bearer::of(secret) {
        Some(Bearer::Token) => db.with_identity_context(async |cx| authenticate_pat(cx, secret).await).await,
        Some(Bearer::Session) => db.identity().read_only().run(async |cx| authenticate_session(cx, secret).await).await,
        None => Err(Error::not_authenticated()),
    }
}
