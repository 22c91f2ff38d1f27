//! A tenant query does not run on a `Db`, which is not in any scope.

use db::{Authenticated, Db, OrganizationId};
use entity::{ResearchPlan, research_plan};

async fn plans(db: &Db, organization: OrganizationId, who: &Authenticated) -> db::Result<Vec<research_plan::Model>> {
    db.with_tenant_context(organization, who, async |cx| ResearchPlan::find().all(cx).await).await
}

fn main() {}
