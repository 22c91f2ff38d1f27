//! Rows are not updated in a context that only reads.

use db::TenantContext;
use entity::{ResearchPlan, research_plan};

async fn update(cx: &TenantContext, plan: research_plan::Draft) -> db::Result<db::Affected> {
    ResearchPlan::update_many().set(plan).exec(cx).await
}

fn main() {}
