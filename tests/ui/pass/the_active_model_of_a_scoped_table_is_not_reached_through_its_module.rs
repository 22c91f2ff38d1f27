//! The module that the SeaORM active model of a scoped table is in is private.

use entity::research_plan::Draft;

fn nothing_set() -> Draft {
    Draft::default()
}

fn main() {}
