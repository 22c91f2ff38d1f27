//! Making the table of an entity.

mod column;
mod foreign_key;
mod key;

use sea_orm::sea_query::ColumnType;

use super::Contract;
use crate::{
    Error, Facade, Registry, Result, ScopeKind,
    error::Kind,
    scope::{ScopeDeclaration, UpdateColumns, entity_table::EntityTable},
    sql::{literal, quote},
};

impl Contract {
    /// Returns the statements that make the table of `F`, and put it under row-level security with the policies and
    /// grants that the scopes of its entity ask for: all at once, so that none can be forgotten.
    ///
    /// Corresponds to SeaORM's `Schema::create_table_from_entity`, `create_index_from_entity` and
    /// `create_enum_from_entity`, whose table it is but for what isolation asks for:
    ///
    /// - the columns, with their types, defaults, `extra` and comments; `created_at` and `updated_at` default to the time
    ///   where the entity gives no default, and the latter is kept by a trigger. A native enumeration is made where it is
    ///   not there yet;
    /// - the key, which starts with the scope's column, so that no row can point at another tenant's; where sign-in reads
    ///   the table by `id`, that alone is the key, and the longer one is unique beside it. A key that counts up
    ///   (`auto_increment`) is an identity column: all tenants draw from one sequence, and the gaps in it tell a tenant how
    ///   many rows the others make. A UUID tells nothing;
    /// - each `unique` column and `unique_key`, within its scope;
    /// - the foreign keys, with the scope's column where the other table is in the same scope; `on_delete` and `on_update`
    ///   as the entity says, and `SET NULL` leaves the scope's column alone;
    /// - an index for each `indexed` column, which starts with the scope's; and one that starts with each further scope
    ///   column.
    ///
    /// Checks, and other indexes, are for the migration to add. It makes the table as the entity is on the day that it
    /// is run: a migration that is older than a column of its entity has to leave that to the later one (`ADD COLUMN IF
    /// NOT EXISTS`).
    ///
    /// The registry has the entities that its foreign keys may point at: in which scopes those are.
    ///
    /// # Errors
    ///
    /// `is_configuration`, with the entity and the column or relation, where the entity asks for what would leave the
    /// scope, or for what PostgreSQL has not: a `UNIQUE` or `REFERENCES` in `extra`, an `auto_increment` key that is no
    /// integer, `on_update = "SetNull"` over the scope's column, a relation to a table that is in the scope through
    /// another. Such a table is made by [`ScopedTables::create_as`](super::ScopedTables::create_as).
    pub fn create_table<F: Facade>(&self, registry: &Registry) -> Result<Vec<String>> {
        Ok(self.scoped_tables().create::<F>(registry)?.statements())
    }
}

/// What makes a table.
pub(super) struct CreateTable {
    /// What has to be there before: its enumerations.
    pub(super) before: Vec<String>,
    pub(super) table: String,
    /// Its indexes and comments.
    pub(super) after: Vec<String>,
}

/// Returns the statements that make the table and its indexes.
pub(super) fn create_table(entity: &EntityTable, registry: &Registry) -> Result<CreateTable> {
    let table = entity.name.sql();
    let mut parts = Vec::new();
    for made in &entity.columns {
        parts.push(column::definition(entity, made)?);
    }
    parts.extend(entity.keys());
    for unique in entity.columns.iter().filter(|column| column.unique) {
        parts.push(format!("UNIQUE ({})", names(&entity.unique(&[unique.name])?)));
    }
    parts.extend(foreign_key::foreign_keys(entity, registry)?);
    let mut after = Vec::new();
    for index in &entity.indexes {
        after.push(entity.index(index)?);
    }
    after.extend(entity.scope_indexes());
    after.extend(comments(entity));
    let before = entity.columns.iter().filter_map(|made| column::create_type(&made.declared)).collect();
    Ok(CreateTable { before, table: format!("CREATE TABLE {table} (\n  {}\n)", parts.join(",\n  ")), after })
}

/// Returns the column of that name, as the definition of a table has it.
pub(crate) fn add_column(entity: &EntityTable, name: &str) -> Option<String> {
    column::definition(entity, entity.column(name)?).ok()
}

/// SeaORM writes no comments for PostgreSQL, which has them in statements of their own.
fn comments(entity: &EntityTable) -> Vec<String> {
    let table = entity.name.sql();
    let comment = entity.comment.as_ref();
    let of_table = comment.map(|comment| format!("COMMENT ON TABLE {table} IS {}", literal(comment)));
    let of_columns = entity.columns.iter().filter_map(|column| {
        let comment = column.definition.get_column_spec().comment.as_ref()?;
        Some(format!("COMMENT ON COLUMN {table}.{} IS {}", quote(column.name), literal(comment)))
    });
    of_table.into_iter().chain(of_columns).collect()
}

/// The names of columns, as SQL has them in brackets.
fn names(columns: &[impl AsRef<str>]) -> String {
    columns.iter().map(|column| quote(column.as_ref())).collect::<Vec<_>>().join(", ")
}

impl EntityTable {
    /// The scopes that have a column, the tenant's first; two may share one.
    fn scopes_by_column(&self) -> impl Iterator<Item = (&'static ScopeDeclaration, &'static str)> + use<> {
        columns_of(self.scopes)
    }

    /// The columns of the scopes, without doubles.
    fn scope_columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<_> = self.scopes_by_column().map(|(_, column)| column).collect();
        columns.dedup();
        columns
    }

    /// Returns whether sign-in reads the table, which has no key to look within.
    fn is_read_at_sign_in(&self) -> bool {
        self.scopes.iter().any(|declared| declared.scope == ScopeKind::Identity)
    }

    /// Returns whether no key of another can be guessed.
    fn has_uuid(&self) -> bool {
        let mut key = self.key.iter().filter_map(|name| self.column(name));
        key.all(|column| matches!(column.declared, ColumnType::Uuid))
    }

    fn refuse(&self, what: &str, why: &str) -> Error {
        Kind::Configuration(format!("the table of the entity `{}` cannot be made: {what} {why}", self.facade).into())
            .into()
    }
}

/// The scopes that have a column, the tenant's first.
fn columns_of(scopes: &'static [ScopeDeclaration]) -> impl Iterator<Item = (&'static ScopeDeclaration, &'static str)> {
    let of = |kind| scopes.iter().find(|declared| declared.scope == kind);
    [of(ScopeKind::Tenant), of(ScopeKind::User)].into_iter().flatten().filter_map(|declared| {
        let column = declared.rows.column()?;
        Some((declared, column))
    })
}

/// Returns whether a context of the scope can write one of the columns.
fn writes(declared: &ScopeDeclaration, columns: &[&str], fixed: &[&str]) -> bool {
    declared.verbs.insert
        || match declared.verbs.update {
            UpdateColumns::None => false,
            UpdateColumns::Writable => columns.iter().any(|column| !fixed.contains(column)),
            UpdateColumns::Only(only) => columns.iter().any(|column| only.contains(column)),
        }
}
