//! Who is asking, and how they have proved it.

use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

use crate::{Error, IdentityContext, IdentityReader, Result, UserId, error::from_row};

/// A person who has proved who they are; what a context for a person is opened with.
///
/// There are two ways to one: an identity context, in which a credential is checked
/// ([`authenticate_token`](IdentityContext::authenticate_token) checks it itself; [`IdentityReader::authenticated`] and
/// [`IdentityReader::authenticated_by_session`] are for code that has just done so), and [`assume`](Self::assume). A
/// [`UserId`] from a request, a row or a member list is none, so it cannot become the one who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    user_id: UserId,
    credential: Credential,
}

/// How a person has proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// Not at all: [`Authenticated::assume`].
    Assumed,
    /// By signing in, just now.
    SignIn,
    /// By the session of this id.
    Session(Uuid),
    /// By the personal access token of this id.
    Token(Uuid),
}

impl Authenticated {
    /// Takes a person's identity on faith.
    ///
    /// # This widens power
    ///
    /// Nothing is checked: whoever calls this acts as `user_id`. It is meant for tests, for seeding, and for
    /// code that has checked a credential elsewhere, and it is named so that a review finds each use:
    /// search for `Authenticated::assume`.
    #[must_use]
    pub fn assume(user_id: UserId) -> Self {
        Self { user_id, credential: Credential::Assumed }
    }

    /// Returns the person's id.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Returns how they have proved who they are.
    #[must_use]
    pub fn credential(&self) -> Credential {
        self.credential
    }
}

impl IdentityReader {
    /// Says that a person has just proved who they are, by signing in.
    ///
    /// For sign-in code alone, which has checked a credential of theirs in this context: nothing is checked
    /// here. An id from a request is not to be passed to it.
    #[must_use]
    pub fn authenticated(&self, user_id: UserId) -> Authenticated {
        Authenticated { user_id, credential: Credential::SignIn }
    }

    /// Says that a person has just proved who they are, by a session of theirs.
    ///
    /// For sign-in code alone, which has looked the session up by its secret in this context: nothing is checked here.
    #[must_use]
    pub fn authenticated_by_session(&self, user_id: UserId, session_id: Uuid) -> Authenticated {
        Authenticated { user_id, credential: Credential::Session(session_id) }
    }
}

impl IdentityContext {
    /// Asks the database whose personal access token has this SHA-256 digest.
    ///
    /// One statement. The look-up is the function `authenticate_token` of the contract (see
    /// [`Tokens`](crate::contract::Tokens)): the role of this context can read no token itself. The function writes
    /// down when a token was last used, at most once a minute; so the context is one that writes.
    ///
    /// # Errors
    ///
    /// `is_not_authenticated` if no token has the digest, or the one that has is expired or revoked.
    pub async fn authenticate_token(&self, digest: &[u8; 32]) -> Result<Authenticated> {
        const TABLE: &str = "authenticate_token";
        let sql = format!("SELECT user_id, token_id FROM {}.authenticate_token($1)", self.prefix());
        let digest = Value::Bytes(Some(digest.to_vec()));
        let rows = self.fetch_all(Statement::from_sql_and_values(DbBackend::Postgres, sql, [digest])).await?;
        // Digests need not be unique in the table, or one person could ask which ones another has. A second one was
        // planted by somebody who knows it, so it proves nothing.
        let [row] = rows.as_slice() else { return Err(Error::not_authenticated()) };
        let column = |index| row.try_get_by_index(index).map_err(|error| from_row(TABLE, error));
        Ok(Authenticated { user_id: UserId(column(0)?), credential: Credential::Token(column(1)?) })
    }
}
