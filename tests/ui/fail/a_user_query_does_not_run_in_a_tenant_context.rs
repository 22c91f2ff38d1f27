//! A user query does not run in the context of an organization.

use db::TenantContext;
use entity::{PersonalAccessToken, personal_access_token};

async fn tokens(cx: &TenantContext) -> db::Result<Vec<personal_access_token::Model>> {
    PersonalAccessToken::find().all(cx).await
}

fn main() {}
