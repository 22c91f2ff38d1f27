//! The transaction of a context is private.

use db::TenantContext;
use entity::ResearchPlan;

async fn plans(cx: &TenantContext) -> db::Result<u64> {
    ResearchPlan::find().count(cx).await
}

fn main() {}
