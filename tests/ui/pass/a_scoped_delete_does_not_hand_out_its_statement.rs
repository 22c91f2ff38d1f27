//! A scoped delete does not hand out the statement that its predicate goes into.

use sea_orm::{DeleteMany, EntityTrait, QueryTrait, sea_query::DeleteStatement};

fn statement(plans: DeleteMany<impl EntityTrait>) -> DeleteStatement {
    plans.into_query()
}

fn main() {}
