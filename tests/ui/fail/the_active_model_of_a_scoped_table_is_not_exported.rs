//! The SeaORM active model of a scoped table, which has the scope column, is not exported beside the draft.

use entity::research_plan::ActiveModel;

fn nothing_set() -> ActiveModel {
    ActiveModel::default()
}

fn main() {}
