//! A row is not inserted in a scope that may only read the table.

use db::TenantContext;
use entity::{Member, member};

async fn join(cx: &TenantContext, who: member::ScopeColumns, member: member::Draft) -> db::Result<()> {
    Member::insert_into(who, member).exec(cx).await?;
    Ok(())
}

fn main() {}
