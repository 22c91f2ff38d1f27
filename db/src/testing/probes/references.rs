//! Rows that point at another's.

use std::collections::BTreeMap;

use crate::{
    code::Code,
    scope::ScopeDeclaration,
    sql::quote,
    testing::{
        Result,
        fill::{Line, Side, sql_of},
        probe::Probe,
        subject::{Spare, Subject, sees_all},
        tables::Constraint,
        world::World,
    },
};

pub(super) async fn run(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration) -> Result<()> {
    if sees_all(declared) {
        return Ok(());
    }
    let (world, subject) = (probe.world, probe.subject);
    let columns = probe.columns();
    for key in world.catalog.tables[subject.table].foreign_keys() {
        for (at, parent) in foreign_parents(world, key, declared).into_iter().enumerate().take(2) {
            // What the context gives stays its own.
            let with: BTreeMap<_, _> = (key.columns.iter().zip(&key.parent_columns))
                .filter(|(own, _)| declared.rows.column() != Some(own.as_str()))
                .filter_map(|(own, theirs)| Some((own.clone(), parent.get(theirs)?.clone())))
                .collect();
            if with.is_empty() {
                break;
            }
            let mut statements: Vec<_> = subject
                .spare(Spare::Of(Side::Hostile))
                .map(|line| subject.insert(&columns, line, &with))
                .into_iter()
                .collect();
            let assigned: Vec<_> =
                with.iter().map(|(column, value)| format!("{} = {}", quote(column), sql_of(value))).collect();
            for line in probe.own().iter().take(2 - at.min(1)) {
                let is = subject.is(line, Some(declared));
                statements.push(format!("UPDATE {} SET {} WHERE {is}", subject.sql, assigned.join(", ")));
            }
            for sql in statements {
                if probe.answer(&sql).await?.is_ok_and(|done| done.changed) {
                    report(probe, subject, key, &sql);
                }
            }
        }
    }
    Ok(())
}

fn report(probe: &mut Probe<'_>, subject: &Subject, key: &Constraint, sql: &str) {
    let is_declared = subject.entity.acceptances.iter().any(|acceptance| {
        acceptance.code == Code::ForeignKeyWithoutScope
            && acceptance.object.is_none_or(|object| object.ends_with(&key.name))
    });
    if is_declared {
        probe.outcome.known.push(format!("{} is declared: a row of another can be pointed at", key.name));
    } else {
        probe.outcome.breach(probe.scope, &format!("a row points at one of another by {}", key.name), sql);
    }
}

/// Returns rows that a row of the context's own must not point at; none where the table that it points at is nobody's.
fn foreign_parents<'w>(world: &'w World, key: &Constraint, declared: &ScopeDeclaration) -> Vec<&'w Line> {
    let Some(parent) = world.catalog.at(key.parent) else { return Vec::new() };
    let Some(subject) = world.subjects.iter().find(|subject| subject.table == parent) else { return Vec::new() };
    match subject.view(declared.scope) {
        Some(view) => view.foreign.iter().collect(),
        None if subject.entity.scopes.iter().all(sees_all) => Vec::new(),
        None => world
            .made
            .iter()
            .filter(|made| made.table == parent && made.side == Side::Victim)
            .map(|made| &made.line)
            .collect(),
    }
}
