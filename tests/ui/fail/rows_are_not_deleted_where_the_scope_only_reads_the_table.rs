//! Rows are not deleted in a scope that may only read the table.

use db::TenantContext;
use entity::Member;

async fn remove(cx: &TenantContext) -> db::Result<db::Affected> {
    Member::delete_many().exec(cx).await
}

fn main() {}
