//! A scoped query is not made by the constructor of its type: a facade makes it.

use db::Select;
use entity::ResearchPlan;

fn plans() -> Select<ResearchPlan> {
    ResearchPlan::find()
}

fn main() {}
