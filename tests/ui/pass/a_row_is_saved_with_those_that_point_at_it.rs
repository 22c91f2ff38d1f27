//! A row is saved with those that point at it, not with those that it points at.

use entity::{PlanStep, ResearchPlan, plan_step, research_plan};

fn save(step: plan_step::Draft, plan: research_plan::Draft) {
    let _save = ResearchPlan::save(plan).with(PlanStep, [step]);
}

fn main() {}
