//! Rows that meet another's on a key.

use std::collections::BTreeMap;

use crate::{
    scope::ScopeDeclaration,
    sql::quote,
    testing::{Result, probe::Probe},
};

pub(super) async fn run(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration) -> Result<()> {
    let (world, subject) = (probe.world, probe.subject);
    let columns = probe.columns();
    let table = &world.catalog.tables[subject.table];
    let assigned = super::updates::columns(probe, declared);
    let assigned = assigned.first().or(columns.last()).map(|column| quote(column)).unwrap_or_default();
    let mut actions = vec!["ON CONFLICT DO NOTHING".to_owned()];
    for unique in table.uniques.iter().filter(|unique| unique.plain) {
        let on = unique.columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
        actions.push(format!("ON CONFLICT ({on}) DO UPDATE SET {assigned} = excluded.{assigned}"));
    }
    let own_key = probe.scope_key().map(|(column, key)| (column.to_owned(), key.into()));
    let foreign = probe.foreign();
    for line in &foreign[..foreign.len().min(2)] {
        for with in [BTreeMap::new(), own_key.clone().into_iter().collect()] {
            for action in &actions {
                probe.attack(&format!("{} {action}", subject.insert(&columns, line, &with))).await?;
            }
        }
    }
    Ok(())
}
