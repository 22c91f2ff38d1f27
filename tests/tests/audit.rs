//! The audit of the live database.

use db::{
    Registry,
    audit::{Audit, Severity},
};
use tests::TestDatabase;

#[tokio::test]
async fn own_schema() {
    let database = TestDatabase::new().await;
    let migrator = database.migrator();
    let registry = Registry::collect();
    assert_eq!(registry.entities().count(), 10);
    let owner = database.migration_connection(&database.owner_url()).await;
    let report = Audit::new(&registry).contract(migrator.contract()).rows(true).run(&owner).await.unwrap();
    println!("{report}{:?}", report.not_looked_at);
    for finding in &report.findings {
        println!("{finding:#?}");
    }
    let report = database.db().await.audit(&registry).await.unwrap();
    println!("{report}{:?}", report.not_looked_at);
    assert!(report.is_clean(Severity::Warn), "{report}");
}
