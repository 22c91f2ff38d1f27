//! A scoped query does not lend the statement that its predicate goes into.

use db::Select;
use entity::ResearchPlan;
use sea_orm::QueryTrait;

fn widen(mut plans: Select<ResearchPlan>) {
    plans.query().from("plan_step");
}

fn main() {}
