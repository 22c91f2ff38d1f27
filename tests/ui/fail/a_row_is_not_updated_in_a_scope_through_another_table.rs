//! A row is not updated in a scope that it is in through another table.

use db::UserContext;
use entity::{Organization, organization};

async fn rename(cx: &UserContext, draft: organization::Draft) -> db::Result<db::Affected> {
    Organization::update_many().set(draft).exec(cx).await
}

fn main() {}
