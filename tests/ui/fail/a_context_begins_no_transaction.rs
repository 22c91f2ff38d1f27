//! A context begins no transaction of SeaORM's, only savepoints, in which it stays a context.

use db::TenantContext;
use sea_orm::TransactionTrait;

async fn nested(cx: &TenantContext) {
    cx.begin().await.ok();
}

fn main() {}
