//! A query that is run by itself writes in the scope that it is run in.

use db::{Authenticated, Db, OrganizationId};
use entity::ResearchPlan;

async fn delete(db: &Db, organization_id: OrganizationId, who: &Authenticated) -> db::Result<db::Affected> {
    let _ = organization_id;
    db.user(who).exec(ResearchPlan::delete_many()).await
}

fn main() {}
