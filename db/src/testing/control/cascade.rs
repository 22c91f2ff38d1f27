//! The control of the cascades: a foreign key without the scope's column, and a row of the victim's that points at one of
//! the hostile side's by it.

use super::strip::drop_keys_to;
use crate::{
    sql::quote,
    testing::{
        Result,
        fill::{Line, Side, sql_of},
        probes::Group,
        report::Outcome,
        subject::Subject,
        tables::{Constraint, Table},
        world::World,
    },
};

/// Points a victim's row at a row that a context may remove, in a copy of its own.
pub(super) async fn run(world: &World, subject: &Subject, outcome: &mut Outcome) -> Result<()> {
    for declared in subject.entity.scopes.iter().filter(|declared| declared.verbs.delete) {
        let Some(scope_column) = declared.rows.column() else { continue };
        let Some((child, key, line)) = child(world, subject, scope_column) else { continue };
        let Some(own) = subject.view(declared.scope).and_then(|view| view.own.last()) else { continue };
        let copy = world.copy().await?;
        let mut superuser = copy.connect().await?;
        // Others that point at either table could keep the row.
        let table = &world.catalog.tables[child];
        let drop = superuser.lines(&drop_keys_to(&[&subject.sql, &table.sql()])).await?;
        let hang = hang(table, subject, key, [line, own], scope_column);
        let altered = superuser.run(&format!("{}; {hang}", drop.join("; "))).await;
        superuser.close().await?;
        if let Err(why) = altered {
            outcome.known.push(format!("the control of cascades by {} cannot be made here: {why}", key.name));
            continue;
        }
        let mut login = world.login(&copy.name).await?;
        let found = Group::Cascades.run_in(world, subject, declared, &mut login).await?;
        login.close().await?;
        let scope = declared.scope.as_str();
        if found.breaches.is_empty() {
            outcome.refusals.push(format!(
                "[{scope}] cascades stayed green with a foreign key that has no scope column: they prove nothing"
            ));
        } else {
            outcome.known.push(format!("[{scope}] cascades: red without the keys"));
        }
    }
    Ok(())
}

/// Returns the statements that hang a row of a table below one of the subject's, by a foreign key without the scope.
fn hang(table: &Table, subject: &Subject, key: &Constraint, [line, own]: [&Line; 2], scope_column: &str) -> String {
    let pairs: Vec<_> =
        (key.columns.iter().zip(&key.parent_columns)).filter(|(_, theirs)| theirs.as_str() != scope_column).collect();
    let assigned: Vec<_> = pairs
        .iter()
        .filter_map(|(column, theirs)| Some(format!("{} = {}", quote(column), sql_of(own.get(*theirs)?))))
        .collect();
    let is: Vec<_> = table
        .key()
        .iter()
        .filter_map(|column| Some(format!("{} = {}", quote(column), sql_of(line.get(*column)?))))
        .collect();
    let (columns, parent_columns): (Vec<_>, Vec<_>) =
        pairs.iter().map(|(column, theirs)| (quote(column), quote(theirs))).unzip();
    format!(
        "CREATE UNIQUE INDEX ON {parent} ({theirs});
         ALTER TABLE {child} DISABLE TRIGGER USER;
         UPDATE {child} SET {assigned} WHERE {is};
         ALTER TABLE {child} ENABLE TRIGGER USER;
         ALTER TABLE {child} ADD FOREIGN KEY ({own}) REFERENCES {parent} ({theirs}) ON DELETE CASCADE;
         TRUNCATE isolation_probe.before; INSERT INTO isolation_probe.before TABLE isolation_probe.now",
        child = table.sql(),
        parent = subject.sql,
        theirs = parent_columns.join(", "),
        own = columns.join(", "),
        assigned = assigned.join(", "),
        is = is.join(" AND "),
    )
}

/// Finds a foreign key from another table by more than the scope's column, and a row of the victim's there.
fn child<'w>(world: &'w World, subject: &Subject, scope_column: &str) -> Option<(usize, &'w Constraint, &'w Line)> {
    let oid = world.catalog.tables[subject.table].oid;
    let tables = world.catalog.tables.iter().enumerate().filter(|(at, _)| *at != subject.table);
    let keys = tables.flat_map(|(at, table)| table.foreign_keys().map(move |key| (at, key)));
    keys.filter(|(_, key)| {
        let theirs = &key.parent_columns;
        key.parent == oid && theirs.len() > 1 && theirs.iter().any(|column| column == scope_column)
    })
    .find_map(|(at, key)| {
        let victims = world.made.iter().find(|made| made.table == at && made.side == Side::Victim)?;
        Some((at, key, &victims.line))
    })
}
