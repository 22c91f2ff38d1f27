//! A facade is not put into another scope by hand, outside of the crate that its entity is private to.

use entity::{ResearchPlan, research_plan};

impl db::ScopedTo<db::User> for ResearchPlan {
    const COLUMN: Option<research_plan::Column> = None;
}

fn main() {}
