//! The scope column is not among the columns that an assignment may name.

use db::prelude::*;
use entity::{ResearchPlan, research_plan};

fn steal(organization: OrganizationId) -> db::UpdateMany<ResearchPlan> {
    ResearchPlan::update_many().col_expr(research_plan::Writable::OrganizationId, Expr::val(organization))
}

fn main() {}
