//! How somebody has proved who they are is read, and not set by hand.

use db::{Authenticated, Credential};

fn signed_in(who: Authenticated) -> Option<Authenticated> {
    (who.credential() == Credential::SignIn).then_some(who)
}

fn main() {}
