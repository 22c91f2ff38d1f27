//! A context is not committed within its closure: that is done when the closure returns.

use db::{Authenticated, Db, OrganizationId};

async fn commit(db: &Db, organization: OrganizationId, who: &Authenticated) -> db::Result<()> {
    db.with_tenant_context(organization, who, async |_| Ok(())).await
}

fn main() {}
