//! Who is asking is said in an identity context, where a credential is checked, and not in a person's.

use db::{Authenticated, IdentityContext, UserId, prelude::Uuid};

fn who(cx: &IdentityContext, user_id: UserId, session_id: Uuid) -> Authenticated {
    cx.authenticated_by_session(user_id, session_id)
}

fn main() {}
