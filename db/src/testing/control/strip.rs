//! Taking one protection of a table away.

use crate::{
    ScopeKind,
    sql::quote,
    testing::{Result, literal, session::Session, subject::Subject, tables::Unique, world::World},
};

/// What protects the rows of a table, in the order in which it is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protection {
    /// Row-level security.
    Policies,
    /// The triggers of the table's own.
    Triggers,
    /// What the roles may do, column by column.
    Grants,
    /// Foreign keys, and unique keys that have the scope's column.
    Keys,
}

impl Protection {
    pub(super) const ALL: [Self; 4] = [Self::Policies, Self::Triggers, Self::Grants, Self::Keys];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Policies => "the policies",
            Self::Triggers => "the triggers",
            Self::Grants => "the grants",
            Self::Keys => "the keys",
        }
    }
}

/// Takes a protection of a table away.
pub(super) async fn take(
    protection: Protection,
    world: &World,
    subject: &Subject,
    superuser: &mut Session,
) -> Result<()> {
    let table = &subject.sql;
    match protection {
        Protection::Policies => {
            let of = "SELECT pg_catalog.quote_ident(polname) FROM pg_catalog.pg_policy WHERE polrelid =";
            for policy in superuser.lines(&format!("{of} {}::pg_catalog.regclass", literal(table))).await? {
                superuser.run(&format!("DROP POLICY {policy} ON {table}")).await?;
            }
            superuser.run(&format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")).await
        }
        Protection::Triggers => superuser.run(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await,
        Protection::Grants => {
            let mut roles = ScopeKind::ALL.map(|scope| quote(&world.prefix.role(scope))).to_vec();
            roles.push(quote(world.login_role()));
            superuser.run(&format!("GRANT ALL ON TABLE {table} TO {}", roles.join(", "))).await
        }
        Protection::Keys => keys(world, subject, superuser).await,
    }
}

async fn keys(world: &World, subject: &Subject, superuser: &mut Session) -> Result<()> {
    let mut foreign = superuser.lines(&drop_keys_to(&[&subject.sql])).await?;
    let own = world.catalog.tables[subject.table].foreign_keys();
    foreign
        .extend(own.map(|key| format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", subject.sql, quote(&key.name))));
    for sql in foreign {
        superuser.run(&sql).await?;
    }
    for (at, (_, columns)) in narrowed(world, subject).enumerate() {
        let columns: Vec<_> = columns.iter().map(|column| quote(column)).collect();
        let index = format!("CREATE UNIQUE INDEX isolation_probe_{at} ON {} ({})", subject.sql, columns.join(", "));
        superuser.run(&index).await?;
    }
    Ok(())
}

/// Returns a query for the statements that drop all foreign keys which lead to one of the tables.
pub(super) fn drop_keys_to(tables: &[&str]) -> String {
    let tables: Vec<_> = tables.iter().map(|table| format!("{}::pg_catalog.regclass", literal(table))).collect();
    format!(
        "SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', conrelid::pg_catalog.regclass, conname)
         FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0 AND confrelid IN ({})",
        tables.join(", ")
    )
}

/// Returns the unique keys that have a scope's column, with the columns that would be unique over all tenants without
/// it: those by which a conflict would tell, as they can be guessed and no foreign key answers first.
pub(super) fn narrowed<'w>(
    world: &'w World,
    subject: &'w Subject,
) -> impl Iterator<Item = (&'w Unique, Vec<&'w String>)> {
    let table = &world.catalog.tables[subject.table];
    table.uniques.iter().filter(|unique| unique.plain).filter_map(move |unique| {
        let is_scope =
            |column: &str| subject.entity.scopes.iter().any(|declared| declared.rows.column() == Some(column));
        let columns: Vec<_> = unique.columns.iter().filter(|column| !is_scope(column)).collect();
        let tells = columns.iter().all(|column| {
            table.column(column).is_some_and(|column| column.base != "uuid")
                && table.foreign_keys().all(|key| !key.columns.contains(*column))
        });
        // Values that two rows have already cannot be unique; the ones that are looked for differ for each row.
        let differs = || {
            let mut seen = std::collections::BTreeSet::new();
            let of_table = world.made.iter().filter(|made| made.table == subject.table);
            of_table
                .map(|made| columns.iter().map(|column| format!("{:?}", made.line.get(*column))).collect::<Vec<_>>())
                .all(|values| seen.insert(values))
        };
        let has_scope = columns.len() < unique.columns.len();
        (has_scope && !columns.is_empty() && tells && differs()).then_some((unique, columns))
    })
}
