//! What the isolation tests do not see, as the guide says, and that the audit does.

use db::{
    Registry,
    audit::{Audit, Code},
    contract::Contract,
};
use entity::ResearchPlan;
use tests::TestDatabase;

use crate::{
    run,
    tables::{NOTE, note::Note},
};

/// Checks that the tests are green on a database with a table of notes and this besides, and that the audit finds it there.
/// `{tenant}` is the role of the scope.
async fn assert_not_seen(besides: &str, code: Code) {
    let registry = || Registry::empty().with::<Note>().with::<ResearchPlan>();
    let with = |contract: &Contract| {
        let tenant = contract.prefix_name().role(db::ScopeKind::Tenant);
        [contract.protect::<Note>(), vec![besides.replace("{tenant}", &tenant)]].concat()
    };
    run(NOTE, with, "", registry(), |isolation| isolation).await.assert();

    let database = TestDatabase::new().await;
    let contract = database.migrator().contract().clone();
    database.execute(NOTE).await;
    database.execute(&with(&contract).join(";\n")).await;
    let owner = database.migration_connection(&database.owner_url()).await;
    let report = Audit::new(&Registry::collect()).contract(&contract).run(&owner).await.unwrap();
    owner.close().await.unwrap();
    assert!(report.findings.iter().any(|finding| finding.code == code), "{report}");
}

#[tokio::test]
async fn a_function_that_runs_as_its_owner_is_the_audits_to_find() {
    assert_not_seen(
        "CREATE FUNCTION all_notes() RETURNS SETOF note LANGUAGE sql SECURITY DEFINER SET search_path = public
           BEGIN ATOMIC SELECT * FROM public.note; END",
        Code::DefinerBypassesRls,
    )
    .await;
}

#[tokio::test]
async fn a_view_is_the_audits_to_find() {
    assert_not_seen(
        "CREATE VIEW all_notes AS SELECT * FROM note; GRANT SELECT ON all_notes TO {tenant}",
        Code::ViewBypassesRls,
    )
    .await;
}

#[tokio::test]
async fn a_table_that_no_entity_knows_is_the_audits_to_find() {
    assert_not_seen(
        "CREATE TABLE remark (organization_id uuid, line text); GRANT SELECT ON remark TO {tenant}",
        Code::TableWithoutEntity,
    )
    .await;
}

/// The policies of a partitioned table do not hold for who names a partition: the tests do not name one.
#[tokio::test]
async fn a_partition_is_reached_through_its_table() {
    let partitioned = NOTE.replacen("\n);", "\n) PARTITION BY HASH (organization_id);", 1);
    assert_ne!(partitioned, NOTE);
    let partition = "CREATE TABLE note_all PARTITION OF note FOR VALUES WITH (MODULUS 1, REMAINDER 0)";
    let registry = || Registry::empty().with::<Note>().with::<ResearchPlan>();
    let with = |besides: &str| {
        let besides = besides.to_owned();
        move |contract: &Contract| {
            let tenant = contract.prefix_name().role(db::ScopeKind::Tenant);
            [vec![partition.to_owned()], contract.protect::<Note>(), vec![besides.replace("{tenant}", &tenant)]]
                .concat()
        }
    };
    run(&partitioned, with("GRANT SELECT ON note_all TO {tenant}"), "", registry(), |isolation| isolation)
        .await
        .assert();
    // The control: through the table, rows are attacked.
    let off = "ALTER TABLE note DISABLE ROW LEVEL SECURITY";
    let report = run(&partitioned, with(off), "", registry(), |isolation| isolation).await;
    assert!(report.failures().iter().any(|(test, _)| *test == "note::reads"), "{report}");
}
