//! Who is asking is said in an identity context, where a credential is checked, and not in a person's.

use db::{Authenticated, UserContext, UserId, prelude::Uuid};

fn who(cx: &UserContext, user_id: UserId, session_id: Uuid) -> Authenticated {
    cx.authenticated_by_session(user_id, session_id)
}

fn main() {}
