//! The outer context is not used while a savepoint of it is open: a write through it would vanish with the savepoint.

use db::TenantContext;
use entity::ResearchPlan;

async fn count(cx: &mut TenantContext) -> db::Result<u64> {
    cx.savepoint(async |savepoint| ResearchPlan::find().count(savepoint).await).await
}

fn main() {}
