//! The pool of a `Db` is private.

use db::Db;

async fn health(db: &Db) -> db::Health {
    db.check_database().await
}

fn main() {}
