//! Writes to the columns that say whose a row is, and which.

use serde_json::Value;

use crate::{
    sql::quote,
    testing::{Result, fill::sql_of, probe::Probe, subject::sees_all},
};

pub(super) async fn run(probe: &mut Probe<'_>) -> Result<()> {
    let subject = probe.subject;
    let own_key = probe.scope_key();
    let columns = probe.columns();
    let everybodys = probe.declared.is_some_and(sees_all);
    for fixed in subject.entity.fixed_columns() {
        let Some(column) = columns.iter().find(|column| *column == fixed) else { continue };
        let quoted = quote(column);
        let scope_key = own_key.as_ref().filter(|(of, _)| of == column).map(|(_, key)| key.clone());
        let values: Vec<Value> = match &scope_key {
            // Taken from others, and given to them.
            Some(key) => [Value::from(key.clone())].into_iter().chain(of_others(probe, column)).collect(),
            None => of_others(probe, column),
        };
        for value in values {
            let mut statements = vec![format!("UPDATE {} SET {quoted} = {}", subject.sql, sql_of(&value))];
            for line in probe.own().iter().take(2).chain(probe.foreign().iter().take(1)) {
                statements.push(format!("{} WHERE {}", statements[0], subject.is(line, probe.declared)));
            }
            for sql in statements {
                probe.attack(&sql).await?;
            }
        }
        if !everybodys {
            for line in probe.own().iter().take(2) {
                let sql = format!(
                    "UPDATE {} SET {quoted} = {quoted} WHERE {}",
                    subject.sql,
                    subject.is(line, probe.declared)
                );
                if probe.answer(&sql).await?.is_ok_and(|done| done.changed) {
                    probe.outcome.breach(probe.scope, "a column of the scope or the key is assigned", &sql);
                }
            }
        }
    }
    Ok(())
}

fn of_others(probe: &Probe<'_>, column: &str) -> Vec<Value> {
    probe.foreign().iter().take(2).filter_map(|line| line.get(column)).cloned().collect()
}
