//! What the seal stands on: the cursor that nobody else can open, and the secret that nobody else can read.

use sea_orm::sqlx::{AssertSqlSafe, query_scalar};
use tests::Fixture;

use crate::attack::{Attacker, Step};
use Step::{Keep, Replay, Say};

/// The cursor of a context that was entered before, by its name and its text, with that context's seal.
const FORGED: &[(&str, &str)] = &[
    (
        "opened within a block",
        "DO $$ DECLARE c refcursor := current_setting('kept.cursor');
           BEGIN OPEN c FOR EXECUTE 'SELECT FROM {app}.seal_key'; END $$",
    ),
    (
        "declared, and held",
        "DO $$ BEGIN EXECUTE format('DECLARE %I CURSOR WITH HOLD FOR SELECT FROM {app}.seal_key', current_setting('kept.cursor')); END $$",
    ),
    ("read at once", "SELECT FROM {app}.seal_key"),
    ("the secret before", "SELECT FROM {app}.seal_key_previous"),
    ("copied", "COPY {app}.seal_key TO STDOUT"),
    ("made anew", "REFRESH MATERIALIZED VIEW {app}.seal_key"),
    ("rotated", "SELECT {app}.rotate_seal()"),
    ("as the definer role", "SET ROLE {app}_gate"),
];

#[tokio::test]
async fn nobody_else_opens_the_cursor_or_reads_the_secret() {
    let f = Fixture::new().await;
    for role in ["none", "{app}_tenant", "{app}_user", "{app}_identity"] {
        for (name, sql) in FORGED {
            let mut attacker = Attacker::new(&f).await;
            attacker.send(&format!("SET ROLE {role}; SET kept.cursor = '{{app}}_seal x'")).await.unwrap();
            let error = attacker.send(sql).await.unwrap_err();
            assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{name}: {error}");
        }
    }
}

const ENTER: &str = "BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}');
    DO $$ BEGIN EXECUTE format('SET kept.cursor = %L', (SELECT name FROM pg_cursors)); END $$";
const LOOK: &str = "SET LOCAL ROLE {app}_tenant; SELECT 1 AS loot FROM research_plan";

/// A cursor of that name over something else is no evidence; with the text, it would be. So the text is what nobody can
/// come by: the control is that who may read the secret's relation replays a seal.
#[tokio::test]
async fn a_seal_is_replayed_by_nobody_who_cannot_read_the_secret() {
    let f = Fixture::new().await;
    let replay = |cursor| [Say(ENTER), Keep, Say("COMMIT; BEGIN"), Say(cursor), Replay, Say(LOOK)];
    for cursor in [
        "DO $$ DECLARE c refcursor := current_setting('kept.cursor'); BEGIN OPEN c FOR SELECT 1; END $$",
        "DO $$ DECLARE c refcursor := current_setting('kept.cursor');
           BEGIN OPEN c FOR EXECUTE 'SELECT /* FROM {app}.seal_key */'; END $$",
        "DO $$ BEGIN EXECUTE format('DECLARE %I CURSOR WITH HOLD FOR SELECT ''SELECT FROM {app}.seal_key''', current_setting('kept.cursor')); END $$",
    ] {
        assert_eq!(Attacker::new(&f).await.take(&replay(cursor)).await.unwrap(), 0, "{cursor}");
    }
    let grant = format!("GRANT SELECT ON {name}.seal_key TO {}", f.database.login(), name = f.database.prefix);
    f.database.execute(&grant).await;
    let loot = Attacker::new(&f).await.take(&replay(FORGED[0].1)).await;
    assert_eq!(loot.unwrap(), 1, "a cursor that can be opened is evidence of nothing");
    let held = Attacker::new(&f).await.take(&replay(FORGED[1].1)).await;
    assert_eq!(held.unwrap(), 0, "one that would outlive its transaction is not taken");
}

/// Each has its own: neither the views nor the function may be anybody's but the definer role's.
#[tokio::test]
async fn the_secret_belongs_to_the_gate_alone() {
    let f = Fixture::new().await;
    let (mut owner, name) = (f.database.owner().await, &f.database.prefix);
    let grants: Vec<String> = query_scalar(AssertSqlSafe(format!(
        "SELECT DISTINCT c.relname || ' ' || a.grantee::regrole
         FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
         WHERE c.relnamespace = '{name}'::regnamespace AND c.relkind <> 'i' ORDER BY 1"
    )))
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let gate = f.database.role("gate");
    assert_eq!(grants, [format!("seal_key {gate}"), format!("seal_key_previous {gate}")]);
    let rotates: Vec<String> = query_scalar(AssertSqlSafe(format!(
        "SELECT DISTINCT a.grantee::regrole::text FROM pg_proc p, aclexplode(p.proacl) a
         WHERE p.oid = '{name}.rotate_seal()'::regprocedure AND a.grantee <> p.proowner"
    )))
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let migrates: String = query_scalar("SELECT current_user::text").fetch_one(&mut owner).await.unwrap();
    assert_eq!(rotates, [migrates]);
}
