//! `RETURNING`, and what every write reports.

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, Iterable, PrimaryKeyToColumn,
    sea_query::{Expr, Query, ReturningClause},
};

use crate::Facade;

/// How many rows a write touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "SeaORM's results are, and are matched on")]
#[must_use = "a write by filter that touches no row is no error: look at the number"]
pub struct Affected {
    /// The number of rows.
    pub rows_affected: u64,
}

/// `RETURNING` each column of the row, by name: some may not be readable in every scope.
pub(crate) fn returning_row<F: Facade>() -> ReturningClause {
    returning::<F>(<F::Entity as EntityTrait>::Column::iter())
}

/// `RETURNING` the key.
pub(crate) fn returning_key<F: Facade>() -> ReturningClause {
    returning::<F>(<F::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column))
}

fn returning<F: Facade>(columns: impl Iterator<Item = <F::Entity as EntityTrait>::Column>) -> ReturningClause {
    let exprs: Vec<Expr> =
        columns.map(|column| column.select_as(column.into_returning_expr(DbBackend::Postgres))).collect();
    Query::returning().exprs(exprs)
}
