//! The outer context is not used while a savepoint of it is open: a write through it would vanish with the savepoint.

use db::TenantContext;
use entity::ResearchPlan;

async fn count(cx: &mut TenantContext) -> db::Result<u64> {
    cx.savepoint(async |_savepoint| ResearchPlan::find().count(cx).await).await
}

fn main() {}
