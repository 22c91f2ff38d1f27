//! A query reads tables that all have rows in the scope of its context: `Member` is the tenant's, `User` is not.

use db::IdentityReader;
use entity::{Member, User, member, user};

async fn people(cx: &IdentityReader) -> db::Result<Vec<(member::Model, Option<user::Model>)>> {
    Member::find().find_also_related(User).all(cx).await
}

fn main() {}
