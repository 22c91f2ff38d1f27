//! What the seal stands on: a cursor that nobody else can open, on a table that nobody else can reach.

use sea_orm::sqlx::{AssertSqlSafe, query_scalar};
use tests::Fixture;

use crate::attack::{Attacker, Step};
use Step::{Keep, Say};

/// Attempts at a cursor of the seal's text, and of the name of a context of before; and at what it reads.
const FORGED: &[(&str, &str)] = &[
    (
        "opened within a block",
        "DO $$ DECLARE c refcursor := current_setting('kept.cursor'); BEGIN OPEN c FOR EXECUTE 'SELECT FROM {app}.seal'; END $$",
    ),
    (
        "opened by a query of the block's own",
        "DO $$ DECLARE c refcursor := current_setting('kept.cursor'); BEGIN OPEN c FOR SELECT FROM {app}.seal; END $$",
    ),
    (
        "opened as a bound cursor",
        "DO $$ DECLARE c CURSOR FOR SELECT FROM {app}.seal; BEGIN c := current_setting('kept.cursor'); OPEN c; END $$",
    ),
    ("by a loop", "DO $$ DECLARE r record; BEGIN FOR r IN SELECT FROM {app}.seal LOOP NULL; END LOOP; END $$"),
    (
        "declared, and held",
        "DO $$ BEGIN EXECUTE format('DECLARE %I CURSOR WITH HOLD FOR SELECT FROM {app}.seal', current_setting('kept.cursor')); END $$",
    ),
    ("prepared", "PREPARE forged AS SELECT FROM {app}.seal; EXECUTE forged"),
    ("read", "SELECT FROM {app}.seal"),
    ("read as XML", "SELECT query_to_xml('SELECT FROM {app}.seal', true, true, '')"),
    ("explained", "EXPLAIN ANALYZE SELECT FROM {app}.seal"),
    ("copied", "COPY {app}.seal TO STDOUT"),
    ("written", "INSERT INTO {app}.seal DEFAULT VALUES"),
    ("locked", "DO $$ BEGIN LOCK TABLE {app}.seal IN ACCESS SHARE MODE; END $$"),
    ("renamed", "ALTER TABLE {app}.seal RENAME TO other"),
    ("granted", "GRANT SELECT ON {app}.seal TO PUBLIC"),
    ("made anew, elsewhere", "CREATE SCHEMA other; ALTER TABLE {app}.seal SET SCHEMA other"),
    ("as the definer role", "SET ROLE {app}_gate"),
];

/// Tried by the login role and each scope role, alone, in a savepoint, and in a block that catches it: none leaves a cursor.
#[tokio::test]
async fn nobody_else_opens_the_cursor_or_reaches_its_table() {
    let f = Fixture::new().await;
    for role in ["none", "{app}_tenant", "{app}_user", "{app}_identity"] {
        let mut attacker = Attacker::new(&f).await;
        attacker.send(&format!("SET ROLE {role}; SET kept.cursor = 't{{seal of acme}}owner'")).await.unwrap();
        for (name, sql) in FORGED {
            let error = attacker.send(sql).await.unwrap_err();
            let code = error.as_database_error().unwrap().code().unwrap().into_owned();
            // Where it was renamed from nowhere there is no such table to begin with.
            assert_eq!(code, "42501", "{name}, as {role}: {error}");

            attacker.send("BEGIN; SAVEPOINT s").await.unwrap();
            attacker.send(sql).await.unwrap_err();
            attacker.send("ROLLBACK TO s").await.unwrap();
            let body = sql.replace('\'', "''");
            let caught = format!(
                "DO $caught$ BEGIN EXECUTE '{body}'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $caught$"
            );
            // `COPY` and the like are not for a block at all.
            attacker.send(&format!("SAVEPOINT c; {caught}")).await.ok();
            attacker.send("ROLLBACK TO s").await.unwrap();
            let left = attacker.send("SELECT 1 AS loot FROM pg_cursors").await.unwrap();
            assert_eq!(left.len(), 0, "{name}, as {role}, leaves a cursor");
            attacker.send("ROLLBACK").await.unwrap();
        }
    }
}

const ENTER: &str = "BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}')";
const LOOK: &str = "SET LOCAL ROLE {app}_tenant; SELECT 1 AS loot FROM research_plan";

/// A cursor of that name over something else is no evidence; with the text, it would be. So the table is what nobody can
/// come by: the control is that who may read it opens a context for anybody.
#[tokio::test]
async fn a_name_is_worth_nothing_without_the_table() {
    let f = Fixture::new().await;
    let forge = |cursor| [Say("BEGIN; SET {app}.organization_id = '{acme}'"), Say(cursor), Say(LOOK)];
    for cursor in [
        "DO $$ DECLARE c refcursor := 't{seal of acme}owner'; BEGIN OPEN c FOR SELECT 1; END $$",
        "DO $$ DECLARE c refcursor := 't{seal of acme}owner'; BEGIN OPEN c FOR EXECUTE 'SELECT /* FROM {app}.seal */'; END $$",
        "DO $$ DECLARE c refcursor := 't{seal of acme}owner'; BEGIN OPEN c FOR EXECUTE 'SELECT FROM {app}.seal_' || 'x'; EXCEPTION WHEN undefined_table THEN NULL; END $$",
        "DO $$ BEGIN EXECUTE 'DECLARE \"t{seal of acme}owner\" CURSOR WITH HOLD FOR SELECT ''SELECT FROM {app}.seal'''; END $$",
        "PREPARE \"t{seal of acme}owner\" AS SELECT 'SELECT FROM {app}.seal'; EXECUTE \"t{seal of acme}owner\"",
    ] {
        assert_eq!(Attacker::new(&f).await.take(&forge(cursor)).await.unwrap(), 0, "{cursor}");
    }
    let grant = format!("GRANT SELECT ON {}.seal TO {}", f.database.prefix, f.database.login());
    f.database.execute(&grant).await;
    let open = "DO $$ DECLARE c refcursor := 't{seal of acme}owner'; BEGIN OPEN c FOR EXECUTE 'SELECT FROM {app}.seal'; END $$";
    let loot = Attacker::new(&f).await.take(&forge(open)).await;
    assert_eq!(loot.unwrap(), 1, "a cursor that can be opened is evidence of nothing");
    let hold =
        "DO $$ BEGIN EXECUTE 'DECLARE \"t{seal of acme}owner\" CURSOR WITH HOLD FOR SELECT FROM {app}.seal'; END $$";
    let held = Attacker::new(&f).await.take(&forge(hold)).await;
    assert_eq!(held.unwrap(), 0, "one that would outlive its transaction is not taken");
}

/// Whatever ends the transaction ends the seal.
#[tokio::test]
async fn the_cursor_ends_with_its_transaction() {
    let f = Fixture::new().await;
    let ends: &[&[Step]] = &[
        &[Say("COMMIT")],
        &[Say("ROLLBACK")],
        &[Say("COMMIT AND CHAIN")],
        &[Say("ROLLBACK AND CHAIN")],
        &[Keep, Say("CLOSE ALL")],
        &[Say("DISCARD PLANS; COMMIT"), Say("DISCARD ALL")],
    ];
    for end in ends {
        let mut attacker = Attacker::new(&f).await;
        attacker.send(ENTER).await.unwrap();
        attacker.take(end).await.unwrap();
        assert_eq!(attacker.send("SELECT 1 FROM pg_cursors").await.unwrap().len(), 0, "{end:?}");
    }
}

/// The table is nobody's but the definer role's.
#[tokio::test]
async fn the_table_belongs_to_the_definer_role_alone() {
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
    assert_eq!(grants, [format!("seal {}", f.database.role("gate"))]);
}
