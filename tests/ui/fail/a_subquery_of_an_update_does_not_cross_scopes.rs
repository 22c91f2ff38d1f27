//! A subquery in the filter of an update reads tables that have rows in the scope of the context.

use db::UserContext;
use entity::{PersonalAccessToken, ResearchPlan, personal_access_token, research_plan};

async fn rename(cx: &UserContext, draft: personal_access_token::Draft) -> db::Result<db::Affected> {
    let plans = ResearchPlan::find().select_only().column(research_plan::Column::CreatedBy);
    PersonalAccessToken::update_many().set(draft).in_subquery(personal_access_token::Column::UserId, plans).exec(cx).await
}

fn main() {}
