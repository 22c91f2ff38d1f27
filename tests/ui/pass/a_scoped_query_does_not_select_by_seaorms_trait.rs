//! A scoped query does not select by SeaORM's `QuerySelect`, which joins any table and lends the statement.

use sea_orm::{EntityTrait, QuerySelect, Select};

fn widen(mut plans: Select<impl EntityTrait>) {
    plans.query().from("plan_step");
}

fn main() {}
