//! A user query does not run in the context of an organization.

use db::UserContext;
use entity::{PersonalAccessToken, personal_access_token};

async fn tokens(cx: &UserContext) -> db::Result<Vec<personal_access_token::Model>> {
    PersonalAccessToken::find().all(cx).await
}

fn main() {}
