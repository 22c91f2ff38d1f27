//! A `Db` begins no transaction of SeaORM's, only contexts.

use sea_orm::{DatabaseConnection, TransactionTrait};

async fn outside(db: &DatabaseConnection) {
    db.begin().await.ok();
}

fn main() {}
