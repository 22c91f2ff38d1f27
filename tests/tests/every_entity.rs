//! Every entity of the application, attacked by another tenant: no line of it knows a table.

use db::testing::Isolation;
use tests::TestDatabase;

async fn database() -> Isolation {
    let database = TestDatabase::new().await;
    let contract = database.migrator().contract().clone();
    Isolation::new(&contract, &database.owner_url(), database.options()).keep(database)
}

db::testing::isolation_tests!(database);
