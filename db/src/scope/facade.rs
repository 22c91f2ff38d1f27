//! What the macros make of an entity.

use std::fmt::Debug;

use sea_orm::{ActiveModelTrait, EntityName, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait};

use super::{Acceptance, ScopeDeclaration, TableName};

/// A unit struct where the queries of one entity start, such as `ResearchPlan`.
///
/// It corresponds to SeaORM's `Entity`, and withholds it: the entity itself stays private to its crate, so that
/// no query can be built that has no scope. Made by `#[tenant_scoped]`, `#[user_scoped]` and
/// `#[identity_scoped]`, not by hand.
pub trait Facade: Copy + Debug + Default + Send + Sync + Unpin + 'static {
    /// The SeaORM entity.
    #[doc(hidden)]
    type Entity: EntityTrait<ActiveModel: Send, ModelEx: Send + Sync>;

    /// The columns of a row without its scope columns, each set or not.
    type Draft: Into<<Self::Entity as EntityTrait>::ActiveModel>;

    /// The columns that an assignment may name: neither scope nor key.
    type Writable: Into<<Self::Entity as EntityTrait>::Column>;

    /// The scopes that the entity declares, in the order of its attributes.
    const SCOPES: &'static [ScopeDeclaration];

    /// The findings of the table that are accepted.
    const ACCEPTANCES: &'static [Acceptance] = &[];

    /// The name that the table has where it is joined: its own, but for a relation that has one.
    #[doc(hidden)]
    const NAME: Option<&'static str> = None;
}

/// A row of the facade's table.
pub(crate) type Model<F> = <<F as Facade>::Entity as EntityTrait>::Model;

/// A row of the facade's table, with the rows that it is related to.
pub(crate) type ModelEx<F> = <<F as Facade>::Entity as EntityTrait>::ModelEx;

/// A row of the facade's table, each column of which is set or not.
pub(crate) type ActiveModel<F> = <<F as Facade>::Entity as EntityTrait>::ActiveModel;

/// A column of the facade's table.
pub(crate) type Column<F> = <<F as Facade>::Entity as EntityTrait>::Column;

/// The key of a row of the facade's table.
pub(crate) type Key<F> = <<<F as Facade>::Entity as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// Returns the columns of the key.
pub(crate) fn key_columns<F: Facade>() -> impl Iterator<Item = Column<F>> {
    <F::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

/// Returns the name of the facade's table, without its schema: for messages.
pub(crate) fn table_name<F: Facade>() -> &'static str {
    F::Entity::default().table_name()
}

/// Returns the names of the columns that no assignment may name: those of the scopes and of the key.
pub(crate) fn fixed_columns<F: Facade>() -> Vec<&'static str> {
    let keys = key_columns::<F>().map(|column| column.as_str());
    let mut columns: Vec<_> =
        F::SCOPES.iter().filter_map(|declaration| declaration.rows.column()).chain(keys).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Returns whether a column holds the key of one of the facade's scopes.
pub(crate) fn is_scope_column<F: Facade>(column: &Column<F>) -> bool {
    F::SCOPES.iter().any(|declaration| declaration.rows.column() == Some(column.as_str()))
}

/// Sets each part of the key that is a UUID and that the draft leaves unset to a fresh UUIDv7.
pub(crate) fn fill_key<A: ActiveModelTrait>(row: &mut A) {
    use sea_orm::{ColumnTrait, sea_query::ColumnType};

    for key in <A::Entity as EntityTrait>::PrimaryKey::iter() {
        let column = key.into_column();
        if row.is_not_set(column) && matches!(column.def().get_column_type(), ColumnType::Uuid) {
            // A key of the application's own type may not take it; the table's default is then to do.
            row.try_set(column, uuid::Uuid::now_v7().into()).ok();
        }
    }
}

impl TableName {
    /// The name of the table of a facade, as its entity has it.
    #[must_use]
    pub fn of<F: Facade>() -> Self {
        let entity = F::Entity::default();
        Self::new(entity.schema_name(), entity.table_name())
    }
}
