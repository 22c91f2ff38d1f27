//! A part of a row is not joined in another scope than the one that reads it.

use db::TenantContext;
use entity::{Colleague, Member, colleague, member};

async fn people(cx: &TenantContext) -> db::Result<Vec<(member::Model, Option<colleague::Model>)>> {
    Member::find().find_also_related(Colleague).all(cx).await
}

fn main() {}
