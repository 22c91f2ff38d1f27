//! Whole rows are not read where a scope reads some of their columns alone.

use db::TenantContext;
use entity::{User, user};

async fn people(cx: &TenantContext) -> db::Result<Vec<user::Model>> {
    User::find().all(cx).await
}

fn main() {}
