//! A tenant query does not run in the context of sign-in, which has no organization.

use db::IdentityContext;
use entity::{ResearchPlan, research_plan};

async fn plans(cx: &IdentityContext) -> db::Result<Vec<research_plan::Model>> {
    ResearchPlan::find().all(cx).await
}

fn main() {}
