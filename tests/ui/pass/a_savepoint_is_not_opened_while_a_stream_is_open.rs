//! A savepoint, whose rollback would close the cursor, is not opened while a stream is open.

use db::{TenantContext, prelude::*};
use entity::ResearchPlan;

async fn stream(cx: &mut TenantContext) -> db::Result<()> {
    let mut plans = ResearchPlan::find().stream(&*cx).await?;
    while let Some(plan) = plans.try_next().await? {
        ResearchPlan::delete(&plan).exec(cx).await?;
    }
    Ok(())
}

fn main() {}
