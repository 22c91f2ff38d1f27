//! A tenant query does not run in the context of a person.

use db::UserContext;
use entity::{ResearchPlan, research_plan};

async fn plans(cx: &UserContext) -> db::Result<Vec<research_plan::Model>> {
    ResearchPlan::find().all(cx).await
}

fn main() {}
