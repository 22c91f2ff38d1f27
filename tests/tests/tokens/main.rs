//! Personal access tokens: whose they are, how long for, and that nobody gets at another's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod discretion;
mod form;
mod life;
mod limits;
mod look_up;
mod rights;

use db::{Db, prelude::*};
use entity::{authenticate_pat, create_pat, personal_access_token::Model};
use secrecy::SecretString;
use tests::TestDatabase;

/// Makes a token that does not expire.
async fn make(db: &Db, who: &Authenticated, name: &str) -> db::Result<(Model, SecretString)> {
    db.with_user_context(who, async |cx| create_pat(cx, name, None).await).await
}

async fn look_up(db: &Db, secret: &SecretString) -> db::Result<Authenticated> {
    db.with_identity_context(async |cx| authenticate_pat(cx, secret).await).await
}

/// Assigns to a token as the owner of the table: how a test moves the clock.
async fn assign(database: &TestDatabase, id: Uuid, assignment: &str) {
    database.execute(&format!("UPDATE personal_access_token SET {assignment} WHERE id = '{id}'")).await;
}
