//! A context is no connection of SeaORM's, so that no statement of one's own runs on it.

use db::TenantContext;
use sea_orm::ConnectionTrait;

async fn turn(cx: &TenantContext) {
    cx.execute_unprepared("RESET ROLE").await.ok();
}

fn main() {}
