//! A scoped query is not built by hand: a facade makes it.

use db::Select;
use entity::ResearchPlan;

fn plans() -> Select<ResearchPlan> {
    Select { query: sea_orm::EntityTrait::find(), ..ResearchPlan::find() }
}

fn main() {}
