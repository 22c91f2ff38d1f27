//! The scope column of one scope is not compared with the key of another: the ids are types of their own.

use db::{OrganizationId, UserId};

fn same(organization: OrganizationId, user: UserId) -> bool {
    organization == user
}

fn main() {}
