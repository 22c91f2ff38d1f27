//! A query that is run by itself writes nothing where the context only reads.

use db::{Authenticated, Db, OrganizationId};
use entity::ResearchPlan;

async fn delete(db: &Db, organization_id: OrganizationId, who: &Authenticated) -> db::Result<db::Affected> {
    db.tenant(organization_id, who).exec(ResearchPlan::delete_many()).await
}

fn main() {}
