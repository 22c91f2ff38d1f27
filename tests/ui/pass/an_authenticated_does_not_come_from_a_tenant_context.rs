//! Who is asking is said in an identity context, where a credential is checked, and not in a tenant's.

use db::{Authenticated, IdentityContext, UserId};

fn who(cx: &IdentityContext, user_id: UserId) -> Authenticated {
    cx.authenticated(user_id)
}

fn main() {}
