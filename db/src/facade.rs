//! What the macros make of an entity.

use std::fmt::Debug;

use sea_orm::{ActiveModelTrait, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait, RelationDef};

use crate::{Acceptance, ScopeKind, TableName};

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

/// One scope of an entity, as its attribute declares it: what the predicate of a query and the policies of the table
/// are both made from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ScopeDeclaration {
    /// The scope.
    pub scope: ScopeKind,
    /// Which rows are in it.
    pub rows: Rows,
    /// What a context of the scope may do.
    pub verbs: Verbs,
    /// The roles of a member whose writes are let through; empty where they are everybody's.
    pub writers: &'static [&'static str],
    /// The column with a member's role, where no write may touch or make a row whose role is above the member's own.
    pub ranked: Option<&'static str>,
}

impl ScopeDeclaration {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(scope: ScopeKind, rows: Rows, verbs: Verbs) -> Self {
        Self { scope, rows, verbs, writers: &[], ranked: None }
    }

    /// The rows of a scope by a column, with every verb: what a table without an entity is taken for.
    pub(crate) const fn of_column(scope: ScopeKind, column: &'static str) -> Self {
        let verbs = Verbs { select: SelectColumns::All, insert: true, update: UpdateColumns::Writable, delete: true };
        Self::new(scope, Rows::Column(column), verbs)
    }

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn written_by(self, writers: &'static [&'static str], ranked: Option<&'static str>) -> Self {
        Self { writers, ranked, ..self }
    }
}

/// Which rows of a table are in a scope.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "generated code names all of them")]
pub enum Rows {
    /// Every row: the scope of sign-in has no key.
    All,
    /// Those whose column, named here, has the scope's key.
    Column(&'static str),
    /// Those that are related to a row of another table which is in the scope: a person by a membership.
    Via(fn() -> Via),
}

impl Rows {
    /// Returns the column of the table itself that holds the scope's key.
    #[must_use]
    pub const fn column(self) -> Option<&'static str> {
        match self {
            Self::Column(column) => Some(column),
            Self::All | Self::Via(_) => None,
        }
    }
}

/// The table by whose rows those of another are in a scope.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Via {
    /// Its name.
    pub table: TableName,
    /// The column of it that holds the scope's key.
    pub key: &'static str,
    /// The columns by which the two are related: the other table's, and its own.
    pub columns: Vec<(String, String)>,
}

impl Via {
    pub(crate) fn new(table: TableName, key: &'static str, relation: RelationDef) -> Self {
        let columns = relation.from_col.into_iter().zip(relation.to_col);
        Self { table, key, columns: columns.map(|(from, to)| (from.to_string(), to.to_string())).collect() }
    }
}

/// What a context of one scope may do to the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "SQL has no fifth verb")]
pub struct Verbs {
    /// Which columns it may read.
    pub select: SelectColumns,
    /// Whether it may insert.
    pub insert: bool,
    /// Which columns it may update.
    pub update: UpdateColumns,
    /// Whether it may delete.
    pub delete: bool,
}

/// The columns that a context of one scope may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code names all of them")]
pub enum SelectColumns {
    /// All.
    All,
    /// The named ones; then it does nothing but read them.
    Only(&'static [&'static str]),
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

/// Returns the name of the facade's table, without its schema: for messages.
pub(crate) fn table_name<F: Facade>() -> &'static str {
    use sea_orm::EntityName;
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

/// Returns whether the facade's table has a column of that name.
pub(crate) fn has_column<F: Facade>(name: &str) -> bool {
    Column::<F>::iter().any(|column| column.as_str() == name)
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
