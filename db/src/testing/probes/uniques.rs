//! Whether a conflict tells of a row that is not seen.

use std::collections::BTreeMap;

use crate::{
    code::Code,
    sql::quote,
    testing::{
        Result,
        fill::{Line, Side, sql_of},
        probe::Probe,
        subject::{Spare, sees_all},
        tables::{Table, Unique},
    },
};

pub(super) async fn run(probe: &mut Probe<'_>) -> Result<()> {
    if probe.declared.is_none_or(sees_all) {
        return Ok(());
    }
    let (world, subject) = (probe.world, probe.subject);
    let table = &world.catalog.tables[subject.table];
    let columns = probe.columns();
    for unique in &table.uniques {
        for line in probe.foreign() {
            let with = taken(probe, table, unique, line);
            // Where a row of its own has the values too, a conflict is with that.
            let has = |own: &Line| with.iter().all(|(column, value)| own.get(column) == Some(value));
            if with.is_empty() || probe.own().iter().any(has) {
                continue;
            }
            let mut statements = Vec::new();
            if let Some(spare) = subject.spare(Spare::Of(Side::Hostile)) {
                let insert = subject.insert(&columns, spare, &with);
                statements.push(format!("{insert} ON CONFLICT DO NOTHING"));
                statements.push(insert);
            }
            if let Some(own) = probe.own().first() {
                let assigned: Vec<_> =
                    with.iter().map(|(column, value)| format!("{} = {}", quote(column), sql_of(value))).collect();
                let is = subject.is(own, probe.declared);
                statements.push(format!("UPDATE {} SET {} WHERE {is}", subject.sql, assigned.join(", ")));
            }
            for sql in statements {
                let is_silent = sql.ends_with("DO NOTHING");
                let told = match probe.answer(&sql).await? {
                    Ok(done) => is_silent && !done.changed,
                    Err(refused) => refused.code == "23505" && refused.constraint.as_deref() == Some(&unique.name),
                };
                if told {
                    report(probe, table, unique, &with, &sql);
                }
            }
        }
    }
    Ok(())
}

/// Returns another's values of the unique columns, but for what the context gives; none where a foreign key answers
/// first.
fn taken(probe: &Probe<'_>, table: &Table, unique: &Unique, line: &Line) -> BTreeMap<String, serde_json::Value> {
    let given = probe.scope_key().map(|(column, _)| column);
    let columns: Vec<_> = unique.columns.iter().filter(|column| given != Some(column.as_str())).collect();
    let points = |column: &&String| table.foreign_keys().any(|key| key.columns.contains(*column));
    if columns.iter().any(points) {
        return BTreeMap::new();
    }
    columns.into_iter().filter_map(|column| Some((column.clone(), line.get(column)?.clone()))).collect()
}

/// A random UUID cannot be guessed, so that a conflict on it tells nothing that was not known.
fn report(
    probe: &mut Probe<'_>,
    table: &Table,
    unique: &Unique,
    with: &BTreeMap<String, serde_json::Value>,
    sql: &str,
) {
    let cannot_be_guessed = with.keys().any(|column| table.column(column).is_some_and(|column| column.base == "uuid"));
    let is_declared = probe.subject.entity.acceptances.iter().any(|acceptance| {
        acceptance.code == Code::UniqueWithoutScope
            && acceptance.object.is_none_or(|object| object.ends_with(&unique.name) || object == table.name)
    });
    if cannot_be_guessed || is_declared {
        let why = if is_declared { "it is declared" } else { "a UUID cannot be guessed" };
        probe.outcome.known.push(format!("{}: a conflict tells that another has the value; {why}", unique.name));
    } else {
        probe.outcome.breach(probe.scope, &format!("a conflict on {} tells what another has", unique.name), sql);
    }
}
