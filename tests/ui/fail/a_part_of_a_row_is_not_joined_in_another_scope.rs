//! A part of a row is not joined in another scope than the one that reads it.

use db::UserContext;
use entity::{Colleague, Member, colleague, member};

async fn people(cx: &UserContext) -> db::Result<Vec<(member::Model, Option<colleague::Model>)>> {
    Member::find().find_also_related(Colleague).all(cx).await
}

fn main() {}
