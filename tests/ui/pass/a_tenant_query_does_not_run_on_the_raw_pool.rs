//! A tenant query does not run on the raw pool, only on a context.

use db::TenantContext;
use entity::{ResearchPlan, research_plan};

async fn plans(cx: &TenantContext) -> db::Result<Vec<research_plan::Model>> {
    ResearchPlan::find().all(cx).await
}

fn main() {}
