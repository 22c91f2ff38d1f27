//! A scoped update does not hand out the statement that its predicate goes into.

use db::UpdateMany;
use entity::ResearchPlan;
use sea_orm::{QueryTrait, sea_query::UpdateStatement};

fn statement(plans: UpdateMany<ResearchPlan>) -> UpdateStatement {
    plans.into_query()
}

fn main() {}
