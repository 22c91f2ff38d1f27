//! A tenant query does not run on a `Db`, which is not in any scope.

use db::Db;
use entity::{ResearchPlan, research_plan};

async fn plans(db: &Db) -> db::Result<Vec<research_plan::Model>> {
    ResearchPlan::find().all(db).await
}

fn main() {}
