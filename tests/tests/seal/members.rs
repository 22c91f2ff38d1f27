//! What is tried by turning a genuine context within a statement that changes members: the trigger that asks for the present
//! role comes after whatever the statement has turned.

use sea_orm::sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, raw_sql};
use tests::Fixture;

use crate::{
    attack::{Attacker, LATE, set_the_member, trust_the_moment},
    turned::open_set_config,
};

/// What each setting is turned into; nothing where it is left alone.
const ROLE: [Option<&str>; 4] = [None, Some("none"), Some("{app}_user"), Some("{app}_identity")];
const PERSON: [Option<&str>; 3] = [None, Some(""), Some("{other}")];
const MEMBER_ROLE: [Option<&str>; 3] = [None, Some("system"), Some("member")];

/// Another member to be removed, and functions that turn a context.
async fn fixture() -> Fixture {
    let f = Fixture::alone().await;
    let (globex, app) = (f.globex.id, &f.database.prefix);
    f.database
        .execute(&format!(
            "INSERT INTO \"user\" (id, name, email) VALUES ('{LATE}', 'Late', 'late@globex.example');
             INSERT INTO member (id, organization_id, user_id, role)
             VALUES (gen_random_uuid(), '{globex}', '{LATE}', 'member');
             CREATE FUNCTION turn(setting text, value text, is_local boolean) RETURNS text LANGUAGE plpgsql AS
               $$ BEGIN EXECUTE format('SET LOCAL %s = %L', setting, value); RETURN value; END $$;
             CREATE FUNCTION close_the_seal() RETURNS text LANGUAGE plpgsql AS $$
             DECLARE seal refcursor := (SELECT name FROM pg_cursors WHERE statement LIKE 'SELECT FROM %.seal');
             BEGIN CLOSE seal; RETURN ''; END $$;
             GRANT EXECUTE ON FUNCTION turn(text, text, boolean), close_the_seal() TO {app}_tenant"
        ))
        .await;
    f
}

/// A member of globex who is an owner as the context opens, and none when the statement runs.
struct Demoted<'a> {
    f: &'a Fixture,
    superuser: PgConnection,
    attacker: Attacker<'a>,
}

impl<'a> Demoted<'a> {
    async fn new(f: &'a Fixture, turn: &'static str) -> Self {
        Self { f, superuser: f.database.owner().await, attacker: Attacker::new(f).await.turning_by(turn) }
    }

    async fn is(&mut self, role: &str) {
        let me = self.f.globex.member.user_id();
        let sql = format!("UPDATE member SET role = '{role}' WHERE user_id = '{me}'");
        self.superuser.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }

    /// Opens a context as an owner, is demoted, and sends a statement; returns how many members it removed or changed.
    async fn sends(&mut self, statement: &str) -> Result<usize, String> {
        self.is("owner").await;
        // By an index, so that no other row is met once the context is turned: the policies would refuse that one.
        let enter = "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
            SELECT {app}.enter_tenant('{globex}', '{me}'); SET LOCAL ROLE {app}_tenant";
        self.attacker.send(enter).await.unwrap();
        self.is("member").await;
        let other = self.f.globex.owner.user_id().to_string();
        let sent = self.attacker.send(&statement.replace("{other}", &other)).await;
        self.attacker.send("ROLLBACK").await.unwrap();
        sent.map(|rows| rows.len()).map_err(|error| error.to_string())
    }

    /// Returns the combinations by which a statement succeeds.
    async fn successes(&mut self, statement: &str) -> Vec<String> {
        let mut successes = Vec::new();
        for turned in combinations() {
            if self.sends(&statement.replace("{turned}", &turned)).await.is_ok_and(|changed| changed > 0) {
                successes.push(turned);
            }
        }
        successes
    }
}

/// A condition that turns a setting. It reads a column, so that it is looked at after the policies.
fn turned_into(setting: &str, value: &str) -> String {
    format!(" AND {{turn}}('{setting}', '{value}' || left(user_id::text, 0), true) IS NOT NULL")
}

/// Every combination, as conditions of a statement: with the seal closed, or not.
fn combinations() -> Vec<String> {
    let mut all = Vec::new();
    for role in ROLE {
        for person in PERSON {
            for member_role in MEMBER_ROLE {
                for close in [false, true] {
                    let turned = [("{app}.user_id", person), ("{app}.member_role", member_role), ("role", role)];
                    let turned =
                        turned.iter().filter_map(|(setting, value)| value.map(|value| turned_into(setting, value)));
                    let close = close.then(|| " AND close_the_seal() IS NOT NULL".to_owned());
                    all.push(turned.chain(close).collect::<String>());
                }
            }
        }
    }
    all
}

const DELETE: &str = "DELETE FROM member WHERE user_id = '{late}'{turned} RETURNING 1 AS loot";
/// The role and the person are turned back in the same statement, once the trigger has looked.
const DELETE_AND_TURN_BACK: &str = "DELETE FROM member WHERE user_id = '{late}'{turned}
    RETURNING 1 AS loot, {turn}('role', '{app}_tenant', true), {turn}('{app}.user_id', '{me}', true)";
const UPDATE: &str = "UPDATE member SET role = 'admin' WHERE user_id = '{late}'{turned} RETURNING 1 AS loot";

/// Who was demoted removes nobody and raises nobody, whatever a statement turns, and however. The control is the trigger as
/// it was.
#[tokio::test]
async fn who_is_demoted_changes_no_member_by_turning_the_context() {
    let f = fixture().await;
    open_set_config(&f).await;
    for (turn, statements) in [("set_config", &[DELETE][..]), ("turn", &[DELETE_AND_TURN_BACK, UPDATE])] {
        let mut demoted = Demoted::new(&f, turn).await;
        for statement in statements {
            let successes = demoted.successes(statement).await;
            assert!(successes.is_empty(), "{statement}, by {turn}: {successes:?}");
        }
    }
    set_the_member(&f).await;
    f.database.execute(&trust_the_moment(&f)).await;
    for turn in ["set_config", "turn"] {
        let mut demoted = Demoted::new(&f, turn).await;
        for statement in [DELETE, DELETE_AND_TURN_BACK] {
            // As nobody, and with the role that is left.
            for turned in [
                turned_into("{app}.user_id", "") + &turned_into("role", "{app}_identity"),
                turned_into("{app}.member_role", "member") + &turned_into("role", "{app}_user"),
            ] {
                let sent = demoted.sends(&statement.replace("{turned}", &turned)).await;
                assert_eq!(sent, Ok(1), "{turned}, by {turn}, as it was");
            }
        }
        // In a genuine context it did what it was for.
        demoted.sends(&DELETE.replace("{turned}", "")).await.unwrap_err();
    }
}

/// Who holds the role goes on, in a context as it was opened; and so does the system.
#[tokio::test]
async fn a_genuine_context_changes_members() {
    let f = fixture().await;
    let mut attacker = Attacker::new(&f).await;
    let owner = f.globex.owner.user_id();
    for enter in [format!("enter_tenant('{{globex}}', '{owner}')"), "enter_tenant_as_system('{globex}')".to_owned()] {
        for statement in [DELETE, UPDATE] {
            let statement = statement.replace("{turned}", "");
            let all = format!("BEGIN; SELECT {{app}}.{enter}; SET LOCAL ROLE {{app}}_tenant; {statement}");
            assert_eq!(attacker.send(&all).await.unwrap().len(), 2, "{enter}: {statement}");
            attacker.send("ROLLBACK").await.unwrap();
        }
    }
}

/// Whoever can open no context is not asked for one: the table's owner, and an application's role of before. Whoever can
/// has to be in one.
#[tokio::test]
async fn whoever_can_open_no_context_changes_members_as_before() {
    let f = fixture().await;
    let (app, login) = (&f.database.prefix, f.database.login());
    // Roles are the server's: named like a role that is dropped with the database.
    f.database
        .execute(&format!(
            "CREATE ROLE {app}_owner LOGIN NOINHERIT PASSWORD 'before';
             GRANT CONNECT ON DATABASE {app} TO {app}_owner;
             GRANT SELECT, DELETE ON member TO {app}_owner, {login};
             CREATE POLICY before ON member TO {app}_owner, {login} USING (true)"
        ))
        .await;
    let delete = "DELETE FROM member WHERE user_id = '{late}'".replace("{late}", LATE);
    let role = format!("{app}_owner");
    let mut before = PgConnection::connect(&f.database.url(Some((&role, "before")))).await.unwrap();
    let mut login = f.database.stranger().await;
    let mut superuser = f.database.owner().await;
    for (connection, may) in [(&mut before, true), (&mut login, false), (&mut superuser, true)] {
        connection.execute("BEGIN").await.unwrap();
        let deleted = connection.execute(raw_sql(AssertSqlSafe(delete.clone()))).await;
        assert_eq!(deleted.as_ref().is_ok_and(|done| done.rows_affected() == 1), may, "{deleted:?}");
        connection.execute("ROLLBACK").await.unwrap();
    }
    // Once it can open contexts, it is held to them.
    f.database.execute(&format!("GRANT {app}_tenant TO {app}_owner")).await;
    let deleted = before.execute(raw_sql(AssertSqlSafe(delete))).await.unwrap_err();
    assert!(deleted.to_string().contains("none is open"), "{deleted}");
}
