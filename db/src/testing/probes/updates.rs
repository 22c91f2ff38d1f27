//! What a context may change.

use crate::{
    scope::{ScopeDeclaration, UpdateColumns},
    sql::quote,
    testing::{
        Result,
        candidates::{Hints, candidates},
        probe::Probe,
        subject::updates,
    },
};

pub(super) async fn run(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration) -> Result<()> {
    let subject = probe.subject;
    let columns = columns(probe, declared);
    for column in &columns {
        probe.attack(&format!("UPDATE {} SET {column} = {column}", subject.sql, column = quote(column))).await?;
    }
    let Some(first) = columns.first().map(|column| quote(column)) else { return Ok(()) };
    for line in probe.foreign() {
        let is = subject.is(line, Some(declared));
        if !is.is_empty() {
            probe.attack(&format!("UPDATE {} SET {first} = {first} WHERE {is}", subject.sql)).await?;
        }
    }
    if updates(declared) { own(probe, declared, &columns).await } else { Ok(()) }
}

/// The columns that the scope may write; all but those of scopes and key where it may not write.
pub(super) fn columns(probe: &Probe<'_>, declared: &ScopeDeclaration) -> Vec<String> {
    let fixed = probe.subject.entity.fixed_columns();
    let all = probe.columns().into_iter().filter(|column| !fixed.contains(&column.as_str()));
    match declared.verbs.update {
        UpdateColumns::Only(columns) => columns.iter().map(|&column| column.to_owned()).collect(),
        UpdateColumns::Writable | UpdateColumns::None => all.collect(),
    }
}

/// Some row of its own the context can change: to what it is, or to another value where that is asked for.
async fn own(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration, columns: &[String]) -> Result<()> {
    let (world, subject) = (probe.world, probe.subject);
    let table = &world.catalog.tables[subject.table];
    let mut why = String::new();
    for line in probe.own() {
        let is = subject.is(line, Some(declared));
        for column in columns.iter().filter_map(|column| table.column(column)) {
            let mut hints = Hints::default();
            table
                .checks()
                .filter(|check| check.columns.contains(&column.name))
                .for_each(|check| hints.add(&check.definition));
            let values = candidates(column, &hints, 7_000);
            for value in std::iter::once(quote(&column.name)).chain(values).take(20) {
                let sql = format!("UPDATE {} SET {} = {value} WHERE {is}", subject.sql, quote(&column.name));
                match probe.answer(&sql).await? {
                    Ok(done) if done.changed => return Ok(()),
                    Ok(_) => "no row was found".clone_into(&mut why),
                    Err(refused) => why = refused.message,
                }
            }
        }
    }
    probe.outcome.refusal(declared.scope, "no row of one's own can be updated", &why);
    Ok(())
}
