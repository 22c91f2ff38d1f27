//! A context begins no transaction of SeaORM's, only savepoints, in which it stays a context.

use sea_orm::{DatabaseTransaction, TransactionTrait};

async fn nested(cx: &DatabaseTransaction) {
    cx.begin().await.ok();
}

fn main() {}
