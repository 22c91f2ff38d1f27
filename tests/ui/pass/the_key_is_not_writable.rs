//! The key is not among the columns that an assignment may name.

use db::prelude::*;
use entity::{ResearchPlan, research_plan};

fn rename(title: &str) -> db::UpdateMany<ResearchPlan> {
    ResearchPlan::update_many().col_expr(research_plan::Writable::Title, Expr::val(title))
}

fn main() {}
