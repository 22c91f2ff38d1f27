//! What is declared acceptable: that one object, that one code, and nothing beside it.

use db::{
    Registry,
    audit::{Audit, AuditReport, Code},
};
use tests::TestDatabase;

use crate::note::application;

async fn look(database: &TestDatabase, registry: &Registry) -> AuditReport {
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    let report = Audit::new(registry).contract(migrator.contract()).run(&owner).await.unwrap();
    owner.close().await.unwrap();
    report
}

fn found(report: &AuditReport) -> Vec<(Code, String)> {
    report.findings.iter().map(|finding| (finding.code, finding.object.to_string())).collect()
}

fn accepted(report: &AuditReport) -> Vec<String> {
    report.accepted.iter().map(|accepted| accepted.finding.object.to_string()).collect()
}

/// The entity of invitations declares its key, `on = "invitation_pkey"`: not a second one of the same kind.
#[tokio::test]
async fn one_that_names_an_object_is_for_no_other_of_the_table() {
    let database = TestDatabase::new().await;
    database.execute("ALTER TABLE invitation ADD CONSTRAINT twin UNIQUE (id)").await;
    let report = look(&database, &application()).await;
    assert_eq!(found(&report), [(Code::UniqueUuidWithoutScope, "constraint twin of public.invitation".to_owned())]);
    assert_eq!(accepted(&report), ["constraint invitation_pkey of public.invitation"]);
}

/// Names of constraints are a table's own, and names of tables a schema's.
#[tokio::test]
async fn one_beside_an_entity_is_for_no_table_of_the_same_name() {
    let database = TestDatabase::new().await;
    let prefix = &database.prefix;
    database
        .execute(&format!(
            "CREATE SCHEMA crm;
             CREATE TABLE crm.invitation (organization_id uuid NOT NULL, id uuid, CONSTRAINT invitation_pkey PRIMARY KEY (id));
             CREATE INDEX ON crm.invitation (organization_id);
             GRANT INSERT ON crm.invitation TO {prefix}_tenant"
        ))
        .await;
    let report = look(&database, &application()).await;
    let of_key = (Code::UniqueUuidWithoutScope, "constraint invitation_pkey of crm.invitation".to_owned());
    assert!(found(&report).contains(&of_key), "{report}");
    assert_eq!(accepted(&report), ["constraint invitation_pkey of public.invitation"]);
}

/// Beside no entity a part of a table is named with its table, to the letter.
#[tokio::test]
async fn one_beside_no_entity_is_for_the_whole_name() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "ALTER TABLE plan_step ADD CONSTRAINT \"Twin\" UNIQUE (id);
             ALTER TABLE research_plan ADD CONSTRAINT twin UNIQUE (id)",
        )
        .await;
    let of = |object: &'static str| application().accept(Code::UniqueUuidWithoutScope, object, "a test's");
    for other in [
        "Twin",
        "twin of public.plan_step",
        "\"Twin\" of public.plan_step",
        "Twin of plan_step",
        "Twin of public.research_plan",
    ] {
        let report = look(&database, &of(other)).await;
        let found = found(&report);
        assert_eq!(accepted(&report), ["constraint invitation_pkey of public.invitation"], "{other}");
        assert!(found.contains(&(Code::AcceptanceUnused, format!("acceptance {other}"))), "{report}");
        assert_eq!(found.len(), 3, "{report}");
    }
    let report = look(&database, &of("Twin of public.plan_step")).await;
    assert_eq!(found(&report), [(Code::UniqueUuidWithoutScope, "constraint twin of public.research_plan".to_owned())]);
    assert!(accepted(&report).contains(&"constraint Twin of public.plan_step".to_owned()), "{report}");
}

/// A dot in a name does not make one table another.
#[tokio::test]
async fn no_two_tables_have_the_same_whole_name() {
    let database = TestDatabase::new().await;
    let prefix = &database.prefix;
    database
        .execute(&format!(
            "CREATE SCHEMA \"a.b\"; CREATE TABLE \"a.b\".c (code text); GRANT SELECT ON \"a.b\".c TO {prefix}_tenant;
             CREATE SCHEMA a; CREATE TABLE a.\"b.c\" (code text); GRANT SELECT ON a.\"b.c\" TO {prefix}_tenant"
        ))
        .await;
    let registry = application().accept(Code::TableShared, "\"a.b\".c", "a test's");
    assert_eq!(found(&look(&database, &registry).await), [(Code::TableShared, "table a.\"b.c\"".to_owned())]);
}

/// What gets worse is another code: each has one severity at most.
#[tokio::test]
async fn one_is_not_for_what_has_got_worse() {
    let database = TestDatabase::new().await;
    let prefix = &database.prefix;
    database
        .execute(&format!(
            "CREATE TABLE country (code text PRIMARY KEY); GRANT SELECT ON country TO {prefix}_tenant;
             CREATE VIEW codes AS SELECT code FROM country; GRANT SELECT ON codes TO {prefix}_tenant;
             CREATE ROLE {prefix}_owner; ALTER VIEW codes OWNER TO {prefix}_owner"
        ))
        .await;
    let registry = application().accept(Code::TableShared, "public.country", "a test's").accept(
        Code::ViewRunsAsOwner,
        "public.codes",
        "a test's",
    );
    assert_eq!(found(&look(&database, &registry).await), []);
    database
        .execute(&format!(
            "ALTER ROLE {prefix}_owner BYPASSRLS; GRANT INSERT ON country TO {prefix}_tenant;
             ALTER TABLE country ADD COLUMN organization uuid"
        ))
        .await;
    let report = look(&database, &registry).await;
    assert_eq!(
        found(&report),
        [
            (Code::TableUndeclared, "table public.country".to_owned()),
            (Code::ViewBypassesRls, "view public.codes".to_owned()),
            (Code::AcceptanceUnused, "acceptance public.country".to_owned()),
            (Code::AcceptanceUnused, "acceptance public.codes".to_owned()),
        ],
        "{report}"
    );
}

/// Two that are for the same are both for something.
#[tokio::test]
async fn one_that_is_declared_twice_is_not_for_nothing() {
    let database = TestDatabase::new().await;
    database.execute("ALTER TABLE plan_step ADD CONSTRAINT twin UNIQUE (id)").await;
    let of = |registry: Registry| registry.accept(Code::UniqueUuidWithoutScope, "twin of public.plan_step", "a test's");
    assert_eq!(found(&look(&database, &of(of(application()))).await), []);
}
