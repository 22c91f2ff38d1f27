//! A load reads tables that all have rows in the scope of its context.

use db::TenantReader;
use entity::{Member, Organization, member};

async fn people(cx: &TenantReader) -> db::Result<Vec<member::ModelEx>> {
    Member::load().with(Organization).all(cx).await
}

fn main() {}
