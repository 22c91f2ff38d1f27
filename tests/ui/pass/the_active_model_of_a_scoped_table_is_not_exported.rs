//! The SeaORM active model of a scoped table, which has the scope column, is not exported beside the draft.

use entity::research_plan::Draft;

fn nothing_set() -> Draft {
    Draft::default()
}

fn main() {}
