//! The function by which a context runs a statement is private.

use db::TenantContext;
use entity::ResearchPlan;

async fn count(cx: &TenantContext) -> db::Result<u64> {
    ResearchPlan::find().count(cx).await
}

fn main() {}
