//! The SeaORM entity of a scoped table is not exported beside its facade.

use entity::ResearchPlan;

fn plans() -> db::Select<ResearchPlan> {
    ResearchPlan::find()
}

fn main() {}
