//! The foreign keys that entities declare by their relations, and that the database lacks.

use sea_orm::sea_query::ForeignKeyAction;

use super::{Findings, references::shared};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{ForeignKey, Relation},
        repair::{self, Missing},
        survey::{Scoped, Survey},
    },
    code::Code,
    scope::entity_table::DeclaredForeignKey,
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let Some(entity) = scoped.entity else { return };
    for declared in entity.data.foreign_keys() {
        // Where that is missing, it is found by itself.
        let Some(parent) = survey.table_named(declared.table.schema(), declared.table.name()) else { continue };
        let mut keys = survey.catalog.foreign_keys.iter().filter(|key| key.relation == scoped.relation.oid);
        if keys.any(|key| key.referenced == parent.oid && is_for(key, &declared)) {
            continue;
        }
        let columns: Vec<_> = declared.columns.iter().map(|(own, _)| own.as_str()).collect();
        findings.add(
            Code::ForeignKeyMissing,
            Object::of_table(ObjectKind::Column, scoped.relation.full_name(), columns.join(", ")),
            format!("`{}` has a relation to {} by it, and no foreign key", entity.facade(), parent.full_name()),
            add(survey, scoped, parent, &declared),
        );
    }
}

/// Returns whether a foreign key is over the columns of the relation; it may be over more, such as the scope's.
fn is_for(key: &ForeignKey, declared: &DeclaredForeignKey) -> bool {
    declared.columns.iter().all(|(own, theirs)| {
        key.columns.iter().zip(&key.referenced_columns).any(|(from, to)| from == own && to == theirs)
    })
}

fn add(survey: &Survey<'_>, child: &Scoped<'_>, parent: &Relation, declared: &DeclaredForeignKey) -> Repair {
    let mut columns = declared.columns.clone();
    let scope = survey.scoped_table(parent.oid).and_then(|parent| shared(child, parent));
    if let Some((own, theirs)) = scope
        && !columns.iter().any(|(from, _)| from == own)
    {
        columns.insert(0, (own.to_owned(), theirs.to_owned()));
    }
    let is_scope = |column: &str| child.columns().any(|(_, scope)| scope == column);
    let rest: Vec<_> = columns.iter().filter(|(own, _)| !is_scope(own)).map(|(own, _)| quote(own)).collect();
    let sets = |action: &Option<ForeignKeyAction>| {
        matches!(action, Some(ForeignKeyAction::SetNull | ForeignKeyAction::SetDefault))
    };
    if sets(&declared.on_update) || sets(&declared.on_delete) && rest.is_empty() {
        return Repair::decide(
            "make it in a migration, and say what a delete and an update do but set the scope's column",
        );
    }
    let list = if sets(&declared.on_delete) { format!(" ({})", rest.join(", ")) } else { String::new() };
    let actions = [("UPDATE", &declared.on_update, ""), ("DELETE", &declared.on_delete, list.as_str())];
    let actions = actions
        .into_iter()
        .filter_map(|(event, action, list)| Some(format!(" ON {event} {}{list}", words((*action)?))));
    repair::add_missing(survey, &Missing { child: child.relation, parent, columns, actions: actions.collect() })
}

fn words(action: ForeignKeyAction) -> &'static str {
    match action {
        ForeignKeyAction::Restrict => "RESTRICT",
        ForeignKeyAction::Cascade => "CASCADE",
        ForeignKeyAction::SetNull => "SET NULL",
        ForeignKeyAction::SetDefault => "SET DEFAULT",
        _ => "NO ACTION",
    }
}
