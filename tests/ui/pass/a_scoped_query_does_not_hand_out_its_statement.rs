//! A scoped query does not hand out the statement that its predicate goes into.

use sea_orm::{EntityTrait, QueryTrait, Select, sea_query::SelectStatement};

fn statement(plans: Select<impl EntityTrait>) -> SelectStatement {
    plans.into_query()
}

fn main() {}
