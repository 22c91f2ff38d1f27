//! A scoped query is not built by hand: a facade makes it.

use db::Select;
use entity::ResearchPlan;

fn plans() -> Select<ResearchPlan> {
    ResearchPlan::find()
}

fn main() {}
