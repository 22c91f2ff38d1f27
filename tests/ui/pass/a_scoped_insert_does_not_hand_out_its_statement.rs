//! A scoped insert does not hand out the statement that its scope's value goes into.

use sea_orm::{ActiveModelTrait, Insert, QueryTrait, sea_query::InsertStatement};

fn statement(plan: Insert<impl ActiveModelTrait>) -> InsertStatement {
    plan.into_query()
}

fn main() {}
