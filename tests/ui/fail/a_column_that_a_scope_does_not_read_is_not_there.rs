//! A column that a scope does not read is not there to be asked for.

use db::TenantContext;
use entity::{Colleague, colleague};

async fn pictures(cx: &TenantContext) -> db::Result<Vec<String>> {
    Colleague::find().select_only().column(colleague::Column::Image).into_tuple().all(cx).await
}

fn main() {}
