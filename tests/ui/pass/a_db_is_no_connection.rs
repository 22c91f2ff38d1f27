//! A `Db` is no connection of SeaORM's, so that no statement of one's own runs on it.

use sea_orm::{ConnectionTrait, DatabaseConnection};

async fn turn(db: &DatabaseConnection) {
    db.execute_unprepared("SET ROLE app_tenant").await.ok();
}

fn main() {}
