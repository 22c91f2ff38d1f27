//! A context does not leave its closure in a task that is spawned.

use db::{Authenticated, Db, OrganizationId};
use entity::ResearchPlan;

async fn count(db: &Db, organization: OrganizationId, who: &Authenticated) -> db::Result<()> {
    db.with_tenant_context(organization, who, async |cx| {
        ResearchPlan::find().count(cx).await?;
        Ok(())
    })
    .await
}

fn main() {}
