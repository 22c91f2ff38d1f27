//! A context is not built by hand, be it from one that only reads.

use db::{Authenticated, Db, OrganizationId, TenantContext};

async fn context(db: &Db, organization: OrganizationId, who: &Authenticated) -> db::Result<TenantContext> {
    db.tenant(organization, who).begin().await
}

fn main() {}
