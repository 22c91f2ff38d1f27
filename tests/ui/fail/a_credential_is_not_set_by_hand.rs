//! How somebody has proved who they are is read, and not set by hand.

use db::{Authenticated, Credential};

fn signed_in(mut who: Authenticated) -> Authenticated {
    who.credential = Credential::SignIn;
    who
}

fn main() {}
