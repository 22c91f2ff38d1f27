//! Sessions: a person stays signed in on one device.

use std::time::{Duration, SystemTime};

use db::{Credential, Error, Result, prelude::*};
use secrecy::SecretString;

use crate::{
    Bearer, Digest, Session,
    session::{Column, Draft, Model, ScopeColumns, Writable},
};

/// The longest lifetime that is taken: a hundred years. One that is longer is cut to it, so that every date is one that
/// PostgreSQL and `chrono` can hold.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// What a new session is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "parameters, made by the caller")]
pub struct NewSession {
    /// How long it lives from now, unless it is touched.
    pub lifetime: Duration,
    /// The address that the person signs in from.
    pub ip_address: Option<String>,
    /// The browser or program that they sign in with.
    pub user_agent: Option<String>,
}

/// Makes a session for a person who has just signed in, and returns its row and its secret.
///
/// The secret is shown this once: only its SHA-256 digest is stored. It is wiped from memory on drop, and its
/// `Debug` is redacted.
///
/// # Errors
///
/// `is_not_authenticated` if they came by a token: a session would outlive it. `is_foreign_key_violation` if there is no
/// such person.
///
/// # Panics
///
/// If the operating system has no random bytes to give.
pub async fn create_session(
    cx: &IdentityContext,
    who: &Authenticated,
    new: NewSession,
) -> Result<(Model, SecretString)> {
    if matches!(who.credential(), Credential::Token(_)) {
        return Err(Error::not_authenticated());
    }
    let secret = Bearer::Session.new_secret();
    let draft = Draft {
        token_digest: Set(Digest::of(&secret)),
        expires_at: Set((SystemTime::now() + new.lifetime.min(LONGEST)).into()),
        ip_address: Set(new.ip_address),
        user_agent: Set(new.user_agent),
        ..Default::default()
    };
    let columns = ScopeColumns { user_id: who.user_id() };
    Ok((Session::insert_into(columns, draft).exec_with_returning(cx).await?, secret))
}

/// Returns whose session has this secret. One statement; none where the form of the secret or its checksum is wrong.
///
/// # Errors
///
/// `is_not_authenticated` if the secret is unknown, malformed or a token's, or the session is expired or revoked.
pub async fn authenticate_session(cx: &IdentityReader, secret: &SecretString) -> Result<Authenticated> {
    if Bearer::of(secret) != Some(Bearer::Session) {
        return Err(Error::not_authenticated());
    }
    let found = Session::find()
        .filter(Column::TokenDigest.eq(Digest::of(secret)))
        .filter(Column::ExpiresAt.into_expr().gt(Expr::current_timestamp()))
        .one(cx)
        .await?;
    let session = found.ok_or_else(Error::not_authenticated)?;
    Ok(cx.authenticated_by_session(session.user_id, session.id))
}

/// Lets a live session of the person live for `lifetime` from now, unless it lives that long already: it never shortens one.
///
/// It writes only what adds a minute or more (half the lifetime, where that is less): at most once a minute, then, with
/// the same lifetime each time. A session that is expired or revoked stays so, and is no error: whoever asks next is
/// told.
///
/// # Errors
///
/// `is_not_authenticated` if the person came by a token; what PostgreSQL raises, such as a statement timeout.
pub async fn touch_session(cx: &IdentityContext, who: &Authenticated, id: Uuid, lifetime: Duration) -> Result<()> {
    if matches!(who.credential(), Credential::Token(_)) {
        return Err(Error::not_authenticated());
    }
    let lifetime = lifetime.min(LONGEST);
    let step = Duration::from_mins(1).min(lifetime / 2);
    let in_time = |time: Duration| Expr::current_timestamp().add(interval(time));
    let expires_at = || Column::ExpiresAt.into_expr();
    let _ = Session::update_many()
        .col_expr(Writable::ExpiresAt, in_time(lifetime))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(who.user_id()))
        .filter(expires_at().gt(Expr::current_timestamp()))
        .filter(expires_at().lte(in_time(lifetime.saturating_sub(step))))
        .exec(cx)
        .await?;
    Ok(())
}

/// Revokes a session of the person: they are signed out on that device. A second time is no error, and changes nothing;
/// nor does another person's id. In a context of one's own, `Session::delete_by_id` does the same.
///
/// # Errors
///
/// What PostgreSQL raises, such as a statement timeout.
pub async fn revoke_session(cx: &IdentityContext, who: &Authenticated, id: Uuid) -> Result<()> {
    let own = Column::Id.eq(id).and(Column::UserId.eq(who.user_id()));
    let _ = Session::delete_many().filter(own).exec(cx).await?;
    Ok(())
}

/// Revokes all sessions of a person, such as when their password has changed, and returns how many there were.
///
/// # Errors
///
/// What PostgreSQL raises, such as a statement timeout.
pub async fn revoke_sessions(cx: &IdentityContext, user_id: UserId) -> Result<u64> {
    Ok(Session::delete_many().filter(Column::UserId.eq(user_id)).exec(cx).await?.rows_affected)
}

fn interval(time: Duration) -> Expr {
    Expr::val(format!("{} microseconds", time.as_micros())).cast_as("interval")
}
