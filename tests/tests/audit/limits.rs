//! What an audit does not see, as the guide says.

use db::audit::{Audit, AuditReport, Code};
use sea_orm::sqlx::{Connection, PgConnection, query_scalar};
use tests::{PASSWORD, TestDatabase};

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
    let prefix = &database.prefix;
    database
        .execute(&format!(
            "CREATE TABLE journal (id bigint PRIMARY KEY, line text); GRANT SELECT ON journal TO {prefix}_tenant;
             INSERT INTO journal SELECT 1, 'acme: ' || gen_random_uuid()"
        ))
        .await;
    let report = look(&database).await;
    assert_eq!(found(&report), [(Code::TableShared, "table public.journal".to_owned())], "{report}");
}

/// Without a right to it, only the tenant's key makes it one of theirs.
#[tokio::test]
async fn a_table_that_nobody_reaches_is_found_by_the_tenants_key_alone() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE TABLE journal (id bigint PRIMARY KEY, line text);
             CREATE TABLE of_user (id bigint PRIMARY KEY, user_id uuid REFERENCES \"user\" (id))",
        )
        .await;
    let report = look(&database).await;
    assert_eq!(found(&report), [], "{report}");
    database
        .execute(
            "CREATE TABLE by_column (id bigint PRIMARY KEY, organization_id uuid);
             CREATE TABLE by_key (id bigint PRIMARY KEY, whose uuid REFERENCES organization (id))",
        )
        .await;
    let report = look(&database).await;
    let expected = ["by_column", "by_key"].map(|name| (Code::TableWithoutEntity, format!("table public.{name}")));
    assert_eq!(found(&report), expected, "{report}");
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

/// The one foreign key of a table that no relation of an entity declares; a relation with `skip_fk` declares none either.
#[tokio::test]
async fn that_a_foreign_key_is_gone_which_no_relation_declares_is_not_seen() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    database
        .execute(&format!(
            "ALTER TABLE research_plan ADD COLUMN folder_id uuid;
             GRANT UPDATE (folder_id) ON research_plan TO {};
             ALTER TABLE research_plan ADD CONSTRAINT nested FOREIGN KEY (organization_id, folder_id)
               REFERENCES research_plan (organization_id, id)",
            database.role("tenant")
        ))
        .await;
    let with = look(&database).await;
    database.execute("ALTER TABLE research_plan DROP CONSTRAINT nested").await;
    let without = look(&database).await;
    assert_eq!((found(&with), found(&without)), (vec![], vec![]), "{without}");
    // The control: one that a relation declares.
    let declared: String = query_scalar(
        "SELECT conname::text FROM pg_constraint
         WHERE contype = 'f' AND conrelid = 'plan_step'::regclass AND confrelid = 'research_plan'::regclass",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    database.execute(&format!("ALTER TABLE plan_step DROP CONSTRAINT {declared}")).await;
    let codes: Vec<_> = found(&look(&database).await).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [Code::ForeignKeyMissing]);
}

/// A row that was put in while the checks were off: the key in the catalog is as it was.
#[tokio::test]
async fn rows_are_not_looked_at_unless_it_is_asked_for() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "SET session_replication_role = replica;
             INSERT INTO plan_step (organization_id, id, plan_id, title, position)
             SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'of no plan', 1;
             RESET session_replication_role",
        )
        .await;
    assert_eq!(found(&look(&database).await), []);
    let owner = database.migration_connection(&database.owner_url()).await;
    let (registry, migrator) = (application(), database.migrator());
    let rows = Audit::new(&registry).contract(migrator.contract()).rows(true).run(&owner).await.unwrap();
    assert!(rows.findings.iter().any(|finding| finding.code == Code::ForeignKeyDangling), "{rows}");
    owner.close().await.unwrap();
}

/// That is about whoever asks: row-level security, forced or not, holds for no superuser.
#[tokio::test]
async fn what_a_superuser_reads_is_not_seen() {
    let f = tests::Fixture::new().await;
    let report = look(&f.database).await;
    assert_eq!(found(&report), [], "{report}");
    let mut superuser = f.database.owner().await;
    let organizations: i64 = query_scalar("SELECT count(DISTINCT organization_id) FROM research_plan")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert_eq!(organizations, 2);
}

/// One that leads past an entity's table is found by what is found there.
#[tokio::test]
async fn a_search_path_is_looked_at_only_where_it_finds_another_table() {
    let database = TestDatabase::new().await;
    let login = database.login();
    database
        .execute(&format!(
            "CREATE SCHEMA beside; GRANT USAGE ON SCHEMA beside TO PUBLIC;
             ALTER ROLE {login} SET search_path = beside, public"
        ))
        .await;
    // As the login role, for whom the setting is.
    let by_login = async || database.db().await.audit(&application()).await.unwrap();
    let report = by_login().await;
    assert_eq!(found(&report), [], "{report}");
    database.execute("CREATE VIEW beside.research_plan AS SELECT 1 AS id").await;
    let report = by_login().await;
    assert!(report.findings.iter().any(|finding| finding.code == Code::TableShadowed), "{report}");
}

/// Everybody may connect to a database that is new, and `install` changes that for its own alone.
#[tokio::test]
async fn other_databases_of_the_server_are_not_looked_at() {
    let (database, other) = (TestDatabase::new().await, TestDatabase::empty().await);
    let report = look(&database).await;
    assert_eq!(found(&report), [], "{report}");
    other.execute("CREATE TABLE secret (line text); GRANT SELECT ON secret TO PUBLIC").await;
    let mut login = PgConnection::connect(&other.url(Some((&database.login(), PASSWORD)))).await.unwrap();
    let lines: i64 = query_scalar("SELECT count(*) FROM secret").fetch_one(&mut login).await.unwrap();
    assert_eq!(lines, 0);
    login.close().await.unwrap();
    assert_eq!(found(&look(&database).await), []);
}

/// A `Db` knows the login role, and no contract; the report says that the functions were not compared.
#[tokio::test]
async fn a_db_does_not_compare_the_functions_of_the_contract() {
    let database = TestDatabase::new().await;
    let prefix = &database.prefix;
    database
        .execute(&format!(
            "CREATE OR REPLACE FUNCTION {prefix}.current_organization_id() RETURNS uuid LANGUAGE sql STABLE
             RETURN nullif(current_setting('{prefix}.organization_id'), 'nobody')::uuid"
        ))
        .await;
    let db = database.db().await;
    let report = db.audit(&application()).await.unwrap();
    assert_eq!(found(&report), [], "{report}");
    assert!(report.not_looked_at.iter().any(|sentence| sentence.contains("functions")), "{report}");
    assert!(found(&look(&database).await).iter().any(|(code, _)| *code == Code::ContractFunctionChanged));
}
