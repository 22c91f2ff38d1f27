//! Who is asking.

use crate::UserId;

/// A person who has proved who they are; what a context for a person is opened with.
///
/// There are two ways to one: [`IdentityContext::authenticated`](crate::Context::authenticated), for code
/// that has just checked a credential, and [`assume`](Self::assume). A [`UserId`] from a request, a row or
/// a member list is none, so it cannot become the one who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    user_id: UserId,
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
        Self { user_id }
    }

    /// Returns the person's id.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }
}
