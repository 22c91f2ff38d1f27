//! A row whose scope columns no context can fill is not inserted without them.

use db::IdentityContext;
use entity::{Session, session};

async fn sign_in(cx: &IdentityContext, whose: session::ScopeColumns, session: session::Draft) -> db::Result<()> {
    Session::insert_into(whose, session).exec(cx).await?;
    Ok(())
}

fn main() {}
