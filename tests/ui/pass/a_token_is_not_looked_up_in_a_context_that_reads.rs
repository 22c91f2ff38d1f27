//! A token is looked up in a context that writes, since its use is written down.

use db::{Authenticated, IdentityContext};

async fn who(cx: &IdentityContext, digest: &[u8; 32]) -> db::Result<Authenticated> {
    cx.authenticate_token(digest).await
}

fn main() {}
