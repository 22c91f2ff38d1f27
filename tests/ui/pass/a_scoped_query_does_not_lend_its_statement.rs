//! A scoped query does not lend the statement that its predicate goes into.

use sea_orm::{EntityTrait, QueryTrait, Select};

fn widen(mut plans: Select<impl EntityTrait>) {
    plans.query().from("plan_step");
}

fn main() {}
