//! Unique and exclusion keys.

use super::*;

/// How a key is made, and what it is once it has the scope; `None` where that is for people to decide.
const SHAPES: [(&str, Option<&str>); 14] = [
    ("ALTER TABLE note ADD CONSTRAINT k UNIQUE (body, created_at)", Some("UNIQUE (organization_id, body, created_at)")),
    (
        "ALTER TABLE note ADD CONSTRAINT k UNIQUE (body, created_at) DEFERRABLE",
        Some("UNIQUE (organization_id, body, created_at) DEFERRABLE"),
    ),
    (
        "ALTER TABLE note ADD CONSTRAINT k UNIQUE (body, updated_at, member_id) DEFERRABLE INITIALLY DEFERRED",
        Some("UNIQUE (organization_id, body, updated_at, member_id) DEFERRABLE INITIALLY DEFERRED"),
    ),
    (
        "ALTER TABLE note ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (body, created_at) INCLUDE (member_id) WITH (fillfactor = 60)",
        Some("UNIQUE NULLS NOT DISTINCT (organization_id, body, created_at) INCLUDE (member_id)"),
    ),
    (
        "CREATE UNIQUE INDEX k ON note (body DESC NULLS LAST, created_at)",
        Some("(organization_id, body DESC NULLS LAST, created_at)"),
    ),
    (
        "CREATE UNIQUE INDEX k ON note (lower(body) COLLATE \"C\" text_pattern_ops, created_at) INCLUDE (member_id) WHERE member_id IS NOT NULL",
        Some(
            "(organization_id, lower((body)::text) COLLATE \"C\" text_pattern_ops, created_at) INCLUDE (member_id) WHERE (member_id IS NOT NULL)",
        ),
    ),
    (
        "CREATE UNIQUE INDEX k ON note (body, created_at) NULLS NOT DISTINCT WITH (fillfactor = 55)",
        Some("(organization_id, body, created_at) NULLS NOT DISTINCT WITH (fillfactor='55')"),
    ),
    (
        "CREATE UNIQUE INDEX k ON note ((body || '(organization_id'), created_at)",
        Some("(organization_id, (((body)::text || '(organization_id'::text)), created_at)"),
    ),
    (
        "ALTER TABLE note ADD CONSTRAINT k EXCLUDE USING btree (body WITH =, created_at WITH =) INCLUDE (member_id) WITH (fillfactor = 50) WHERE (member_id IS NOT NULL) DEFERRABLE",
        Some(
            "EXCLUDE USING btree (organization_id WITH =, body WITH =, created_at WITH =) INCLUDE (member_id) WITH (fillfactor='50') WHERE ((member_id IS NOT NULL)) DEFERRABLE",
        ),
    ),
    // Something hangs on it.
    (
        "ALTER TABLE note ADD CONSTRAINT k UNIQUE (body, created_at); CREATE TABLE mark (body varchar, created_at timestamptz, FOREIGN KEY (body, created_at) REFERENCES note (body, created_at))",
        None,
    ),
    // With the tenant each would be no rule: a tenant has one row there.
    ("ALTER TABLE organization ADD CONSTRAINT k UNIQUE (name)", None),
    ("CREATE UNIQUE INDEX k ON organization (lower(name))", None),
    ("CREATE UNIQUE INDEX k ON organization (name) WHERE logo IS NULL", None),
    // No btree.
    ("ALTER TABLE note ADD CONSTRAINT k EXCLUDE USING hash (body WITH =)", None),
];

#[tokio::test]
async fn one_gains_its_scope_and_keeps_all_else() {
    let mut shop = Shop::open().await;
    shop.run("UPDATE organization SET name = id::text; UPDATE note SET body = id::text").await;
    for (shape, expected) in SHAPES {
        let clean = shop.state().await;
        shop.run(shape).await;
        let what = if shape.contains("CONSTRAINT") { "CONSTRAINT k ON note" } else { "INDEX k" };
        if expected.is_some() {
            shop.run(&format!("COMMENT ON {what} IS 'it''s'; COMMENT ON INDEX k IS 'so'")).await;
            let is_whole = !shape.contains("WHERE") && !shape.contains("DEFERRABLE");
            shop.run(if is_whole { "ALTER TABLE note CLUSTER ON k" } else { "" }).await;
        }
        let before = shop.state().await;
        let finding = shop.find(Code::UniqueWithoutScope).await;
        assert_eq!(finding.repair.script().is_some(), expected.is_some(), "{shape}: {finding:?}");
        if let (Some(script), Some(expected)) = (finding.repair.script(), expected) {
            assert!(finding.repair.advice.iter().any(|sentence| sentence.starts_with("a proposal")), "{finding:?}");
            shop.run(&script).await;
            let (gone, made) = changes(&before, &shop.state().await);
            assert!(made.iter().any(|line| line.contains(expected)), "{shape}: {made:#?}");
            assert_eq!(gone.len(), made.len(), "{shape}: {gone:#?} {made:#?}");
            let rest = |line: &String| line.replace("organization_id WITH =, ", "").replace("(organization_id, ", "(");
            assert_eq!(made.iter().map(rest).collect::<Vec<_>>(), gone, "{shape}");
            assert!(shop.audit().await.findings.is_empty(), "{shape}");
        }
        shop.run("DROP TABLE IF EXISTS mark; ALTER TABLE note DROP CONSTRAINT IF EXISTS k; ALTER TABLE organization DROP CONSTRAINT IF EXISTS k; DROP INDEX IF EXISTS k").await;
        assert_eq!(shop.state().await, clean, "{shape}");
    }
    shop.close().await;
}

/// Where the key with the tenant is there already, the other one goes.
#[tokio::test]
async fn one_that_is_there_with_its_scope_is_not_made_twice() {
    let mut shop = Shop::open().await;
    let before = shop.state().await;
    shop.run("ALTER TABLE plan_step ADD CONSTRAINT k UNIQUE (id)").await;
    shop.run(&shop.find(Code::UniqueUuidWithoutScope).await.repair.script().unwrap()).await;
    assert_eq!(shop.state().await, before);
    shop.close().await;
}

#[tokio::test]
async fn a_replica_identity_stays_one() {
    let mut shop = Shop::open().await;
    shop.run("UPDATE note SET body = id::text").await;
    shop.run("ALTER TABLE note ADD CONSTRAINT k UNIQUE (body, created_at); ALTER TABLE note ALTER body SET STATISTICS 7; ALTER TABLE note REPLICA IDENTITY USING INDEX k").await;
    let before = shop.state().await;
    let finding = shop.find(Code::UniqueWithoutScope).await;
    assert!(finding.repair.advice.iter().any(|sentence| sentence.contains("replica identity")), "{finding:?}");
    shop.run(&finding.repair.script().unwrap()).await;
    let (gone, made) = changes(&before, &shop.state().await);
    assert_eq!(made.iter().map(|line| line.replace("(organization_id, ", "(")).collect::<Vec<_>>(), gone);
    assert!(made.iter().any(|line| line.starts_with("index k:") && line.contains(" f t ")), "{made:?}");
    // Over an expression, statistics have a target of their own.
    shop.run("ALTER TABLE note REPLICA IDENTITY DEFAULT; ALTER TABLE note DROP CONSTRAINT k; CREATE UNIQUE INDEX k ON note (lower(body), created_at); ALTER INDEX k ALTER COLUMN 1 SET STATISTICS 9").await;
    shop.run(&shop.find(Code::UniqueWithoutScope).await.repair.script().unwrap()).await;
    let sql = "SELECT attnum::int FROM pg_attribute WHERE attrelid = 'k'::regclass AND attstattarget = 9";
    assert_eq!(shop.owner.fetch_one(sql).await.unwrap().get::<i32, _>(0), 2);
    shop.close().await;
}

/// A foreign key that points at a key by itself leaves it before that one is made again.
#[tokio::test]
async fn a_key_and_the_foreign_key_that_needs_it_are_repaired_in_that_order() {
    let mut shop = Shop::open().await;
    shop.run("CREATE TABLE folder (organization_id uuid NOT NULL, id bigint, PRIMARY KEY (id)); CREATE INDEX ON folder (organization_id)").await;
    shop.run("CREATE TABLE paper (organization_id uuid NOT NULL, id bigint, folder_id bigint REFERENCES folder ON DELETE CASCADE DEFERRABLE, PRIMARY KEY (organization_id, id))").await;
    for table in ["folder", "paper"] {
        shop.run(&format!("GRANT SELECT, INSERT ON {table} TO $p_tenant")).await;
    }
    shop.run(&format!("INSERT INTO folder SELECT u, n FROM unnest({IDS}) WITH ORDINALITY f (u, n); INSERT INTO paper SELECT organization_id, id, id FROM folder")).await;
    let report = shop.audit().await;
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    let at = |code| codes.iter().position(|found| *found == code).unwrap();
    assert!(at(Code::ForeignKeyWithoutScope) < at(Code::UniqueWithoutScope), "{report}");
    shop.run(&report.to_sql()).await;
    let left: Vec<_> = shop.audit().await.findings.iter().map(|finding| finding.code).collect();
    assert!(left.iter().all(|code| *code == Code::TableWithoutEntity), "{left:?}");
    let key =
        "FOREIGN KEY (organization_id, folder_id) REFERENCES folder(organization_id, id) ON DELETE CASCADE DEFERRABLE";
    assert!(shop.state().await.iter().any(|line| line.contains(key)));
    shop.close().await;
}
