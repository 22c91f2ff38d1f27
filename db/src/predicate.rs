//! The second ring: the predicate that every query carries.

use sea_orm::{ColumnTrait, Condition};

use crate::{Context, ReadOnly, Scope, ScopedTo};

/// Returns the condition that a row is of the context's scope; without a column, every row of the table is.
pub(crate) fn predicate<F: ScopedTo<S>, S: Scope>(cx: &Context<S, ReadOnly>) -> Condition {
    match (F::COLUMN, cx.key()) {
        (Some(column), Some(key)) => Condition::all().add(column.eq(key)),
        _ => Condition::all(),
    }
}
