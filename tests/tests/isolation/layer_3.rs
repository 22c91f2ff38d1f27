//! Layer 3 alone: raw SQL in a context, with the predicate left out; and what becomes of it without row-level security.

use std::fmt::Write;

use db::{ScopeKind, prelude::*, scope::Rows};
use sea_orm::sqlx::Row;
use tests::Fixture;

use crate::{
    inside::{Enter, Inside, sqlstate},
    sql::{entities, statements},
    world::{Side, ids, rows_of, switch_row_level_security_off, world},
};

/// Reads and writes every table of a scope with no predicate at all, and returns each verb that gets at a row of
/// somebody else's; asserts that it gets at one's own.
async fn without_a_predicate(f: &Fixture, scope: ScopeKind) -> Vec<String> {
    let (own, other) = (Side::owner(&f.globex), Side::owner(&f.acme));
    let (enter, own, other) = match scope {
        ScopeKind::Tenant => (Enter::Tenant(own.clone()), own.organization.0, other.organization.0),
        _ => (Enter::User(own.clone()), own.user().0, other.user().0),
    };
    // What members may do about each other, and what becomes of an invitation, is not what this is about.
    f.database
        .execute(
            "DROP TRIGGER IF EXISTS keep_an_owner ON member;
            DROP TRIGGER IF EXISTS act_by_present_role ON member;
            DROP POLICY IF EXISTS invitation_is_made ON invitation;
            DROP POLICY IF EXISTS invitation_is_withdrawn ON invitation",
        )
        .await;
    let mut inside = Inside::new(f, &enter, scope.as_str()).await;
    let mut superuser = f.database.owner().await;
    let mut loot = Vec::new();
    for (table, scopes) in entities() {
        let Some(declared) = scopes.iter().find(|declared| declared.scope == scope) else { continue };
        let own_ids = ids(&mut superuser, &table, &rows_by_key(declared.rows, own)).await;
        if let (true, Some(key)) = (declared.verbs.insert, declared.rows.column()) {
            // A copy of an own row, but for its key, and for what would have it refused by another constraint.
            let change = match table.as_str() {
                "research_plan" => "'created_by', null".to_owned(),
                "invitation" => "'inviter_id', null".to_owned(),
                "plan_step" => format!("'plan_id', '{}', 'position', 99", f.acme.plan),
                _ => "'name', 'planted'".to_owned(),
            };
            let planted = inside
                .send(&format!(
                    "INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), \
                     '{key}', '{other}', {change}))).* FROM {table} t WHERE {key} = '{own}' LIMIT 1"
                ))
                .await;
            match planted {
                Ok(_) => loot.push(format!("{table}: insert")),
                Err(error) => assert_eq!(sqlstate(&error), "42501", "{table}: {error}"),
            }
        }
        for sql in statements(&table, scopes, scope) {
            let (verb, returning) = match &sql[..6] {
                "SELECT" if !sql.contains("count(*)") => ("select", sql),
                "UPDATE" => ("update", format!("{sql} RETURNING id")),
                "DELETE" => ("delete", format!("{sql} RETURNING id")),
                _ => continue,
            };
            let found: Vec<Uuid> =
                inside.send(&returning).await.unwrap().iter().map(|row| row.get::<Uuid, _>("id")).collect();
            let owned = found.iter().filter(|id| own_ids.contains(id)).count();
            assert_eq!(owned, own_ids.len(), "{table}: {verb}");
            let what = format!("{table}: {verb}");
            if owned < found.len() && !loot.contains(&what) {
                loot.push(what);
            }
        }
    }
    inside.leave().await;
    loot
}

/// The condition, as SQL, that a row is of whom the key is.
fn rows_by_key(rows: Rows, key: Uuid) -> String {
    match rows {
        Rows::All => "true".to_owned(),
        Rows::Column(column) => format!("{column} = '{key}'"),
        Rows::Via(via) => {
            let via = via();
            let (own, theirs): (Vec<_>, Vec<_>) = via.columns.into_iter().unzip();
            let (own, theirs) = (own.join(", "), theirs.join(", "));
            format!("({own}) IN (SELECT {theirs} FROM {} WHERE {} = '{key}')", via.table, via.key)
        }
    }
}

const TENANT_LOOT: [&str; 17] = [
    "organization: select",
    "organization: update",
    "invitation: insert",
    "invitation: select",
    "invitation: update",
    "user: select",
    "plan_step: insert",
    "plan_step: select",
    "plan_step: update",
    "plan_step: delete",
    "research_plan: insert",
    "research_plan: select",
    "research_plan: update",
    "research_plan: delete",
    "member: select",
    "member: update",
    "member: delete",
];

const USER_LOOT: [&str; 11] = [
    "organization: select",
    "user: select",
    "user: update",
    "account: select",
    "session: select",
    "session: delete",
    "personal_access_token: insert",
    "personal_access_token: select",
    "personal_access_token: update",
    "personal_access_token: delete",
    "member: select",
];

#[tokio::test]
async fn layer_3_alone_holds_where_the_predicate_is_left_out() {
    let f = world().await;
    let before = rows_of(&f, &f.acme).await;
    for scope in [ScopeKind::User, ScopeKind::Tenant] {
        assert_eq!(without_a_predicate(&f, scope).await, [""; 0], "{}", scope.as_str());
    }
    assert_eq!(rows_of(&f, &f.acme).await, before);
}

/// The control of the test above: without row-level security every verb gets at the other's rows.
#[tokio::test]
async fn without_layer_3_and_the_predicate_every_verb_gets_at_foreign_rows() {
    let f = world().await;
    switch_row_level_security_off(&f).await;
    assert_eq!(without_a_predicate(&f, ScopeKind::User).await, USER_LOOT);
    assert_eq!(without_a_predicate(&f, ScopeKind::Tenant).await, TENANT_LOOT);
    let mut owner = f.database.owner().await;
    for table in ["research_plan", "plan_step", "session", "personal_access_token"] {
        assert_eq!(ids(&mut owner, table, "true").await.len(), 0, "{table}");
    }
}

/// Permissive policies are or-ed; the boundary is restrictive, so that one that is added later opens nothing.
#[tokio::test]
async fn a_lax_policy_that_is_added_later_opens_nothing_while_the_boundary_stands() {
    let (mut lax, mut without_boundary) = (String::new(), String::new());
    for (table, scopes) in entities() {
        write!(lax, r#"CREATE POLICY lax ON "{table}" USING (true) WITH CHECK (true);"#).unwrap();
        for declared in scopes {
            // Those on the writes of a role hold to the boundary too.
            for policy in ["boundary", "insert", "update", "delete"] {
                let scope = declared.scope.as_str();
                write!(without_boundary, r#"DROP POLICY IF EXISTS {scope}_{policy} ON "{table}";"#).unwrap();
            }
        }
    }
    let f = world().await;
    f.database.execute(&lax).await;
    for scope in [ScopeKind::User, ScopeKind::Tenant] {
        assert_eq!(without_a_predicate(&f, scope).await, [""; 0], "{}", scope.as_str());
    }

    // The control: without the boundary it does.
    let f = world().await;
    f.database.execute(&lax).await;
    f.database.execute(&without_boundary).await;
    assert_eq!(without_a_predicate(&f, ScopeKind::User).await, USER_LOOT);
    assert_eq!(without_a_predicate(&f, ScopeKind::Tenant).await, TENANT_LOOT);
}

/// The columns are not granted; if they were, the policy would still refuse another tenant's key. The control is
/// that nothing else does.
#[tokio::test]
async fn a_row_cannot_be_moved_to_another_tenant_even_where_its_key_may_be_updated() {
    let f = world().await;
    let before = rows_of(&f, &f.acme).await;
    f.database.execute(&format!("GRANT UPDATE ON research_plan TO {}", f.database.role("tenant"))).await;
    let mut inside = Inside::new(&f, &Enter::Tenant(Side::owner(&f.globex)), "tenant").await;
    inside.send("DELETE FROM plan_step").await.unwrap();
    let moved = format!("UPDATE research_plan SET organization_id = '{}', created_by = NULL", f.acme.id);
    assert_eq!(inside.refusal(&moved).await.unwrap(), "42501");
    assert_eq!(rows_of(&f, &f.acme).await, before);

    switch_row_level_security_off(&f).await;
    inside.send(&moved).await.unwrap();
    assert_ne!(rows_of(&f, &f.acme).await, before);
}
