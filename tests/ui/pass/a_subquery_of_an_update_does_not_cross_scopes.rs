//! A subquery in the filter of an update reads tables that have rows in the scope of the context.

use db::UserContext;
use entity::{Member, PersonalAccessToken, member, personal_access_token};

async fn rename(cx: &UserContext, draft: personal_access_token::Draft) -> db::Result<db::Affected> {
    let members = Member::find().select_only().column(member::Column::UserId);
    PersonalAccessToken::update_many()
        .set(draft)
        .in_subquery(personal_access_token::Column::UserId, members)
        .exec(cx)
        .await
}

fn main() {}
