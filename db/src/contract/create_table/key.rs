//! Keys and indexes, with the scope in them.

use sea_orm::sea_query::IndexCreateStatement;

use super::{names, writes};
use crate::{
    Result,
    scope::{ScopeDeclaration, UpdateColumns, entity_table::EntityTable},
    sql::quote,
};

impl EntityTable {
    /// The primary key, and what is unique beside it.
    pub(super) fn keys(&self) -> Vec<String> {
        let key = |scopes: &[&'static str]| names(&after(scopes, &self.key));
        let primary = |scopes: &[&'static str]| format!("PRIMARY KEY ({})", key(scopes));
        let unique = |scopes: &[&'static str]| format!("UNIQUE ({})", key(scopes));
        let carried: Vec<_> = carried(self.scopes).map(|(_, column)| column).collect();
        let Some(&first) = carried.first() else { return vec![primary(&[])] };
        let also = carried.get(1).filter(|second| !self.key.contains(second)).map(|second| [first, *second]);
        if self.is_read_at_sign_in() && !self.key.contains(&first) {
            // With the longer one, a hostile tenant could plant a row with an id that sign-in looks for.
            return [primary(&[]), unique(&[first])].into_iter().chain(also.map(|also| unique(&also))).collect();
        }
        match also {
            // What cannot be guessed tells nothing, and the shorter key is there to be pointed at.
            Some(also) if self.has_uuid() => vec![primary(&[first]), unique(&also)],
            Some(also) => vec![primary(&also)],
            None => vec![primary(&[first])],
        }
    }

    /// Returns the columns of a unique key, after the columns of the scopes that it is within.
    ///
    /// It carries that of every scope whose contexts can write it: a conflict would tell them what another has. Where
    /// sign-in looks rows up and no other scope writes, the key is over all rows, as sign-in takes it.
    pub(super) fn unique<'a>(&self, columns: &[&'a str]) -> Result<Vec<&'a str>> {
        let fixed: Vec<_> = self.scope_columns().into_iter().chain(self.key.iter().copied()).collect();
        let mut within = Vec::new();
        for (n, (declared, column)) in self.scopes_by_column().enumerate() {
            let tries = writes(declared, columns, &fixed);
            if self.key != [column] {
                within.extend((tries || (n == 0 && !self.is_read_at_sign_in())).then_some(column));
            } else if tries && columns != [column] {
                // The table of the tenants themselves, and each that has one row for a tenant.
                let why = format!(
                    "is unique, and `{column}` alone is the key: within a tenant that says nothing, and over all of them \
                     it tells one what another has; write it in the migration, or leave the column out of what the scope \
                     writes"
                );
                return Err(self.refuse(&format!("column `{}`", columns.join("`, `")), &why));
            }
        }
        Ok(after(&within, columns))
    }

    /// Returns the statement that makes an index or a unique key of the entity's own, under the name that SeaORM gives
    /// it.
    pub(super) fn index(&self, index: &IndexCreateStatement) -> Result<String> {
        let spec = index.get_index_spec();
        let own = spec.get_column_names();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let (kind, columns) = if index.is_unique_key() {
            ("UNIQUE INDEX", self.unique(&own)?)
        } else {
            let first: Vec<_> = self.scopes_by_column().map(|(_, column)| column).take(1).collect();
            ("INDEX", after(&first, &own))
        };
        let name = spec.get_name().map(|name| format!(" {}", quote(name))).unwrap_or_default();
        Ok(format!("CREATE {kind}{name} ON {} ({})", self.name.sql(), names(&columns)))
    }

    /// Returns the statements that make an index which starts with each further scope column.
    pub(super) fn scope_indexes(&self) -> Vec<String> {
        let table = self.name.sql();
        let index =
            |column: &&'static str| format!("CREATE INDEX ON {table} ({})", names(&after(&[*column], &self.key)));
        self.scope_columns().iter().skip(1).map(index).collect()
    }
}

/// The scopes whose columns a key carries: the first one, and a second one whose contexts write as well. Without it, a
/// key would tell one person of another's rows in the same organization.
pub(super) fn carried(
    scopes: &'static [ScopeDeclaration],
) -> impl Iterator<Item = (&'static ScopeDeclaration, &'static str)> {
    let first = super::columns_of(scopes).next().map(|(_, column)| column);
    super::columns_of(scopes)
        .enumerate()
        .filter(move |(n, (declared, column))| {
            let writes = declared.verbs.insert || declared.verbs.update != UpdateColumns::None;
            *n == 0 || (writes && Some(*column) != first)
        })
        .map(|(_, scope)| scope)
}

/// The columns, each once.
fn after<'a>(first: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    let rest = rest.iter().filter(|column| !first.contains(column));
    first.iter().chain(rest).copied().collect()
}
