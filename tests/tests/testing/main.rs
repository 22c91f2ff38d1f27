//! The isolation tests themselves: that they fill whatever tables there are, and that they see a table that leaks.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use db::{
    Registry,
    testing::{Isolation, IsolationReport, isolation},
};
use tests::TestDatabase;

mod copies;
mod filled;
mod leaks;
mod limits;
mod tables;

/// Runs the tests of the entities in a registry, on a database with tables of its own.
async fn run(
    make: &str,
    protect: impl FnOnce(&db::contract::Contract) -> Vec<String>,
    after: &str,
    registry: Registry,
    with: impl FnOnce(Isolation) -> Isolation,
) -> IsolationReport {
    let database = TestDatabase::new().await;
    let contract = database.migrator().contract().clone();
    database.execute(make).await;
    database.execute(&protect(&contract).join(";\n")).await;
    database.execute(after).await;
    let isolation_of =
        Isolation::new(&contract, &database.owner_url(), database.options()).registry(registry).keep(database);
    isolation(with(isolation_of)).await
}
