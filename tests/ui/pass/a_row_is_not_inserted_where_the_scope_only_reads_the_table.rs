//! A row is not inserted in a scope that may only read the table.

use db::IdentityContext;
use entity::{Member, member};

async fn join(cx: &IdentityContext, who: member::ScopeColumns, member: member::Draft) -> db::Result<()> {
    Member::insert_into(who, member).exec(cx).await?;
    Ok(())
}

fn main() {}
