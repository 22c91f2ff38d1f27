//! A join takes a facade: the tables of a relation of SeaORM's have no scope.

use db::prelude::*;
use entity::{PlanStep, ResearchPlan};

fn plans() {
    let _select = ResearchPlan::find().join(JoinType::LeftJoin, PlanStep);
}

fn main() {}
