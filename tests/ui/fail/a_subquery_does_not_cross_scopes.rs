//! A subquery reads tables that have rows in the scope of the context.

use db::TenantReader;
use entity::{Member, PersonalAccessToken, member, personal_access_token};

async fn with_tokens(cx: &TenantReader) -> db::Result<Vec<member::Model>> {
    let tokens = PersonalAccessToken::find().select_only().column(personal_access_token::Column::UserId);
    Member::find().in_subquery(member::Column::UserId, tokens).all(cx).await
}

fn main() {}
