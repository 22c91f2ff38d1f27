//! The statements that read and write whole tables, with no predicate.

use db::{
    Facade, ScopeKind,
    scope::{ScopeDeclaration, SelectColumns, UpdateColumns},
};
use entity::{
    Account, Invitation, Member, Organization, PersonalAccessToken, PlanStep, ResearchPlan, Session, User, Verification,
};
use sea_orm::EntityName;

/// The scopes that each entity declares; the tables that can be emptied last, in the order in which they can. Without a
/// membership nobody gets in any more.
pub(crate) fn entities() -> [(String, &'static [ScopeDeclaration]); 10] {
    fn entity<F: Facade>() -> (String, &'static [ScopeDeclaration]) {
        (F::Entity::default().table_name().to_owned(), F::SCOPES)
    }
    [
        entity::<Organization>(),
        entity::<Invitation>(),
        entity::<User>(),
        entity::<Account>(),
        entity::<Verification>(),
        entity::<Session>(),
        entity::<PersonalAccessToken>(),
        entity::<PlanStep>(),
        entity::<ResearchPlan>(),
        entity::<Member>(),
    ]
}

/// The statements that read and write a whole table, as far as a scope allows any of them.
pub(crate) fn statements(table: &str, scopes: &[ScopeDeclaration], scope: ScopeKind) -> Vec<String> {
    let Some(declared) = scopes.iter().find(|declared| declared.scope == scope) else {
        return all_statements(table);
    };
    let columns = match declared.verbs.select {
        SelectColumns::All => "*".to_owned(),
        SelectColumns::Only(columns) => columns.join(", "),
    };
    let mut statements =
        vec![format!(r#"SELECT {columns} FROM "{table}""#), format!(r#"SELECT count(*) FROM "{table}""#)];
    if declared.verbs.insert {
        statements.push(format!(r#"INSERT INTO "{table}" (id) VALUES (gen_random_uuid())"#));
    }
    match declared.verbs.update {
        UpdateColumns::None => {}
        UpdateColumns::Writable => statements.push(format!(r#"UPDATE "{table}" SET created_at = created_at"#)),
        UpdateColumns::Only(columns) => {
            let assigned: Vec<_> = columns.iter().map(|column| format!("{column} = {column}")).collect();
            statements.push(format!(r#"UPDATE "{table}" SET {}"#, assigned.join(", ")));
        }
    }
    if declared.verbs.delete {
        statements.push(format!(r#"DELETE FROM "{table}""#));
    }
    statements
}

/// All of them.
pub(crate) fn all_statements(table: &str) -> Vec<String> {
    vec![
        format!(r#"SELECT * FROM "{table}""#),
        format!(r#"SELECT FROM "{table}""#),
        format!(r#"SELECT count(*) FROM "{table}""#),
        format!(r#"INSERT INTO "{table}" (id) VALUES (gen_random_uuid())"#),
        format!(r#"UPDATE "{table}" SET created_at = created_at"#),
        format!(r#"DELETE FROM "{table}""#),
        format!(r#"TRUNCATE "{table}" CASCADE"#),
    ]
}
