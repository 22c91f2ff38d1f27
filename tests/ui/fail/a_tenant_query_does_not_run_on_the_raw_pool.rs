//! A tenant query does not run on the raw pool, only on a context.

use entity::{ResearchPlan, research_plan};

async fn plans(pool: &sea_orm::DatabaseConnection) -> db::Result<Vec<research_plan::Model>> {
    ResearchPlan::find().all(pool).await
}

fn main() {}
