//! A context does not leave its closure in a variable that outlives it.

use db::{Authenticated, Db, OrganizationId};

async fn keep(db: &Db, organization: OrganizationId, who: &Authenticated) -> db::Result<()> {
    let mut kept = None;
    db.with_tenant_context(organization, who, async |cx| {
        kept = Some(cx.organization_id());
        Ok(())
    })
    .await?;
    assert!(kept.is_some());
    Ok(())
}

fn main() {}
