//! What the macros make of an entity.

use std::fmt::Debug;

use sea_orm::{ActiveModelTrait, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait};

use crate::ScopeKind;

/// A unit struct where the queries of one entity start, such as `ResearchPlan`.
///
/// It stands for SeaORM's `Entity`, and withholds it: the entity itself stays private to its crate, so that
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

    /// The name that the table has where it is joined: its own, but for a relation that has one.
    #[doc(hidden)]
    const NAME: Option<&'static str> = None;
}

/// One scope of an entity, as its attribute declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeDeclaration {
    /// The scope.
    pub scope: ScopeKind,
    /// The name of the column that holds the scope's key, in the database; `None` where the scope has none.
    pub column: Option<&'static str>,
    /// What a context of the scope may do.
    pub verbs: Verbs,
}

impl ScopeDeclaration {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(scope: ScopeKind, column: Option<&'static str>, verbs: Verbs) -> Self {
        Self { scope, column, verbs }
    }
}

/// What a context of one scope may do to the rows of a table, beside reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "SQL has no fifth verb")]
pub struct Verbs {
    /// Whether it may insert.
    pub insert: bool,
    /// Which columns it may update.
    pub update: UpdateColumns,
    /// Whether it may delete.
    pub delete: bool,
}

/// The columns that a context of one scope may update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code names all of them")]
pub enum UpdateColumns {
    /// None: rows of the table cannot be updated in that scope.
    None,
    /// All but the scope and key columns.
    Writable,
    /// The named ones, none of which is a scope or key column.
    Only(&'static [&'static str]),
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

/// Returns the name of the facade's table.
pub(crate) fn table_name<F: Facade>() -> &'static str {
    use sea_orm::EntityName;
    F::Entity::default().table_name()
}

/// Returns the names of the columns that no assignment may name: those of the scopes and of the key.
pub(crate) fn fixed_columns<F: Facade>() -> Vec<&'static str> {
    let keys = key_columns::<F>().map(|column| column.as_str());
    let mut columns: Vec<_> = F::SCOPES.iter().filter_map(|declaration| declaration.column).chain(keys).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Sets each part of the key that is a UUID and that the draft leaves unset to a fresh UUIDv7.
pub(crate) fn fill_key<A: ActiveModelTrait>(row: &mut A) {
    use sea_orm::{ColumnTrait, sea_query::ColumnType};

    for key in <A::Entity as EntityTrait>::PrimaryKey::iter() {
        let column = key.into_column();
        if row.is_not_set(column) && matches!(column.def().get_column_type(), ColumnType::Uuid) {
            row.set(column, uuid::Uuid::now_v7().into());
        }
    }
}
