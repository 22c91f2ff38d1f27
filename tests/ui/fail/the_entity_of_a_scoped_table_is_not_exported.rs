//! The SeaORM entity of a scoped table is not exported beside its facade.

use entity::research_plan::Entity;

fn plans() -> sea_orm::Select<Entity> {
    sea_orm::EntityTrait::find()
}

fn main() {}
