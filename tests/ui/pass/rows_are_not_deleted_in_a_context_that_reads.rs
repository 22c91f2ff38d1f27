//! Rows are not deleted in a context that only reads.

use db::TenantContext;
use entity::ResearchPlan;

async fn delete(cx: &TenantContext) -> db::Result<db::Affected> {
    ResearchPlan::delete_many().exec(cx).await
}

fn main() {}
