//! A `Db` begins no transaction of SeaORM's, only contexts.

use db::Db;
use sea_orm::TransactionTrait;

async fn outside(db: &Db) {
    db.begin().await.ok();
}

fn main() {}
