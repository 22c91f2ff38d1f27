//! A subquery reads tables that have rows in the scope of the context.

use db::TenantReader;
use entity::{Member, ResearchPlan, member, research_plan};

async fn with_plans(cx: &TenantReader) -> db::Result<Vec<member::Model>> {
    let plans = ResearchPlan::find().select_only().column(research_plan::Column::CreatedBy);
    Member::find().in_subquery(member::Column::UserId, plans).all(cx).await
}

fn main() {}
