//! The second ring: the predicate that every query carries.

use sea_orm::{ColumnTrait, Condition};

use crate::{Context, ReadOnly, Result, Scope, ScopedTo, error::Kind, facade::table_name};

/// Returns the condition that a row is of the context's scope; where the scope has no key, every row of the table is.
pub(crate) fn predicate<F: ScopedTo<S>, S: Scope>(cx: &Context<S, ReadOnly>) -> Result<Condition> {
    match (F::COLUMN, cx.key()) {
        (Some(column), Some(key)) => Ok(Condition::all().add(column.eq(key))),
        (None, None) => Ok(Condition::all()),
        // Not made by the macros, then.
        _ => Err(Kind::ForeignScope { table: table_name::<F>() }.into()),
    }
}
