//! A `Db` is no connection of SeaORM's, so that no statement of one's own runs on it.

use db::Db;
use sea_orm::ConnectionTrait;

async fn turn(db: &Db) {
    db.execute_unprepared("SET ROLE app_tenant").await.ok();
}

fn main() {}
