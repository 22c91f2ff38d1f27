//! What a row is related to is read in the scope of the context, and has to have rows in it.

use db::{IdentityReader, prelude::*};
use entity::{User, member, user};

async fn person(cx: &IdentityReader, member: &member::Model) -> db::Result<Option<user::Model>> {
    member.find_related(User).one(cx).await
}

fn main() {}
