//! A scoped query does not select by SeaORM's `QuerySelect`, which joins any table and lends the statement.

use db::Select;
use entity::ResearchPlan;
use sea_orm::QuerySelect;

fn widen(mut plans: Select<ResearchPlan>) {
    plans.query().from("plan_step");
}

fn main() {}
