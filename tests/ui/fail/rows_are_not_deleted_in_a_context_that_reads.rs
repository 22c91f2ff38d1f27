//! Rows are not deleted in a context that only reads.

use db::TenantReader;
use entity::ResearchPlan;

async fn delete(cx: &TenantReader) -> db::Result<db::Affected> {
    ResearchPlan::delete_many().exec(cx).await
}

fn main() {}
