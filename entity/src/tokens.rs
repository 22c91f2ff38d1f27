//! Personal access tokens: a person's programs act as them by one.

use db::{Error, Result, prelude::*};
use secrecy::SecretString;

use crate::{
    Bearer, Digest, PersonalAccessToken,
    personal_access_token::{Column, Draft, Model, Writable},
};

/// Makes a token for the person of the context, and returns its row and its secret.
///
/// The secret is shown this once: only its SHA-256 digest is stored. It is wiped from memory on drop, and its
/// `Debug` is redacted.
///
/// # Errors
///
/// `is_unique_violation` if the person has a token of that name, a revoked one included; `is_check_violation` if the name
/// is not of 1 to 100 characters, the expiry is not in the future (constraint `personal_access_token_expires_at`), or the
/// person has 50 live tokens already, neither revoked nor expired (constraint `personal_access_token_limit`). Refused
/// at an isolation level other than read committed, at which that number could not be known.
///
/// # Panics
///
/// If the operating system has no random bytes to give.
pub async fn create_pat(
    cx: &UserContext,
    name: &str,
    expires_at: Option<DateTimeUtc>,
) -> Result<(Model, SecretString)> {
    let secret = Bearer::Token.new_secret();
    let token = PersonalAccessToken::insert(Draft {
        name: Set(name.to_owned()),
        token_digest: Set(Digest::of(&secret)),
        expires_at: Set(expires_at),
        ..Default::default()
    })
    .exec_with_returning(cx)
    .await?;
    Ok((token, secret))
}

/// Returns the tokens of the person of the context, newest first, the revoked ones included.
///
/// # Errors
///
/// What PostgreSQL raises, such as a statement timeout.
pub async fn list_user_pats(cx: &UserReader) -> Result<Vec<Model>> {
    PersonalAccessToken::find().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).all(cx).await
}

/// Revokes a token of the person of the context. A second time is no error, and changes nothing.
///
/// # Errors
///
/// `is_not_found` if the person has no such token; another person's is none.
pub async fn revoke_pat(cx: &UserContext, id: Uuid) -> Result<()> {
    let revoked = PersonalAccessToken::update_many()
        .col_expr(Writable::RevokedAt, Expr::current_timestamp())
        .filter(Column::Id.eq(id).and(Column::RevokedAt.is_null()))
        .exec(cx)
        .await?;
    if revoked.rows_affected == 0 {
        // Either it is revoked already, or it is not this person's: this tells the two apart.
        PersonalAccessToken::update_by_id(id, Draft::default()).exec(cx).await?;
    }
    Ok(())
}

/// Returns whose token has this secret, and which one it is. One statement; none where the form of the secret or its
/// checksum is wrong. When the token was last used is written down, at most once a minute.
///
/// # Errors
///
/// `is_not_authenticated` if the secret is unknown, malformed or a session's, or the token is expired or revoked.
pub async fn authenticate_pat(cx: &IdentityContext, secret: &SecretString) -> Result<Authenticated> {
    if Bearer::of(secret) != Some(Bearer::Token) {
        return Err(Error::not_authenticated());
    }
    cx.authenticate_token(&Digest::bytes_of(secret)).await
}
