//! The module that the SeaORM entity of a scoped table is in is private.

use entity::ResearchPlan;

fn plans() -> db::Select<ResearchPlan> {
    ResearchPlan::find()
}

fn main() {}
