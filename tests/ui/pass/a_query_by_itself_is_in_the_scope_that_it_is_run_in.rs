//! A query that is run by itself is one of the scope that it is run in.

use db::{Authenticated, Db};
use entity::PersonalAccessToken;

async fn count(db: &Db, who: &Authenticated) -> db::Result<u64> {
    db.user(who).count(PersonalAccessToken::find()).await
}

fn main() {}
