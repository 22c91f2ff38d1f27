//! The scope column is not among the columns that an upsert may update.

use db::prelude::*;
use entity::{ResearchPlan, research_plan};

fn on_conflict() -> OnConflict<ResearchPlan> {
    OnConflict::columns([research_plan::Column::Id]).update_columns([research_plan::Column::OrganizationId])
}

fn main() {}
