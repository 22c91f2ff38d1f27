//! The reading half of the outer context is not kept while a savepoint of it is opened.

use db::{TenantContext, TenantReader};
use entity::ResearchPlan;

async fn count(cx: &mut TenantContext) -> db::Result<u64> {
    cx.savepoint(async |_| Ok::<_, db::Error>(())).await?;
    let reader: &TenantReader = cx;
    ResearchPlan::find().count(reader).await
}

fn main() {}
