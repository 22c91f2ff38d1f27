//! What the roles may do to scoped tables, against what the entities declare.

use std::collections::BTreeSet;

use super::{Findings, list, tables::protect};
use crate::{
    audit::{
        Object,
        access::Granted,
        survey::{Scoped, Survey},
    },
    code::Code,
    scope::{ScopeDeclaration, SelectColumns, UpdateColumns},
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let Some(entity) = scoped.entity else { return };
    let fixed = entity.fixed_columns();
    for request in &survey.requests {
        let Some(scope) = request.scope else { continue };
        let granted = Granted::to(request.role.oid, scoped.relation);
        let expected = Expected::of(scoped, scoped.declaration(scope), fixed);
        undeclared(scoped, &request.role.name, &granted, &expected, findings);
        missing(survey, scoped, &request.role.name, &granted, &expected, findings);
    }
}

/// What a scope's declaration grants: verbs, and columns by name.
struct Expected {
    select: BTreeSet<String>,
    select_whole: bool,
    insert: bool,
    update: BTreeSet<String>,
    delete: bool,
}

impl Expected {
    fn of(scoped: &Scoped<'_>, declaration: Option<&ScopeDeclaration>, fixed: &[&str]) -> Self {
        let all = || scoped.relation.columns.iter();
        let Some(ScopeDeclaration { verbs, .. }) = declaration else {
            let none = BTreeSet::new();
            return Self { select: none.clone(), select_whole: false, insert: false, update: none, delete: false };
        };
        let named = |columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect();
        Self {
            select: match verbs.select {
                SelectColumns::All => all().map(|column| column.name.clone()).collect(),
                SelectColumns::Only(columns) => named(columns),
            },
            select_whole: verbs.select == SelectColumns::All,
            insert: verbs.insert,
            update: match verbs.update {
                UpdateColumns::None => BTreeSet::new(),
                UpdateColumns::Only(columns) => named(columns),
                UpdateColumns::Writable => all()
                    .filter(|column| !column.generated && !fixed.contains(&column.name.as_str()))
                    .map(|column| column.name.clone())
                    .collect(),
            },
            delete: verbs.delete,
        }
    }
}

fn undeclared(scoped: &Scoped<'_>, name: &str, granted: &Granted, expected: &Expected, findings: &mut Findings) {
    let (sql, to) = (&scoped.relation.sql, quote(name));
    let mut add = |what: String, repair: Vec<String>| {
        let message = format!("`{name}` has {what}, which the entity does not declare");
        findings.add(Code::GrantUndeclared, Object::table(scoped.relation.full_name()), message, repair);
    };
    for (verb, columns, whole, allowed, again) in [
        ("SELECT", &granted.select, granted.select_whole, &expected.select, expected.select_whole),
        ("UPDATE", &granted.update, granted.update_whole, &expected.update, false),
    ] {
        if whole && !again {
            // Of the whole table; what is declared is given again by column.
            let mut repair = vec![format!("REVOKE {verb} ON TABLE {sql} FROM {to}")];
            if !allowed.is_empty() {
                repair.push(format!("GRANT {verb} ({}) ON TABLE {sql} TO {to}", quoted(allowed)));
            }
            add(format!("{verb} on the whole table"), repair);
            continue;
        }
        let beyond: BTreeSet<_> = columns.difference(allowed).cloned().collect();
        if !beyond.is_empty() {
            let names: Vec<_> = beyond.iter().map(String::as_str).collect();
            let repair = format!("REVOKE {verb} ({}) ON TABLE {sql} FROM {to}", quoted(&beyond));
            add(format!("{verb} on {}", list(&names)), vec![repair]);
        }
    }
    for (verb, has, allowed) in
        [("INSERT", granted.insert_any(), expected.insert), ("DELETE", granted.delete, expected.delete)]
    {
        if has && !allowed {
            add(verb.to_owned(), vec![format!("REVOKE {verb} ON TABLE {sql} FROM {to}")]);
        }
    }
}

fn missing(
    survey: &Survey<'_>,
    scoped: &Scoped<'_>,
    name: &str,
    granted: &Granted,
    expected: &Expected,
    findings: &mut Findings,
) {
    let (sql, to) = (&scoped.relation.sql, quote(name));
    let mut grants = Vec::new();
    if expected.select_whole && !granted.select_whole {
        grants.push("SELECT".to_owned());
    } else if !granted.select_whole && !expected.select.is_subset(&granted.select) {
        grants.push(format!("SELECT ({})", quoted(&expected.select)));
    }
    if expected.insert && !granted.insert_whole {
        grants.push("INSERT".to_owned());
    }
    if !granted.update_whole && !expected.update.is_subset(&granted.update) {
        grants.push(format!("UPDATE ({})", quoted(&expected.update)));
    }
    if expected.delete && !granted.delete {
        grants.push("DELETE".to_owned());
    }
    if !grants.is_empty() {
        findings.add(
            Code::GrantMissing,
            Object::table(scoped.relation.full_name()),
            format!(
                "`{name}` lacks {}, which the entity declares: its queries fail",
                grants.join(", ").replace('"', "")
            ),
            // Where nothing filters its rows, a grant by itself would open all of them.
            if scoped.relation.row_security {
                vec![format!("GRANT {} ON TABLE {sql} TO {to}", grants.join(", "))].into()
            } else {
                protect(survey, scoped)
            },
        );
    }
}

fn quoted(columns: &BTreeSet<String>) -> String {
    columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
}
