//! Rows are not updated in a scope that may only read the table.

use db::TenantContext;
use entity::{Member, member};

async fn promote(cx: &TenantContext, member: member::Draft) -> db::Result<db::Affected> {
    Member::update_many().set(member).exec(cx).await
}

fn main() {}
