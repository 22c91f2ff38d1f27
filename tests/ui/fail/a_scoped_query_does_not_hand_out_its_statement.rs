//! A scoped query does not hand out the statement that its predicate goes into.

use db::Select;
use entity::ResearchPlan;
use sea_orm::{QueryTrait, sea_query::SelectStatement};

fn statement(plans: Select<ResearchPlan>) -> SelectStatement {
    plans.into_query()
}

fn main() {}
