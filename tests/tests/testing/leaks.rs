//! A table that is sound, and its twins that leak: each is seen, by the group of probes that is for it.

use db::{Registry, testing::IsolationReport};
use entity::ResearchPlan;

use crate::{
    run,
    tables::{NOTE, note::Note},
};

/// Runs the tests of a table of notes, after it was altered; `{tenant}` is the role of the scope.
async fn altered(sql: &str) -> IsolationReport {
    let registry = Registry::empty().with::<Note>().with::<ResearchPlan>();
    let mut tenant = String::new();
    let protect = |contract: &db::contract::Contract| {
        tenant = contract.prefix_name().role(db::ScopeKind::Tenant);
        let sql = sql.replace("{tenant}", &tenant);
        [contract.protect::<Note>(), vec![if sql.is_empty() { "SELECT".to_owned() } else { sql }]].concat()
    };
    run(NOTE, protect, "", registry, |isolation| isolation).await
}

/// Checks that some tests of the table failed, with what they found, and that those of the other table did not.
#[track_caller]
fn assert_red(report: &IsolationReport, groups: &[&str], what: &str) {
    for group in groups {
        let test = format!("note::{group}");
        let found = report.failures().iter().find(|(failed, _)| *failed == test);
        let why = &found.unwrap_or_else(|| panic!("{test} stayed green: {report}")).1;
        assert!(why.contains(what), "{why}");
    }
    let others: Vec<_> = report.failures().iter().filter(|(test, _)| !test.starts_with("note::")).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[tokio::test]
async fn a_sound_table_is_green() {
    altered("").await.assert();
}

#[tokio::test]
async fn row_level_security_that_is_off_is_seen() {
    let report = altered("ALTER TABLE note DISABLE ROW LEVEL SECURITY").await;
    assert_red(&report, &["reads", "updates", "deletes", "inserts", "upserts", "roles"], "isolation is broken");
    // The second layer holds alone.
    assert!(report.passed().iter().any(|test| test == "note::verbs"), "{report}");
}

#[tokio::test]
async fn a_lax_policy_without_a_boundary_is_seen() {
    let report = altered("DROP POLICY tenant_boundary ON note; CREATE POLICY lax ON note USING (true)").await;
    assert_red(&report, &["reads", "updates", "deletes"], "isolation is broken");
}

/// The probes of the rows are all green: nothing leaks yet. The control sees that one lax policy would be enough.
#[tokio::test]
async fn a_table_without_a_boundary_is_seen() {
    let report = altered("DROP POLICY tenant_boundary ON note").await;
    assert_red(&report, &["control"], "with one lax policy more");
    assert_eq!(report.failures().len(), 1, "{report}");
}

#[tokio::test]
async fn a_policy_that_lets_rows_be_put_among_anothers_is_seen() {
    let report = altered(
        "DROP POLICY tenant_boundary ON note; DROP POLICY tenant_access ON note;
         CREATE POLICY a ON note FOR SELECT USING (organization_id = current_setting('nobody.knows', true)::uuid);
         CREATE POLICY b ON note FOR INSERT WITH CHECK (true)",
    )
    .await;
    assert_red(&report, &["inserts"], "a row was put among another's");
    // Nor does a context see its own rows: silence is not taken for isolation.
    assert_red(&report, &["reads"], "a context cannot do what it may");
}

#[tokio::test]
async fn a_foreign_key_without_the_scope_is_seen() {
    let report = altered(
        "CREATE UNIQUE INDEX plan_id ON research_plan (id);
         ALTER TABLE note ADD FOREIGN KEY (plan_id) REFERENCES research_plan (id) ON DELETE CASCADE",
    )
    .await;
    assert_red(&report, &["references"], "a row points at one of another by note_plan_id_fkey");
}

#[tokio::test]
async fn a_unique_key_without_the_scope_is_seen() {
    let report = altered("CREATE UNIQUE INDEX note_title ON note (lower(title))").await;
    assert_red(&report, &["uniques"], "a conflict on note_title tells what another has");
    assert_eq!(report.failures().len(), 1, "{report}");
}

#[tokio::test]
async fn a_scope_column_that_may_be_updated_is_seen() {
    let report = altered("GRANT UPDATE ON note TO {tenant}").await;
    assert_red(&report, &["moves"], "a column of the scope or the key is assigned");
}

#[tokio::test]
async fn truncate_is_seen() {
    let report = altered("GRANT TRUNCATE ON note TO {tenant}").await;
    assert_red(&report, &["roles"], "a row of another was changed or removed");
}

/// The rows that are generated have a number each. An application leaves that to the database.
#[tokio::test]
async fn a_key_that_counts_up_and_may_not_be_drawn_is_seen() {
    let report =
        altered("ALTER TABLE note ADD COLUMN number bigserial; GRANT UPDATE (number) ON note TO {tenant}").await;
    assert_red(&report, &["inserts"], "a row of one's own cannot be inserted without what the database makes");
    assert_eq!(report.failures().len(), 1, "{report}");
}

#[tokio::test]
async fn a_verb_that_is_allowed_and_does_not_work_is_seen() {
    let report = altered("REVOKE DELETE ON note FROM {tenant}").await;
    assert_red(&report, &["deletes"], "no row of one's own can be deleted");
}
