//! Making the table of an entity.

use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, RelationDef, RelationTrait,
    sea_query::{Alias, ColumnDef, ColumnType, ForeignKeyAction, PostgresQueryBuilder, Table},
};

use super::Contract;
use crate::{Facade, Registry, ScopeDeclaration, ScopeKind, TableName, facade::key_columns, options::quote};

impl Contract {
    /// Returns the statements that make the table of `F`, and put it under row-level security with the policies and grants
    /// that the scopes of its entity ask for: all at once, so that none can be forgotten.
    ///
    /// What the table has follows from the entity:
    ///
    /// - its columns, with their types; those that are not `Option` are `NOT NULL`; `created_at` and `updated_at` default
    ///   to the time, and the latter is kept by a trigger;
    /// - its key, which starts with the scope's column, so that no row can point at another tenant's; where sign-in reads
    ///   the table by `id`, that alone is the key, and the longer one is unique beside it;
    /// - each column that is `unique`, within its scope;
    /// - its foreign keys, with the scope's column where the other table is in the same scope; `on_delete` as the entity
    ///   says, and `SET NULL` leaves the scope's column alone;
    /// - an index that starts with each further scope column.
    ///
    /// Checks, and other indexes, are for the migration to add. It makes the table as the entity is on the day that it is
    /// run: a migration that is older than a column of its entity has to leave that to the later one
    /// (`ADD COLUMN IF NOT EXISTS`).
    #[must_use]
    pub fn create_table<F: Facade>(&self) -> Vec<String> {
        self.scoped_tables().create::<F>().statements()
    }
}

/// Returns the statements that make the table and its indexes.
pub(super) fn create_table<F: Facade>() -> Vec<String> {
    let table = TableName::of::<F>().sql();
    let own: Vec<_> = scope_columns(F::SCOPES).collect();
    let mut parts: Vec<String> =
        <F::Entity as EntityTrait>::Column::iter().map(|column| column_definition::<F>(column)).collect();
    parts.extend(keys::<F>(own.first().copied()));
    parts.extend(unique_columns::<F>(own.first().copied()));
    let relations = <F::Entity as EntityTrait>::Relation::iter().map(|relation| relation.def());
    // Those that another table owns are in that one.
    parts.extend(
        relations
            .filter(|relation| !relation.is_owner && !relation.skip_fk)
            .map(|relation| foreign_key(F::SCOPES, &relation)),
    );
    let mut statements = vec![format!("CREATE TABLE {table} (\n  {}\n)", parts.join(",\n  "))];
    statements.extend(own.iter().skip(1).map(|column| {
        let keys = key_columns::<F>().map(|key| key.as_str()).filter(|key| key != column);
        let columns: Vec<_> = [*column].into_iter().chain(keys).map(quote).collect();
        format!("CREATE INDEX ON {table} ({})", columns.join(", "))
    }));
    statements
}

/// Returns the column of `F` of that name, as the definition of a table has it.
pub(crate) fn add_column<F: Facade>(name: &str) -> Option<String> {
    let column = <F::Entity as EntityTrait>::Column::iter().find(|column| column.as_str() == name)?;
    Some(column_definition::<F>(column))
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

fn column_definition<F: Facade>(column: <F::Entity as EntityTrait>::Column) -> String {
    let def = column.def();
    let mut definition = ColumnDef::new_with_type(column, def.get_column_type().clone());
    if !def.is_null() {
        definition.not_null();
    }
    // sea-query writes a column only as a part of a table.
    let table = Table::create().table(Alias::new("t")).col(&mut definition).to_string(PostgresQueryBuilder);
    let text = table.split_once("( ").and_then(|(_, text)| text.rsplit_once(" )")).map_or("", |(text, _)| text);
    let is_time = matches!(def.get_column_type(), ColumnType::TimestampWithTimeZone);
    let default = if is_time && matches!(column.as_str(), "created_at" | "updated_at") { " DEFAULT now()" } else { "" };
    format!("{text}{default}")
}

/// The columns of the scopes, without doubles, the tenant's first.
fn scope_columns(scopes: &'static [ScopeDeclaration]) -> impl Iterator<Item = &'static str> {
    let column = |kind| scopes.iter().find(|scope| scope.scope == kind).and_then(|scope| scope.rows.column());
    let (tenant, user) = (column(ScopeKind::Tenant), column(ScopeKind::User));
    tenant.into_iter().chain(user.filter(|_| user != tenant))
}

fn keys<F: Facade>(scope: Option<&'static str>) -> Vec<String> {
    let own: Vec<_> = key_columns::<F>().map(|column| column.as_str()).collect();
    let key = |columns: &[&str]| columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
    let Some(scope) = scope.filter(|scope| !own.contains(scope)) else {
        return vec![format!("PRIMARY KEY ({})", key(&own))];
    };
    let long = [&[scope], own.as_slice()].concat();
    if F::SCOPES.iter().any(|declaration| declaration.scope == ScopeKind::Identity) {
        // With the longer one, a hostile tenant could plant a row with an id that sign-in looks for.
        vec![format!("PRIMARY KEY ({})", key(&own)), format!("UNIQUE ({})", key(&long))]
    } else {
        vec![format!("PRIMARY KEY ({})", key(&long))]
    }
}

fn unique_columns<F: Facade>(scope: Option<&'static str>) -> impl Iterator<Item = String> {
    let unique = <F::Entity as EntityTrait>::Column::iter().filter(|column| column.def().is_unique());
    unique.map(move |column| {
        let columns = scope.into_iter().filter(|scope| *scope != column.as_str()).chain([column.as_str()]);
        format!("UNIQUE ({})", columns.map(quote).collect::<Vec<_>>().join(", "))
    })
}

fn foreign_key(scopes: &'static [ScopeDeclaration], relation: &RelationDef) -> String {
    let mut pairs: Vec<(String, String)> = relation
        .from_col
        .clone()
        .into_iter()
        .zip(relation.to_col.clone())
        .map(|(a, b)| (a.to_string(), b.to_string()))
        .collect();
    let parent = TableName::of_reference(&relation.to_tbl);
    let registry = Registry::collect();
    let shared = registry.entities().find(|entity| parent.as_ref() == Some(&entity.table_name())).and_then(|entity| {
        [ScopeKind::Tenant, ScopeKind::User].into_iter().find_map(|kind| {
            let column = |scopes: &'static [ScopeDeclaration]| {
                scopes.iter().find(|scope| scope.scope == kind).and_then(|scope| scope.rows.column())
            };
            Some((column(scopes)?, column(entity.scopes)?))
        })
    });
    if let Some((own, theirs)) = shared
        && !pairs.iter().any(|(from, _)| from == own)
    {
        pairs.insert(0, (own.to_owned(), theirs.to_owned()));
    }
    let names = |names: Vec<&String>| names.into_iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
    let from = names(pairs.iter().map(|(from, _)| from).collect());
    let to = names(pairs.iter().map(|(_, to)| to).collect());
    let not_scope =
        pairs.iter().map(|(from, _)| from).filter(|from| shared.is_none_or(|(own, _)| from.as_str() != own));
    let on_delete = match relation.on_delete {
        Some(ForeignKeyAction::Cascade) => " ON DELETE CASCADE".to_owned(),
        Some(ForeignKeyAction::SetNull) => format!(" ON DELETE SET NULL ({})", names(not_scope.collect())),
        Some(ForeignKeyAction::SetDefault) => format!(" ON DELETE SET DEFAULT ({})", names(not_scope.collect())),
        Some(ForeignKeyAction::Restrict) => " ON DELETE RESTRICT".to_owned(),
        _ => String::new(),
    };
    let parent = parent.map(|parent| parent.sql()).unwrap_or_default();
    format!("FOREIGN KEY ({from}) REFERENCES {parent} ({to}){on_delete}")
}
