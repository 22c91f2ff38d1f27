//! A context is not used after it is committed.

use db::TenantContext;
use entity::ResearchPlan;

async fn count(cx: TenantContext) -> db::Result<u64> {
    cx.commit().await?;
    ResearchPlan::find().count(&cx).await
}

fn main() {}
