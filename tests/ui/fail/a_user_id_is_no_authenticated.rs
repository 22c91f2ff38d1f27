//! A person's id is not passed for somebody who has proved who they are.

use db::{Db, Open, User, UserId};

fn open<'a>(db: &'a Db, who: &UserId) -> Open<'a, User> {
    db.user(who)
}

fn main() {}
