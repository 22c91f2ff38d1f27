//! Personal access tokens: a person's programs act as them by one.

use db::{Result, UserContext, UserReader, prelude::*};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::{
    PersonalAccessToken,
    personal_access_token::{Column, Draft, Model, Writable},
};

/// Makes a token for the person of the context, and returns its row and its secret.
///
/// The secret is shown this once: only its SHA-256 digest is stored. It is wiped from memory on drop, and its
/// `Debug` is redacted.
///
/// # Errors
///
/// `is_unique_violation` if the person has a token of that name; `is_check_violation` if the name is not of 1 to
/// 100 characters.
///
/// # Panics
///
/// If the operating system has no random bytes to give.
pub async fn create_pat(
    cx: &UserContext,
    name: &str,
    expires_at: Option<DateTimeUtc>,
) -> Result<(Model, SecretString)> {
    let secret = new_secret();
    let token = PersonalAccessToken::insert(Draft {
        name: Set(name.to_owned()),
        token_digest: Set(digest(&secret)),
        expires_at: Set(expires_at),
        ..Default::default()
    })
    .exec_with_returning(cx)
    .await?;
    Ok((token, secret.into()))
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

/// Makes a secret: `trv_`, and 244 random bits from the operating system as 64 hexadecimal digits.
fn new_secret() -> String {
    format!("trv_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (new_secret(), new_secret());
        assert_eq!(one.len(), 68);
        assert_ne!(one, other);
        assert_ne!(digest(&one), digest(&other));
    }
}
