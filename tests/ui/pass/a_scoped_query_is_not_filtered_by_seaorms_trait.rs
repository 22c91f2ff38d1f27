//! A scoped query is not filtered by SeaORM's `QueryFilter`, which takes raw text and lends the statement.

use sea_orm::{EntityTrait, QueryFilter, Select};

fn widen(mut plans: Select<impl EntityTrait>) {
    plans.query().from("plan_step");
}

fn main() {}
