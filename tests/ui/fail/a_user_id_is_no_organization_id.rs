//! A person's id is not passed for an organization's.

use db::{Authenticated, Db, Open, Tenant, UserId};

fn open<'a>(db: &'a Db, id: UserId, who: &Authenticated) -> Open<'a, Tenant> {
    db.tenant(id, who)
}

fn main() {}
