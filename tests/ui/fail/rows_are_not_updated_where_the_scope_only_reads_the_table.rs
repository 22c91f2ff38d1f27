//! Rows are not updated in a scope that may only read the table.

use db::UserContext;
use entity::{Member, member};

async fn promote(cx: &UserContext, member: member::Draft) -> db::Result<db::Affected> {
    Member::update_many().set(member).exec(cx).await
}

fn main() {}
