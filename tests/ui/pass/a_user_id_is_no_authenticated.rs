//! A person's id is not passed for somebody who has proved who they are.

use db::{Authenticated, Db, Open, User};

fn open<'a>(db: &'a Db, who: &Authenticated) -> Open<'a, User> {
    db.user(who)
}

fn main() {}
