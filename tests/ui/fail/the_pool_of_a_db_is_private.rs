//! The pool of a `Db` is private.

use db::Db;

fn pool(db: &Db) -> &sea_orm::sqlx::PgPool {
    &db.inner.pool
}

fn main() {}
