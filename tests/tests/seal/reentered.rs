//! What is tried by opening a second context within the first, and by what asks for a setting after the statement has turned
//! it.

use tests::Fixture;

use crate::{
    attack::{Attacker, set_the_member},
    turned::{fixture, open_set_config},
};

/// Turns the role back to the login's own, opens a context for whomever it likes by a function that runs the text of a query,
/// and goes on as the tenant.
const REENTER: &str = "SELECT 1 AS kept FROM (
      SELECT {turn}('role', 'none', true) AS a,
        (SELECT count(*) FROM ts_stat(
          'SELECT to_tsvector(''a'') FROM {app}.enter_tenant_as_system(''{acme}'')'))::text AS b,
        {turn}('role', '{app}_tenant', true) AS c OFFSET 0
    ) x WHERE x.a || x.b || x.c IS NOT NULL";
const LOOK: &str = "SELECT 1 AS loot FROM research_plan WHERE organization_id = '{acme}'";
const ENTER: &str = "BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}'); SET LOCAL ROLE {app}_tenant";

/// Replaces a part of a function.
async fn replace(f: &Fixture, functions: &str, part: &str, with: &str) {
    let app = &f.database.prefix;
    f.database
        .execute(&format!(
            "DO $$
             DECLARE f text; g text;
             BEGIN
               FOR f IN SELECT pg_get_functiondef(oid) FROM pg_proc
                 WHERE pronamespace = '{app}'::regnamespace AND proname LIKE '{functions}'
               LOOP
                 g := regexp_replace(f, $r${part}$r$, $r${with}$r$);
                 ASSERT f <> g, f;
                 EXECUTE g;
               END LOOP;
             END $$"
        ))
        .await;
}

/// Has the question take the last of several seals.
async fn take_the_last_seal(f: &Fixture) {
    replace(f, "sealed_%", "(AND NOT c.is_holdable)\\)", "\\1 ORDER BY c.creation_time DESC LIMIT 1)").await;
}

/// A transaction has one context: where `set_config` is open, the role could be turned back to the one that opens them. The
/// control is entry functions that do not look.
#[tokio::test]
async fn no_second_context_is_opened_within_the_first() {
    let f = fixture().await;
    open_set_config(&f).await;
    for turn in ["set_config", "turn"] {
        let mut attacker = Attacker::new(&f).await.turning_by(turn);
        attacker.send(ENTER).await.unwrap();
        let error = attacker.send(REENTER).await.unwrap_err();
        assert!(error.to_string().contains("a context is open already"), "{turn}: {error}");
    }
    // By whoever holds the login's connection, too: each by each.
    let entry_functions = [
        "enter_tenant('{globex}', '{me}')",
        "enter_tenant_as_system('{acme}')",
        "enter_user('{me}')",
        "enter_identity()",
    ];
    for first in entry_functions {
        for second in entry_functions {
            let mut attacker = Attacker::new(&f).await;
            attacker.send(&format!("BEGIN; SELECT {{app}}.{first}")).await.unwrap();
            let error = attacker.send(&format!("SELECT {{app}}.{second}")).await.unwrap_err();
            assert!(error.to_string().contains("a context is open already"), "{first}, {second}: {error}");
            // The transaction after it is another.
            attacker.send("ROLLBACK").await.unwrap();
            attacker.send(&format!("BEGIN; SELECT {{app}}.{second}; COMMIT")).await.unwrap();
        }
    }
    replace(
        &f,
        "enter_%",
        "IF EXISTS \\(SELECT FROM pg_cursor\\(\\) c",
        "IF false AND EXISTS (SELECT FROM pg_cursor() c",
    )
    .await;
    // Then every question is refused: which of the two is it?
    let mut attacker = Attacker::new(&f).await;
    attacker
        .send("BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}'); SELECT {app}.enter_tenant_as_system('{acme}')")
        .await
        .unwrap();
    let error = attacker.send(&format!("SET LOCAL ROLE {{app}}_tenant; {LOOK}")).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "21000", "{error}");
    take_the_last_seal(&f).await;
    for turn in ["set_config", "turn"] {
        let mut attacker = Attacker::new(&f).await.turning_by(turn);
        attacker.send(ENTER).await.unwrap();
        attacker.send(REENTER).await.unwrap();
        assert!(!attacker.send(LOOK).await.unwrap().is_empty(), "by {turn}, where the entry functions do not look");
    }
}

/// An invitation is made in one's own name, whatever the statement turns. The control is a policy that takes the setting
/// at its word.
#[tokio::test]
async fn no_invitation_is_made_in_anothers_name_by_turning_the_person() {
    let f = fixture().await;
    let (me, app) = (f.globex.member.user_id(), &f.database.prefix);
    f.database.execute(&format!("UPDATE member SET role = 'owner' WHERE user_id = '{me}'")).await;
    let other = f.globex.owner.user_id();
    // By the second row, once the first has passed.
    let invite = format!(
        "INSERT INTO invitation (id, organization_id, email, expires_at, inviter_id)
         SELECT gen_random_uuid(), '{{globex}}', 'x@y.example', now() + interval '1 day',
           {{turn}}('{{app}}.user_id', CASE g WHEN 1 THEN '{{me}}' ELSE '{other}' END, true)::uuid
         FROM generate_series(1, 2) g RETURNING 1 AS loot"
    );
    let mut attacker = Attacker::new(&f).await.turning_by("turn");
    attacker.send(ENTER).await.unwrap();
    let error = attacker.send(&invite).await.unwrap_err();
    assert!(error.to_string().contains("row-level security"), "{error}");
    attacker.send("ROLLBACK").await.unwrap();

    set_the_member(&f).await;
    let by_setting = format!("inviter_id::text = current_setting('{app}.user_id')");
    f.database.execute(&format!("ALTER POLICY invitation_is_made ON invitation WITH CHECK ({by_setting})")).await;
    attacker.send(ENTER).await.unwrap();
    assert_eq!(attacker.send(&invite).await.unwrap().len(), 2);
}

/// The limit on tokens counts those that the person has, whatever the statement turns. The control is a limit that does not
/// look whether it sees what was made.
#[tokio::test]
async fn no_token_is_made_beyond_the_limit_by_turning_the_person() {
    let f = fixture().await;
    let (me, app) = (f.globex.member.user_id(), &f.database.prefix);
    f.database
        .execute(&format!(
            "GRANT EXECUTE ON FUNCTION turn(text, text, boolean) TO {app}_user;
             INSERT INTO personal_access_token (user_id, id, name, token_digest)
             SELECT '{me}', gen_random_uuid(), 'token ' || n, sha256(n::text::bytea) FROM generate_series(1, 50) n"
        ))
        .await;
    let make = "BEGIN; SELECT {app}.enter_user('{me}'); SET LOCAL ROLE {app}_user;
        INSERT INTO personal_access_token (user_id, id, name, token_digest)
        VALUES ('{me}', gen_random_uuid(), 'one more', sha256('x'))";
    let turning = format!("{make} RETURNING 1 AS loot, {{turn}}('{{app}}.user_id', '{{victim}}', true)");
    let as_nobody = format!("{make} RETURNING 1 AS loot, {{turn}}('role', 'none', true)");
    let mut attacker = Attacker::new(&f).await.turning_by("turn");
    let turned = "settings of the context";
    // From PostgreSQL 18 on a trigger runs as the role that the row was written as, and sees what is there.
    for (make, why) in
        [(make, ["at most 50"; 2]), (&turning, [turned; 2]), (&as_nobody, ["permission denied", "at most 50"])]
    {
        let error = attacker.send(make).await.unwrap_err().to_string();
        assert!(why.iter().any(|why| error.contains(why)), "{error}");
        attacker.send("ROLLBACK").await.unwrap();
    }
    replace(&f, "limit_personal_access_tokens", "IF NOT EXISTS", "IF false AND NOT EXISTS").await;
    attacker.send(&turning).await.unwrap();
}

/// Whose a token is is told to sign-in alone, whatever the arguments of the call turn. The control is a look-up that asks
/// whether there is a context, and not which.
#[tokio::test]
async fn no_token_is_looked_up_from_another_context_by_turning_the_role() {
    let f = fixture().await;
    let (victim, app) = (f.acme.owner.user_id(), &f.database.prefix);
    f.database
        .execute(&format!(
            "GRANT EXECUTE ON FUNCTION turn(text, text, boolean) TO {app}_identity;
             INSERT INTO personal_access_token (user_id, id, name, token_digest)
             VALUES ('{victim}', gen_random_uuid(), 'laptop', sha256('x'))"
        ))
        .await;
    let look_up = "SET LOCAL ROLE {app}_identity; SELECT 1 AS loot FROM {app}.authenticate_token(
        (SELECT sha256('x') FROM (SELECT {turn}('role', '{app}_tenant', true) s OFFSET 0) x WHERE s IS NOT NULL))";
    let mut attacker = Attacker::new(&f).await.turning_by("turn");
    attacker.send(ENTER).await.unwrap();
    assert_eq!(attacker.send(look_up).await.unwrap().len(), 0);
    attacker.send("ROLLBACK").await.unwrap();

    replace(
        &f,
        "authenticate_token",
        "IF [a-z_0-9]+\\.sealed_identity\\(\\) IS NOT TRUE",
        "IF NOT EXISTS (SELECT FROM pg_cursor())",
    )
    .await;
    attacker.send(ENTER).await.unwrap();
    assert_eq!(attacker.send(look_up).await.unwrap().len(), 1);
}

/// What the page on the seal says that it does not stop: a function of the owner's making that does, within a context, what
/// only the login role can do.
#[tokio::test]
async fn a_function_that_acts_as_the_login_role_can_open_another_context() {
    let f = fixture().await;
    let app = &f.database.prefix;
    f.database
        .execute(&format!(
            "CREATE FUNCTION reopen(organization uuid) RETURNS void LANGUAGE plpgsql AS $$
             DECLARE seal refcursor := (SELECT name FROM pg_cursors WHERE statement LIKE 'SELECT FROM %.seal');
             BEGIN
               CLOSE seal;
               SET LOCAL ROLE none;
               PERFORM {app}.enter_tenant_as_system(organization);
               SET LOCAL ROLE {app}_tenant;
             END $$;
             GRANT EXECUTE ON FUNCTION reopen(uuid) TO {app}_tenant"
        ))
        .await;
    let mut attacker = Attacker::new(&f).await;
    attacker.send(ENTER).await.unwrap();
    attacker.send("SELECT reopen('{acme}')").await.unwrap();
    assert!(!attacker.send(LOOK).await.unwrap().is_empty());
}
