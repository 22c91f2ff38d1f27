//! A function that takes a context which writes is not called with one that only reads.

use db::{TenantReader, prelude::Uuid};
use entity::{NewResearchPlan, create_research_plan};

async fn create(cx: &TenantReader, plan: NewResearchPlan) -> db::Result<(Uuid, Vec<Uuid>)> {
    create_research_plan(cx, plan).await
}

fn main() {}
