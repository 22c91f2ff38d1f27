//! Of selected columns it is said what they are read into.

use db::TenantReader;
use entity::{ResearchPlan, research_plan};

async fn titles(cx: &TenantReader) {
    let titles = ResearchPlan::find().select_only().column(research_plan::Column::Title);
    let _titles = titles.into_tuple::<String>().all(cx).await;
}

fn main() {}
