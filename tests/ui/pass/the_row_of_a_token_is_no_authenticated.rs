//! A row of a token names a person, and proves nothing: whoever shows its secret is that person.

use db::{Db, Open, User};
use secrecy::SecretString;

async fn open<'a>(db: &'a Db, secret: &SecretString) -> db::Result<Open<'a, User>> {
    Ok(db.user(&entity::authenticate(db, secret).await?))
}

fn main() {}
