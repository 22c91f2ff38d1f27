//! A token is looked up in a context that writes, since its use is written down.

use db::{Authenticated, IdentityReader};

async fn who(cx: &IdentityReader, digest: &[u8; 32]) -> db::Result<Authenticated> {
    cx.authenticate_token(digest).await
}

fn main() {}
