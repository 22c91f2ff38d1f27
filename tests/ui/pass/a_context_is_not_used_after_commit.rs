//! A context is not used after it is committed.

use db::TenantContext;
use entity::ResearchPlan;

async fn count(cx: TenantContext) -> db::Result<u64> {
    let count = ResearchPlan::find().count(&cx).await?;
    cx.commit().await?;
    Ok(count)
}

fn main() {}
