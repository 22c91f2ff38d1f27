//! What is tried by taking another scope's role on in a genuine context, with nothing else changed.

use sea_orm::sqlx::{self, AssertSqlSafe, Executor, Row, raw_sql};
use tests::Fixture;

use crate::attack::{Attacker, take_any_seal_for_ones_own};

/// What opens a context, and the role that it is for.
const CONTEXTS: [(&str, &str); 4] = [
    ("enter_tenant('{globex}', '{me}')", "tenant"),
    ("enter_tenant_as_system('{globex}')", "tenant"),
    ("enter_user('{me}')", "user"),
    ("enter_identity()", "identity"),
];

async fn fixture() -> Fixture {
    let f = Fixture::new().await;
    let me = f.globex.member.user_id();
    f.database
        .execute(&format!(
            "INSERT INTO personal_access_token (user_id, id, name, token_digest)
             VALUES ('{me}', gen_random_uuid(), 'mine', sha256('mine'))"
        ))
        .await;
    f
}

/// Returns every table with a column of it that a role may read.
async fn readable(f: &Fixture, role: &str) -> Vec<(String, String)> {
    let sql = format!(
        "SELECT c.relname::text, min(a.attname)::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
           AND has_column_privilege('{}', c.oid, a.attnum, 'SELECT')
         GROUP BY c.oid, c.relname",
        f.database.role(role)
    );
    let mut owner = f.database.owner().await;
    let rows = owner.fetch_all(raw_sql(AssertSqlSafe(sql))).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Returns the tables that show rows, for each context and each role that is another's, and how many there are of both.
async fn shown(f: &Fixture) -> (Vec<String>, usize) {
    let (mut shown, mut tried) = (Vec::new(), 0);
    for (enter, own) in CONTEXTS {
        for other in ["tenant", "user", "identity"] {
            for (table, column) in readable(f, other).await {
                if own == other {
                    continue;
                }
                // With nothing else changed, and with the settings of that scope.
                for set in [
                    "",
                    "SET {app}.organization_id = '{globex}'; SET {app}.user_id = '{me}'; SET {app}.identity = 'true';",
                ] {
                    let look = format!(
                        "BEGIN; SELECT {{app}}.{enter}; SET LOCAL ROLE {{app}}_{own};
                         SET LOCAL ROLE {{app}}_{other}; {set} SELECT \"{column}\" FROM \"{table}\" LIMIT 1"
                    );
                    let seen = Attacker::new(f).await.send(&look).await;
                    // Of each statement in the message; the entry function's own is one.
                    tried += 1;
                    if seen.map_or(0, |rows| rows.len() - 1) > 0 {
                        shown.push(format!("{enter} as {other}: {table}"));
                    }
                }
            }
        }
    }
    (shown, tried)
}

/// A person's tokens are the person's, and no context of theirs in an organization shows them. The control are functions that
/// take any seal for that.
#[tokio::test]
async fn a_context_shows_nothing_to_another_scopes_role() {
    let f = fixture().await;
    let (seen, tried) = shown(&f).await;
    assert!(seen.is_empty(), "{seen:?}");
    assert!(tried > 80, "{tried} tables were looked at");

    take_any_seal_for_ones_own(&f).await;
    let (seen, _) = shown(&f).await;
    let tokens = "enter_tenant('{globex}', '{me}') as user: personal_access_token".to_owned();
    assert!(seen.contains(&tokens), "{seen:?}");
}

/// The tokens that the test above counts on are shown to the person's own context.
#[tokio::test]
async fn a_persons_own_context_shows_their_tokens() {
    let f = fixture().await;
    let own = "BEGIN; SELECT {app}.enter_user('{me}'); SET LOCAL ROLE {app}_user; SELECT id FROM personal_access_token";
    let rows: sqlx::Result<Vec<_>> = Attacker::new(&f).await.send(own).await;
    assert_eq!(rows.unwrap().len(), 2, "what the entry function returns, and the token");
}
