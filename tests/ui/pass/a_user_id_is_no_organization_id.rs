//! A person's id is not passed for an organization's.

use db::{Authenticated, Db, Open, OrganizationId, Tenant};

fn open<'a>(db: &'a Db, id: OrganizationId, who: &Authenticated) -> Open<'a, Tenant> {
    db.tenant(id, who)
}

fn main() {}
