//! A subquery is a scoped query, which selects columns; a statement of one's own is none.

use db::prelude::*;
use entity::{PlanStep, ResearchPlan, plan_step, research_plan};

fn steps() {
    let plans = ResearchPlan::find().select_only().column(research_plan::Column::Id);
    let _select = PlanStep::find().in_subquery(plan_step::Column::PlanId, plans);
}

fn main() {}
