//! `Contract::sync` brings a database to the contract as it is now, whatever was changed in it.

use db::{
    Registry,
    audit::{Audit, AuditReport},
};
use tests::TestDatabase;

use crate::note::application;

async fn audit(database: &TestDatabase) -> AuditReport {
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    let report = Audit::new(&application()).contract(migrator.contract()).run(&owner).await.unwrap();
    owner.close().await.unwrap();
    report
}

/// This program has an entity whose table is not there: it is passed over.
async fn sync(database: &TestDatabase) {
    let registry = Registry::collect();
    assert!(registry.entities().count() > application().entities().count());
    for statement in database.migrator().contract().sync(&registry) {
        database.execute(&statement).await;
    }
}

#[tokio::test]
async fn each_thing_that_was_changed_is_as_it_was() {
    let database = TestDatabase::new().await;
    let app = &database.prefix;
    let changes = [
        "DROP POLICY tenant_boundary ON research_plan".to_owned(),
        "DROP POLICY tenant_update ON member".to_owned(),
        "ALTER POLICY user_access ON session USING (true)".to_owned(),
        "ALTER TABLE plan_step NO FORCE ROW LEVEL SECURITY".to_owned(),
        format!("REVOKE SELECT ON research_plan FROM {app}_tenant"),
        format!("GRANT TRUNCATE ON plan_step TO {app}_tenant"),
        "DROP TRIGGER keep_an_owner ON member".to_owned(),
        "DROP POLICY gate_membership ON member".to_owned(),
        format!("REVOKE SELECT (user_id) ON member FROM {app}_gate"),
        format!("DROP FUNCTION {app}.authenticate_token(bytea)"),
        format!("GRANT EXECUTE ON FUNCTION {app}.enter_identity() TO {app}_tenant"),
        format!("ALTER FUNCTION {app}.enter_user(uuid) SECURITY INVOKER"),
        format!("ALTER TABLE {app}.seal OWNER TO CURRENT_USER"),
        format!("GRANT SELECT ON {app}.seal TO {app}_tenant"),
        format!("ALTER FUNCTION {app}.sealed_member_role() IMMUTABLE"),
        format!("REVOKE EXECUTE ON FUNCTION {app}.sealed_identity() FROM {app}_gate"),
        format!(
            "CREATE OR REPLACE FUNCTION {app}.current_user_id() RETURNS uuid LANGUAGE sql STABLE RETURN gen_random_uuid()"
        ),
    ];
    let mut found = Vec::new();
    for change in &changes {
        database.execute(change).await;
        let findings = audit(&database).await.findings;
        assert_ne!(findings, found, "the audit does not see: {change}");
        found = findings;
    }
    // Again where nothing is to do.
    for _ in 0..2 {
        sync(&database).await;
        let report = audit(&database).await;
        assert!(report.findings.is_empty(), "{report}");
    }
    // Contexts open.
    database.db().await.identity().begin().await.unwrap().rollback().await.unwrap();
}
