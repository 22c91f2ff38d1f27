//! The module that the SeaORM active model of a scoped table is in is private.

use entity::orm::research_plan::ActiveModel;

fn nothing_set() -> ActiveModel {
    ActiveModel::default()
}

fn main() {}
