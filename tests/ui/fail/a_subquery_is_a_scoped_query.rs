//! A subquery is a scoped query, which selects columns; a statement of one's own is none.

use entity::{PlanStep, plan_step};
use sea_orm::sea_query::SelectStatement;

fn steps(plans: SelectStatement) {
    let _select = PlanStep::find().in_subquery(plan_step::Column::PlanId, plans);
}

fn main() {}
