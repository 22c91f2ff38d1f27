//! The same statements as raw SQL, by the login role and by the roles of the scopes: refused wherever no context of
//! the scope is open.

use db::ScopeKind;
use tests::Fixture;

use crate::{
    inside::{Enter, Inside, sqlstate},
    sql::{all_statements, entities, statements},
    world::{Side, switch_row_level_security_off, world},
};

#[tokio::test]
async fn the_login_role_may_do_nothing_to_any_table() {
    let f = world().await;
    let mut login = Inside::new(&f, &Enter::Nothing, "tenant").await;
    for (table, _) in entities() {
        for sql in all_statements(&table) {
            let error = login.outside(&sql).await.unwrap_err();
            assert_eq!(sqlstate(&error), "42501", "{sql}");
            let message = error.as_database_error().unwrap().message();
            assert_eq!(message, format!("permission denied for table {table}"), "{sql}");
        }
    }
}

/// Opens and ends a context of each scope: the settings of one that is over read as the empty string, on the connection
/// that had it.
async fn use_each_scope(f: &Fixture, inside: &mut Inside) {
    let (schema, side) = (&f.database.prefix, Side::owner(&f.globex));
    let (organization, person) = (side.organization, side.user());
    for enter in [
        format!("enter_tenant('{organization}', '{person}')"),
        format!("enter_user('{person}')"),
        "enter_identity()".into(),
    ] {
        inside.outside(&format!("BEGIN; SELECT {schema}.{enter}; COMMIT")).await.unwrap();
    }
}

/// An error, not zero rows: a context that was forgotten is noticed.
#[tokio::test]
async fn a_scope_role_with_no_context_is_refused_on_every_table() {
    let f = world().await;
    for scope in ScopeKind::ALL {
        let mut fresh = Inside::new(&f, &Enter::Nothing, scope.as_str()).await;
        let mut used = Inside::new(&f, &Enter::Nothing, scope.as_str()).await;
        use_each_scope(&f, &mut used).await;
        for (table, scopes) in entities() {
            let declared = scopes.iter().any(|declared| declared.scope == scope);
            for sql in statements(&table, scopes, scope) {
                let expected = if declared { ["42704", "22P02"] } else { ["42501"; 2] };
                let refusals = [fresh.refusal(&sql).await.unwrap(), used.refusal(&sql).await.unwrap()];
                assert_eq!(refusals, expected, "{sql} as {}", scope.as_str());
            }
        }
    }
}

/// A role sees its scope's rows in a context of its scope alone.
#[tokio::test]
async fn a_scope_role_in_the_context_of_another_scope_is_refused_on_every_table() {
    let f = world().await;
    let side = || Side::owner(&f.globex);
    // An entry function sets nothing but its own.
    let mismatched = [
        (Enter::Tenant(side()), ScopeKind::User),
        (Enter::Tenant(side()), ScopeKind::Identity),
        (Enter::System(side()), ScopeKind::Identity),
        // The system is no person.
        (Enter::System(side()), ScopeKind::User),
        (Enter::User(side()), ScopeKind::Tenant),
        (Enter::User(side()), ScopeKind::Identity),
        (Enter::Identity, ScopeKind::Tenant),
        (Enter::Identity, ScopeKind::User),
    ];
    for (enter, scope) in mismatched {
        let mut fresh = Inside::new(&f, &enter, scope.as_str()).await;
        let mut used = Inside::new(&f, &enter, scope.as_str()).await;
        use_each_scope(&f, &mut used).await;
        for (table, scopes) in entities() {
            let declared = scopes.iter().any(|declared| declared.scope == scope);
            for sql in statements(&table, scopes, scope) {
                let expected = if declared { ["42704", "22P02"] } else { ["42501"; 2] };
                let refusals = [fresh.refusal(&sql).await.unwrap(), used.refusal(&sql).await.unwrap()];
                assert_eq!(refusals, expected, "{sql} as {} in {enter:?}", scope.as_str());
            }
        }
    }
}

/// In its own context too a role reaches the tables of its scope alone.
#[tokio::test]
async fn a_scope_role_reaches_no_table_of_another_scope() {
    let f = world().await;
    let side = Side::owner(&f.globex);
    for (enter, scope) in [
        (Enter::Tenant(side.clone()), ScopeKind::Tenant),
        (Enter::User(side), ScopeKind::User),
        (Enter::Identity, ScopeKind::Identity),
    ] {
        let mut inside = Inside::new(&f, &enter, scope.as_str()).await;
        for (table, scopes) in entities() {
            if scopes.iter().all(|declared| declared.scope != scope) {
                for sql in all_statements(&table) {
                    assert_eq!(inside.refusal(&sql).await.unwrap(), "42501", "{sql} as {}", scope.as_str());
                }
            }
        }
    }
}

/// Neither a row's scope nor its key can be changed: the columns are not granted. That needs no policy.
#[tokio::test]
async fn no_scope_role_may_update_a_scope_or_key_column() {
    let f = world().await;
    switch_row_level_security_off(&f).await;
    let side = Side::owner(&f.globex);
    for (enter, scope) in [
        (Enter::Tenant(side.clone()), ScopeKind::Tenant),
        (Enter::User(side), ScopeKind::User),
        (Enter::Identity, ScopeKind::Identity),
    ] {
        let mut inside = Inside::new(&f, &enter, scope.as_str()).await;
        for (table, scopes) in entities() {
            let fixed = scopes.iter().filter_map(|declared| declared.rows.column()).chain(["id"]);
            for column in fixed {
                for sql in [
                    format!(r#"UPDATE "{table}" SET {column} = {column}"#),
                    format!(r#"UPDATE "{table}" SET {column} = gen_random_uuid() WHERE false"#),
                ] {
                    assert_eq!(inside.refusal(&sql).await.unwrap(), "42501", "{sql} as {}", scope.as_str());
                }
            }
        }
    }
}
