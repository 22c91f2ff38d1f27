//! Rows are not deleted in a scope that may only read the table.

use db::UserContext;
use entity::Member;

async fn remove(cx: &UserContext) -> db::Result<db::Affected> {
    Member::delete_many().exec(cx).await
}

fn main() {}
