//! A scoped insert does not hand out the statement that its scope's value goes into.

use db::Insert;
use entity::ResearchPlan;
use sea_orm::{QueryTrait, sea_query::InsertStatement};

fn statement(plan: Insert<ResearchPlan>) -> InsertStatement {
    plan.into_query()
}

fn main() {}
