//! What a scope attribute declares of an entity.

use sea_orm::RelationDef;

use super::{ScopeKind, TableName};

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
