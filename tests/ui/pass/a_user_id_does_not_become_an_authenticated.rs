//! A person's id does not become somebody who has proved who they are by a conversion.

use db::{Authenticated, UserId};

fn who(id: UserId) -> Authenticated {
    Authenticated::assume(id)
}

fn main() {}
