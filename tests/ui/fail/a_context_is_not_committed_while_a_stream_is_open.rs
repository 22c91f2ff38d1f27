//! A context is not committed while a stream of its rows is open.

use db::{TenantContext, prelude::*};
use entity::ResearchPlan;

async fn stream(cx: TenantContext) -> db::Result<()> {
    let mut plans = ResearchPlan::find().stream(&*cx).await?;
    cx.commit().await?;
    while plans.try_next().await?.is_some() {}
    Ok(())
}

fn main() {}
