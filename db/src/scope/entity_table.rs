//! The table of an entity, as data.

use std::any::type_name;

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable, RelationDef, RelationTrait, Schema,
    sea_query::{ColumnDef, ColumnType, ForeignKeyAction, IndexCreateStatement},
};

use super::{
    ScopeDeclaration, TableName,
    facade::{Facade, fixed_columns, key_columns},
};

/// What an entity says of its table, as SeaORM has it: from it a contract makes the table, and an audit looks whether
/// it is there.
#[derive(Clone, Debug)]
pub(crate) struct EntityTable {
    /// The name of the facade.
    pub(crate) facade: &'static str,
    pub(crate) name: TableName,
    pub(crate) scopes: &'static [ScopeDeclaration],
    pub(crate) columns: Vec<EntityColumn>,
    pub(crate) key: Vec<&'static str>,
    /// The columns that no assignment may name: those of the scopes and of the key.
    pub(crate) fixed: Vec<&'static str>,
    pub(crate) indexes: Vec<IndexCreateStatement>,
    pub(crate) relations: Vec<RelationDef>,
    pub(crate) comment: Option<String>,
}

/// A column of an entity.
#[derive(Clone, Debug)]
pub(crate) struct EntityColumn {
    pub(crate) name: &'static str,
    /// As the entity declares it; in `definition` an enumeration is no longer one.
    pub(crate) declared: ColumnType,
    /// As SeaORM's schema builder makes it.
    pub(crate) definition: ColumnDef,
    pub(crate) unique: bool,
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

impl EntityTable {
    pub(crate) fn of<F: Facade>() -> Self {
        let (schema, entity, path) = (Schema::new(DbBackend::Postgres), F::Entity::default(), type_name::<F>());
        let columns = <F::Entity as EntityTrait>::Column::iter().map(|column| EntityColumn {
            name: column.as_str(),
            declared: column.def().get_column_type().clone(),
            definition: schema.get_column_def::<F::Entity>(column),
            unique: column.def().is_unique(),
        });
        Self {
            facade: path.rsplit("::").next().unwrap_or(path),
            name: TableName::of::<F>(),
            scopes: F::SCOPES,
            columns: columns.collect(),
            key: key_columns::<F>().map(|column| column.as_str()).collect(),
            fixed: fixed_columns::<F>(),
            indexes: schema.create_index_from_entity(entity),
            relations: <F::Entity as EntityTrait>::Relation::iter().map(|relation| relation.def()).collect(),
            comment: schema.create_table_from_entity(entity).get_comment().cloned(),
        }
    }

    /// Returns the foreign keys that its relations ask for; those that another table owns are in that one.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = DeclaredForeignKey> {
        let declared = self.relations.iter().filter(|relation| !relation.is_owner && !relation.skip_fk);
        declared.filter_map(|relation| {
            let columns = relation.from_col.clone().into_iter().zip(relation.to_col.clone());
            Some(DeclaredForeignKey {
                table: TableName::of_reference(&relation.to_tbl)?,
                columns: columns.map(|(own, theirs)| (own.to_string(), theirs.to_string())).collect(),
                on_delete: relation.on_delete,
                on_update: relation.on_update,
            })
        })
    }

    pub(crate) fn column(&self, name: &str) -> Option<&EntityColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
