//! What an audit does not see, as the guide says.

use db::audit::{Audit, AuditReport, Code};
use tests::TestDatabase;

use crate::note::application;

async fn look(database: &TestDatabase) -> AuditReport {
    let owner = database.migration_connection(&database.owner_url()).await;
    let (registry, migrator) = (application(), database.migrator());
    let report = Audit::new(&registry).contract(migrator.contract()).run(&owner).await.unwrap();
    owner.close().await.unwrap();
    report
}

fn found(report: &AuditReport) -> Vec<(Code, String)> {
    report.findings.iter().map(|finding| (finding.code, finding.object.to_string())).collect()
}

/// Neither a key nor a column says that its rows are a tenant's: it is found as any table that all may read.
#[tokio::test]
async fn whose_rows_a_table_has_is_told_by_its_keys_and_columns_alone() {
    let database = TestDatabase::new().await;
    let prefix = &database.name;
    database
        .execute(&format!(
            "CREATE TABLE journal (id bigint PRIMARY KEY, line text); GRANT SELECT ON journal TO {prefix}_tenant;
             INSERT INTO journal SELECT 1, 'acme: ' || gen_random_uuid()"
        ))
        .await;
    let report = look(&database).await;
    assert_eq!(found(&report), [(Code::TableShared, "table public.journal".to_owned())], "{report}");
}

/// A function that runs as who calls it does what it does: here it tells everybody who listens.
#[tokio::test]
async fn what_a_function_does_is_not_looked_at() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
               'BEGIN PERFORM pg_catalog.pg_notify(''plans'', NEW.title); RETURN NEW; END';
             CREATE TRIGGER tell AFTER INSERT ON research_plan FOR EACH ROW EXECUTE FUNCTION tell()",
        )
        .await;
    let report = look(&database).await;
    assert_eq!(found(&report), [], "{report}");
}

/// A function that an operator class asks is executed without anybody's right to it being looked at.
#[tokio::test]
async fn what_supports_an_operator_class_is_not_looked_at() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE FUNCTION compare(text, text) RETURNS int LANGUAGE sql IMMUTABLE SECURITY DEFINER
               SET search_path = pg_catalog RETURN bttextcmp($1, $2);
             REVOKE EXECUTE ON FUNCTION compare FROM PUBLIC;
             CREATE OPERATOR CLASS peculiar FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
               OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(text, text)",
        )
        .await;
    let report = look(&database).await;
    assert_eq!(found(&report), [], "{report}");
}
