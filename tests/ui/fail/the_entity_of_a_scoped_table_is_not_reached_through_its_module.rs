//! The module that the SeaORM entity of a scoped table is in is private.

use entity::orm::research_plan::Entity;

fn plans() -> sea_orm::Select<Entity> {
    sea_orm::EntityTrait::find()
}

fn main() {}
