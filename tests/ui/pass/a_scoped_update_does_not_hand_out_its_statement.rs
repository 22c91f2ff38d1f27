//! A scoped update does not hand out the statement that its predicate goes into.

use sea_orm::{EntityTrait, QueryTrait, UpdateMany, sea_query::UpdateStatement};

fn statement(plans: UpdateMany<impl EntityTrait>) -> UpdateStatement {
    plans.into_query()
}

fn main() {}
