//! A query does not run in a scope that its entity is not in, where it is in several others.

use db::UserContext;
use entity::{Session, session};

async fn sessions(cx: &UserContext) -> db::Result<Vec<session::Model>> {
    Session::find().all(cx).await
}

fn main() {}
