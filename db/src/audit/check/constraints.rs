//! Keys: what one tenant can learn of another by them, and where they lead.

use super::{
    Findings,
    references::{self, Strays, strays},
};
use crate::{
    audit::{
        Code, Object, ObjectKind,
        access::Granted,
        catalog::{ForeignKey, Index, Relation},
        origin::Origins,
        survey::{Scoped, Survey},
    },
    options::quote,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let exclusion = |index: &Index| index.constraint.as_deref() == Some("x");
    for index in
        survey.indexes_of(scoped.relation).iter().filter(|index| (index.unique || exclusion(index)) && !index.partition)
    {
        if let Some(column) = oracle(survey, scoped, index) {
            unique(scoped, index, column, findings);
        }
    }
}

/// Returns the scope column that a key lacks, of a scope whose role can try values of it.
fn oracle(survey: &Survey<'_>, scoped: &Scoped<'_>, index: &Index) -> Option<&'static str> {
    scoped.columns().map(|(scope, column)| (survey.scope_role(scope), column)).find_map(|(role, column)| {
        let tries =
            Granted::to(role?.oid, scoped.relation).writes_any(index.columns.iter().flatten().chain(&index.under));
        let has = index.columns.iter().flatten().any(|found| found == column);
        (tries && !has).then_some(column)
    })
}

fn unique(scoped: &Scoped<'_>, index: &Index, column: &str, findings: &mut Findings) {
    let relation = scoped.relation;
    let is_uuid = |name: &Option<String>| {
        name.as_ref().and_then(|name| relation.column(name)).is_some_and(|column| column.1 == "uuid")
    };
    let unguessable = index.columns.len() == 1 && index.columns.iter().all(is_uuid);
    let code = if unguessable { Code::UniqueUuidWithoutScope } else { Code::UniqueWithoutScope };
    let message = if unguessable {
        format!("it lacks `{column}`: whoever has another tenant's id learns that there is such a row")
    } else {
        format!("it lacks `{column}`: a value that is refused is another tenant's")
    };
    let repair = with_scope(relation, index, column);
    let object = Object::of_table(ObjectKind::Constraint, relation.full_name(), &index.name);
    findings.add(code, object, message, repair);
}

/// Returns the statements that put the scope column first in a key.
fn with_scope(relation: &Relation, index: &Index, column: &str) -> Vec<String> {
    let definition = index.definition.as_deref().unwrap_or_default();
    let (table, name, column) = (&relation.sql, quote(&index.name), quote(column));
    // The names in what stands before the columns may have brackets of their own.
    let place = match index.constraint.as_deref() {
        Some("x") => "EXCLUDE USING btree (",
        Some("p") => "PRIMARY KEY (",
        Some(_) => "UNIQUE (",
        None => " USING btree (",
    };
    let Some((before, after)) = definition.split_once(place) else {
        return vec![format!("-- make it again with {column} in it: {definition}")];
    };
    let with = if index.constraint.as_deref() == Some("x") { " WITH =" } else { "" };
    let definition = format!("{before}{place}{column}{with}, {after}");
    if index.constraint.is_none() {
        return vec![format!("DROP INDEX {}", index.sql), definition];
    }
    let mut repair = vec![
        format!("ALTER TABLE {table} DROP CONSTRAINT {name}"),
        format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"),
    ];
    if index.primary {
        let first = "-- drop the foreign keys that point at it before, and make them again with the column";
        repair.insert(0, first.to_owned());
    }
    repair
}

pub(super) fn check_foreign_keys(survey: &Survey<'_>, origins: &Origins<'_>, findings: &mut Findings) {
    for key in &survey.catalog.foreign_keys {
        let Some(child) = survey.scoped_table(key.relation) else { continue };
        let object = || Object::of_table(ObjectKind::Constraint, child.relation.full_name(), &key.name);
        let parent = survey.relation(key.referenced);
        if let (Some(parent), Some(strays)) = (parent, strays(survey, origins, child, key)) {
            match strays {
                Strays::Column(own, theirs) => without_scope(child, parent, key, (own, theirs), object(), findings),
                strays => references::find(child, &parent.full_name(), key, &strays, object(), findings),
            }
        }
        if !key.validated {
            findings.add(
                Code::ForeignKeyNotValidated,
                object(),
                "rows that were there before it have not been checked".to_owned(),
                vec![
                    "-- as a role that sees all rows, or in `contract::as_owner`".to_owned(),
                    format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", child.relation.sql, quote(&key.name)),
                ],
            );
        }
        nulls_scope(child, key, object(), findings);
    }
}

fn without_scope(
    child: &Scoped<'_>,
    parent: &Relation,
    key: &ForeignKey,
    (own, theirs): (&str, &str),
    object: Object,
    findings: &mut Findings,
) {
    let columns = |first: &str, rest: &[String]| {
        let rest = rest.iter().filter(|column| *column != first).map(|column| quote(column));
        [quote(first)].into_iter().chain(rest).collect::<Vec<_>>().join(", ")
    };
    let (from, to) = (columns(own, &key.columns), columns(theirs, &key.referenced_columns));
    // What stands after the columns: the actions.
    let actions = key.definition.split_once(" ON ").map(|(_, actions)| format!(" ON {actions}")).unwrap_or_default();
    let nulled: Vec<_> = key.columns.iter().filter(|column| *column != own).map(|column| quote(column)).collect();
    let actions = match actions.strip_suffix(" ON DELETE SET NULL") {
        Some(rest) => format!("{rest} ON DELETE SET NULL ({})", nulled.join(", ")),
        None => actions,
    };
    let (table, name, referenced) = (&child.relation.sql, quote(&key.name), &parent.sql);
    findings.add(
        Code::ForeignKeyWithoutScope,
        object,
        format!("it lacks `{own}`: a row can point at another tenant's row of {}", parent.full_name()),
        vec![
            "-- as a role that sees all rows, or in `contract::as_owner`".to_owned(),
            format!("ALTER TABLE {table} DROP CONSTRAINT {name}"),
            format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {} ON {referenced} ({to})",
                quote(&format!("{}_scoped", key.name))
            ),
            format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({from}) REFERENCES {referenced} ({to}){actions}"
            ),
        ],
    );
}

/// `SET NULL` without a list of columns sets all of them.
fn nulls_scope(child: &Scoped<'_>, key: &ForeignKey, object: Object, findings: &mut Findings) {
    let has_scope = |columns: &[String]| child.columns().any(|(_, scope)| columns.iter().any(|column| column == scope));
    let sets = |action: &str| matches!(action, "n" | "d");
    let on_delete =
        sets(&key.on_delete) && has_scope(if key.set_columns.is_empty() { &key.columns } else { &key.set_columns });
    let on_update = sets(&key.on_update) && has_scope(&key.columns);
    if !(on_delete || on_update) {
        return;
    }
    let is_scope = |column: &String| child.columns().any(|(_, scope)| column == scope);
    let rest: Vec<_> = key.columns.iter().filter(|column| !is_scope(column)).map(|column| quote(column)).collect();
    let mut definition = key.definition.clone();
    for action in ["SET NULL", "SET DEFAULT"] {
        definition = definition.replace(&format!(" ON UPDATE {action}"), "");
        let (start, end) = match definition.split_once(&format!(" ON DELETE {action}")) {
            Some((start, end)) if on_delete => (start.to_owned(), end.to_owned()),
            _ => continue,
        };
        // A list that has the scope column goes too.
        let end =
            end.trim_start().strip_prefix('(').and_then(|end| end.split_once(')')).map_or(end.as_str(), |(_, end)| end);
        let action = if rest.is_empty() { "RESTRICT".to_owned() } else { format!("{action} ({})", rest.join(", ")) };
        definition = format!("{start} ON DELETE {action}{end}");
    }
    let (table, name) = (&child.relation.sql, quote(&key.name));
    findings.add(
        Code::SetNullNullsScope,
        object,
        "a delete or update of what it points at takes the scope from the row, or fails".to_owned(),
        vec![
            "-- as a role that sees all rows, or in `contract::as_owner`".to_owned(),
            format!("ALTER TABLE {table} DROP CONSTRAINT {name}"),
            format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"),
        ],
    );
}
