//! A load reads tables that all have rows in the scope of its context.

use db::TenantReader;
use entity::{Member, User, member};

async fn people(cx: &TenantReader) -> db::Result<Vec<member::ModelEx>> {
    Member::load().with(User).all(cx).await
}

fn main() {}
