//! A scoped query is not built by hand: a facade makes it.

use db::Select;
use entity::ResearchPlan;

fn plans() -> Select<ResearchPlan> {
    let find = ResearchPlan::find();
    Select { query: find.query, types: find.types }
}

fn main() {}
