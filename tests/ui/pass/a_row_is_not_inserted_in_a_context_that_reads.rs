//! A row is not inserted in a context that only reads.

use db::TenantContext;
use entity::{ResearchPlan, research_plan};

async fn insert(cx: &TenantContext, plan: research_plan::Draft) -> db::Result<()> {
    ResearchPlan::insert(plan).exec(cx).await?;
    Ok(())
}

fn main() {}
