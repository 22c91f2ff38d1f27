//! A row is related to what its entity declares a relation to, and to no other facade.

use db::prelude::*;
use entity::{PlanStep, research_plan};

fn tokens(plan: &research_plan::Model) {
    let _select = plan.find_related(PlanStep);
}

fn main() {}
