//! Where it all happens: in copies, of which none is left.

use db::{
    Registry,
    testing::{Isolation, isolation},
};
use sea_orm::sqlx::{AssertSqlSafe, query_scalar};
use tests::{PATIENCE, TestDatabase};

use crate::tables::{PREFERENCE, STUBBORN, preference::Preference, stubborn::Stubborn};

/// Returns the databases that are named after this one, and the rows and schemas that were made in it.
async fn left(database: &TestDatabase) -> (i64, i64) {
    let mut owner = database.owner().await;
    let copies = format!("SELECT count(*) FROM pg_database WHERE datname LIKE '{}\\_%'", database.name);
    let copies = query_scalar(AssertSqlSafe(copies)).fetch_one(&mut owner).await.unwrap();
    let made = "SELECT (SELECT count(*) FROM preference) + (SELECT count(*) FROM organization)
        + (SELECT count(*) FROM pg_namespace WHERE nspname = 'isolation_probe')";
    (copies, query_scalar(made).fetch_one(&mut owner).await.unwrap())
}

#[tokio::test]
async fn the_database_is_not_touched_and_no_copy_is_left() {
    let database = TestDatabase::new().await;
    let contract = database.migrator().contract().clone();
    database.execute(&format!("{PREFERENCE}{STUBBORN}")).await;
    let protect = [contract.protect::<Preference>(), contract.protect::<Stubborn>()].concat();
    database.execute(&protect.join(";\n")).await;
    let setup = |registry| Isolation::new(&contract, &database.owner_url(), database.options()).registry(registry);

    isolation(setup(Registry::empty().with::<Preference>())).await.assert();
    assert_eq!(left(&database).await, (0, 0));
    // Nor where it fails halfway.
    let report = isolation(setup(Registry::empty().with::<Stubborn>())).await;
    assert_eq!(report.failures().len(), 1);
    assert_eq!(left(&database).await, (0, 0));
    // The control of this: a copy would be counted.
    database.execute(&format!("CREATE DATABASE {}_copy", database.name)).await;
    assert_eq!(left(&database).await, (1, 0));
    database.execute(&format!("DROP DATABASE {}_copy", database.name)).await;
}

/// The tests take the rights of the roles that the application runs as, and prove nothing with more.
#[tokio::test]
async fn a_login_that_no_policy_holds_is_refused() {
    let database = TestDatabase::new().await;
    let contract = database.migrator().contract().clone();
    let superuser = db::DbOptions::from_url(&database.owner_url()).unwrap().prefix(&database.name).unwrap();
    let setup = Isolation::new(&contract, &database.owner_url(), superuser.acquire_timeout(PATIENCE))
        .registry(Registry::empty().with::<entity::Member>());
    let report = isolation(setup).await;
    let [(test, why)] = report.failures() else { panic!("{report}") };
    assert!(test == "filling" && why.contains("superuser"), "{why}");
}

#[tokio::test]
async fn a_url_of_no_superuser_is_refused() {
    let database = TestDatabase::new().await;
    let contract = database.migrator().contract().clone();
    let setup = Isolation::new(&contract, &database.login_url(), database.options());
    let report = isolation(setup.registry(Registry::empty().with::<entity::Member>())).await;
    let [(test, why)] = report.failures() else { panic!("{report}") };
    assert!(test == "filling" && why.contains("superuser"), "{why}");
}
