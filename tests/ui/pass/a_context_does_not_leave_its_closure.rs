//! A context does not leave its closure by being returned.

use db::{Authenticated, Db, OrganizationId};

async fn keep(db: &Db, organization: OrganizationId, who: &Authenticated) -> db::Result<()> {
    db.with_tenant_context(organization, who, async |cx| Ok(cx.organization_id())).await?;
    Ok(())
}

fn main() {}
