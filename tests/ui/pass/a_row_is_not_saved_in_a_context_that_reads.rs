//! A row and those that point at it are not saved in a context that only reads.

use db::TenantContext;
use entity::{PlanStep, ResearchPlan, plan_step, research_plan};

async fn save(cx: &TenantContext, plan: research_plan::Draft, steps: Vec<plan_step::Draft>) {
    let _saved = ResearchPlan::save(plan).with(PlanStep, steps).exec(cx).await;
}

fn main() {}
