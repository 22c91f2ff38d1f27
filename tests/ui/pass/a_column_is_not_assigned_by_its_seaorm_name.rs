//! A column is not assigned by SeaORM's `Column`, which names the scope column too, but by `Writable`.

use db::prelude::*;
use entity::{ResearchPlan, research_plan};

fn rename(title: &str) -> db::UpdateMany<ResearchPlan> {
    ResearchPlan::update_many().col_expr(research_plan::Writable::Title, Expr::val(title))
}

fn main() {}
