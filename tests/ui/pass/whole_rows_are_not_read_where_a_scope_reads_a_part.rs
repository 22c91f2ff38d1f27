//! Whole rows are not read where a scope reads some of their columns alone.

use db::TenantContext;
use entity::{Colleague, colleague};

async fn people(cx: &TenantContext) -> db::Result<Vec<colleague::Model>> {
    Colleague::find().all(cx).await
}

fn main() {}
