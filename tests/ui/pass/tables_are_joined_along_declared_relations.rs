//! Tables are joined along relations that an entity declares.

use entity::{PlanStep, ResearchPlan};

fn plans() {
    let _select = ResearchPlan::find().left_join(PlanStep);
}

fn main() {}
