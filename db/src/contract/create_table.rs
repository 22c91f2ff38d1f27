//! Making the table of an entity.

mod column;
mod foreign_key;
mod key;

use std::any::type_name;

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable, RelationTrait, Schema,
    sea_query::{ColumnType, ForeignKeyAction, TableCreateStatement},
};

use super::{Contract, literal};
use crate::{
    Error, Facade, Result, ScopeDeclaration, ScopeKind, TableName, UpdateColumns, error::Kind, facade::key_columns,
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
    /// # Errors
    ///
    /// `is_configuration`, with the entity and the column or relation, where the entity asks for what would leave the
    /// scope, or for what PostgreSQL has not: a `UNIQUE` or `REFERENCES` in `extra`, an `auto_increment` key that is no
    /// integer, `on_update = "SetNull"` over the scope's column, a relation to a table that is in the scope through
    /// another. Such a table is made by [`ScopedTables::create_as`](super::ScopedTables::create_as).
    pub fn create_table<F: Facade>(&self) -> Result<Vec<String>> {
        Ok(self.scoped_tables().create::<F>()?.statements())
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
pub(super) fn create_table<F: Facade>() -> Result<CreateTable> {
    let subject = Subject::of::<F>();
    let (schema, entity) = (Schema::new(DbBackend::Postgres), F::Entity::default());
    let made = schema.create_table_from_entity(entity);
    let table = subject.table.sql();
    let mut parts = columns::<F>(&subject, &made)?;
    parts.extend(subject.keys());
    for column in unique_columns::<F>() {
        parts.push(format!("UNIQUE ({})", names(&subject.unique(&[column])?)));
    }
    let relations = <F::Entity as EntityTrait>::Relation::iter().map(|relation| relation.def());
    parts.extend(foreign_key::foreign_keys(&subject, relations)?);
    let mut after = Vec::new();
    for index in schema.create_index_from_entity(entity) {
        after.push(subject.index(&index)?);
    }
    after.extend(subject.scope_indexes());
    after.extend(comments(&table, &made));
    let types = <F::Entity as EntityTrait>::Column::iter();
    let before = types.filter_map(|column| column::create_type(column.def().get_column_type())).collect();
    Ok(CreateTable { before, table: format!("CREATE TABLE {table} (\n  {}\n)", parts.join(",\n  ")), after })
}

/// Returns the column of `F` of that name, as the definition of a table has it.
pub(crate) fn add_column<F: Facade>(name: &str) -> Option<String> {
    let column = <F::Entity as EntityTrait>::Column::iter().find(|column| column.as_str() == name)?;
    let made = Schema::new(DbBackend::Postgres).get_column_def::<F::Entity>(column);
    column::definition(&Subject::of::<F>(), &made, column.def().get_column_type()).ok()
}

/// A foreign key that an entity declares by a relation.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredForeignKey {
    pub(crate) table: TableName,
    /// The columns that the relation names: its own, and the other table's.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) on_delete: Option<ForeignKeyAction>,
    pub(crate) on_update: Option<ForeignKeyAction>,
}

/// Returns the foreign keys that the relations of `F` ask for, as the table would be made with.
pub(crate) fn declared_foreign_keys<F: Facade>() -> Vec<DeclaredForeignKey> {
    let relations = <F::Entity as EntityTrait>::Relation::iter().map(|relation| relation.def());
    let declared = relations.filter(|relation| !relation.is_owner && !relation.skip_fk).filter_map(|relation| {
        let table = TableName::of_reference(&relation.to_tbl)?;
        let columns = relation.from_col.into_iter().zip(relation.to_col);
        Some(DeclaredForeignKey {
            table,
            columns: columns.map(|(own, theirs)| (own.to_string(), theirs.to_string())).collect(),
            on_delete: relation.on_delete,
            on_update: relation.on_update,
        })
    });
    declared.collect()
}

fn columns<F: Facade>(subject: &Subject, made: &TableCreateStatement) -> Result<Vec<String>> {
    let declared = <F::Entity as EntityTrait>::Column::iter().map(|column| column.def());
    let columns = made.get_columns().iter().zip(declared);
    columns.map(|(column, declared)| column::definition(subject, column, declared.get_column_type())).collect()
}

fn unique_columns<F: Facade>() -> impl Iterator<Item = &'static str> {
    let unique = <F::Entity as EntityTrait>::Column::iter().filter(|column| column.def().is_unique());
    unique.map(|column| column.as_str())
}

/// SeaORM writes no comments for PostgreSQL, which has them in statements of their own.
fn comments(table: &str, made: &TableCreateStatement) -> Vec<String> {
    let of_table = made.get_comment().map(|comment| format!("COMMENT ON TABLE {table} IS {}", literal(comment)));
    let of_columns = made.get_columns().iter().filter_map(|column| {
        let comment = column.get_column_spec().comment.as_ref()?;
        let name = crate::options::quote(&column.get_column_name());
        Some(format!("COMMENT ON COLUMN {table}.{name} IS {}", literal(comment)))
    });
    of_table.into_iter().chain(of_columns).collect()
}

/// The names of columns, as SQL has them in brackets.
fn names(columns: &[impl AsRef<str>]) -> String {
    columns.iter().map(|column| crate::options::quote(column.as_ref())).collect::<Vec<_>>().join(", ")
}

/// An entity whose table is made.
struct Subject {
    facade: &'static str,
    table: TableName,
    scopes: &'static [ScopeDeclaration],
    key: Vec<&'static str>,
    /// Whether no key of another can be guessed.
    has_uuid: bool,
}

impl Subject {
    fn of<F: Facade>() -> Self {
        let path = type_name::<F>();
        Self {
            facade: path.rsplit("::").next().unwrap_or(path),
            table: TableName::of::<F>(),
            scopes: F::SCOPES,
            key: key_columns::<F>().map(|column| column.as_str()).collect(),
            has_uuid: key_columns::<F>().all(|column| matches!(column.def().get_column_type(), ColumnType::Uuid)),
        }
    }

    /// The scopes that have a column, the tenant's first; two may share one.
    fn columns(&self) -> impl Iterator<Item = (&'static ScopeDeclaration, &'static str)> + use<> {
        columns_of(self.scopes)
    }

    /// The columns of the scopes, without doubles.
    fn scope_columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<_> = self.columns().map(|(_, column)| column).collect();
        columns.dedup();
        columns
    }

    /// Returns whether sign-in reads the table, which has no key to look within.
    fn is_read_at_sign_in(&self) -> bool {
        self.scopes.iter().any(|declared| declared.scope == ScopeKind::Identity)
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
