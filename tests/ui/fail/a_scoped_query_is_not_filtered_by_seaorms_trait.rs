//! A scoped query is not filtered by SeaORM's `QueryFilter`, which takes raw text and lends the statement.

use db::Select;
use entity::ResearchPlan;
use sea_orm::QueryFilter;

fn widen(mut plans: Select<ResearchPlan>) {
    plans.query().from("plan_step");
}

fn main() {}
