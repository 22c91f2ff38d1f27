//! Rows that are put among another's.

use std::collections::BTreeMap;

use crate::{
    ScopeDeclaration,
    testing::{
        Result,
        fill::Side,
        probe::Probe,
        subject::{Spare, sees_all},
    },
};

pub(super) async fn run(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration) -> Result<()> {
    let (world, subject) = (probe.world, probe.subject);
    let columns = probe.columns();
    let own = if sees_all(declared) { Spare::Nobodys } else { Spare::Of(Side::Hostile) };
    for of in [Spare::Of(Side::Victim), Spare::Nobodys] {
        if let Some(line) = subject.spare(of) {
            probe.attack(&subject.insert(&columns, line, &BTreeMap::new())).await?;
        }
    }
    if let Some((column, _)) = probe.scope_key() {
        let foreign: Vec<_> = probe.foreign().iter().filter_map(|line| line.get(column)).collect();
        for key in foreign {
            for of in [Spare::Of(Side::Hostile), Spare::Nobodys] {
                if let Some(line) = subject.spare(of) {
                    let with = BTreeMap::from([(column.to_owned(), key.clone())]);
                    probe.attack(&subject.insert(&columns, line, &with)).await?;
                }
            }
        }
    }
    if !declared.verbs.insert {
        return Ok(());
    }
    let Some(line) = subject.spare(own) else {
        let table = &world.catalog.tables[subject.table].name;
        probe.outcome.known.push(format!("{table}: a scope has one row at most, so that none of its own is inserted"));
        return Ok(());
    };
    if let Err(refused) = probe.answer(&subject.insert(&columns, line, &BTreeMap::new())).await? {
        probe.outcome.refusal(declared.scope, "a row of one's own cannot be inserted", &refused.message);
    }
    Ok(())
}
