//! A context is no connection of SeaORM's, so that no statement of one's own runs on it.

use sea_orm::{ConnectionTrait, DatabaseTransaction};

async fn turn(cx: &DatabaseTransaction) {
    cx.execute_unprepared("RESET ROLE").await.ok();
}

fn main() {}
