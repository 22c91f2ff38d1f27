//! Rows that are put among another's.

use std::collections::BTreeMap;

use crate::{
    scope::ScopeDeclaration,
    testing::{
        Result,
        fill::{Line, Side},
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
        return Ok(());
    }
    as_an_application(probe, declared, line).await
}

/// Inserts a row without what the database makes: its key, where that counts up, and every other default. A default
/// runs with the rights of whoever inserts, so that a row which gives all of its values proves nothing for one that
/// does not.
async fn as_an_application(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration, line: &Line) -> Result<()> {
    let table = &probe.world.catalog.tables[probe.subject.table];
    let scope: Vec<_> = probe.subject.entity.scopes.iter().filter_map(|declared| declared.rows.column()).collect();
    let is_made = |name: &str| {
        !scope.contains(&name) && table.column(name).is_some_and(|column| column.identity || column.default.is_some())
    };
    let made: Vec<String> = probe.columns().into_iter().filter(|name| is_made(name)).collect();
    let without = |left_out: &[&String]| -> Vec<String> {
        probe.columns().into_iter().filter(|name| !left_out.contains(&name)).collect()
    };
    // All of them, and each by itself: what one makes may be in conflict with a row that is there.
    let all: Vec<&String> = made.iter().collect();
    let mut statements = vec![without(&all)];
    statements.extend(made.iter().map(|name| without(&[name])));
    if made.is_empty() {
        return Ok(());
    }
    for columns in statements {
        let insert = probe.subject.insert(&columns, line, &BTreeMap::new());
        if let Err(refused) = probe.answer(&insert).await?
            && !refused.code.starts_with("23")
        {
            let what = "a row of one's own cannot be inserted without what the database makes";
            probe.outcome.refusal(declared.scope, what, &refused.message);
            break;
        }
    }
    Ok(())
}
