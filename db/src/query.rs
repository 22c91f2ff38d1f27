//! Queries, each in the scope of the context that it is run on.
//!
//! They start at a facade, such as `ResearchPlan::find()`. What an application names is at the root of the crate; here is
//! also what the types of joins and of rows are made of, for a function that takes or returns a query.

mod behavior;
mod delete;
mod expression;
mod filter;
mod functions;
pub(crate) mod insert;
mod load;
mod predicate;
#[cfg(feature = "raw")]
mod raw;
pub(crate) mod relation;
mod returning;
mod row;
mod save;
mod select;
mod source;
#[cfg(feature = "testing")]
mod typed;
mod unfinished;
mod update;
mod write;

use futures_util::future::BoxFuture;
use sea_orm::{
    Condition,
    sea_query::{Expr, ValueTuple},
};

#[cfg(feature = "raw")]
pub use self::raw::{AssertSqlSafe, RawSelect, SqlSafeStr, raw_functions};
#[cfg(feature = "testing")]
pub(crate) use self::typed::{Typed, Verb};
pub use self::{
    delete::{Delete, DeleteMany},
    insert::{Insert, InsertMany, OnConflict},
    load::{IntoLoad, IntoSelect, Load, LoadOf, LoadRelated, With},
    relation::{Beside, Many, Number, One, ParentOf, RelatedTo, SavedWith, Sub, Takes, Through, TogetherWith},
    returning::Affected,
    row::{Row, SelectRelated},
    save::{Children, Save},
    select::{
        And, AsJson, AsModel, AsTuple, Columns, Cursor, ItemsAndPages, Maybe, Paged, Paginator, Part, Projected,
        Select, Shape, Shapes, Whole, WithMany,
    },
    update::{Update, UpdateMany},
    write::Write,
};
use crate::{
    Result,
    scope::facade::{Facade, key_columns},
};

/// A statement under way: the future that a query's `all`, `exec` and the like return. Dropped, it is cancelled: see
/// [`Context`](crate::Context).
///
/// It is boxed so that a query in a wrong scope is one error of the compiler's. Of an `async fn` each bound is reported
/// three times: at the argument, at the future and at its `.await`. The box is one allocation, some 50 ns for each statement.
pub type Run<'a, T> = BoxFuture<'a, Result<T>>;

/// Returns the condition that the key is `id`.
fn key_is<F: Facade>(id: ValueTuple) -> Condition {
    use sea_orm::ColumnTrait;

    key_columns::<F>().zip(id).fold(Condition::all(), |condition, (column, value)| condition.add(column.eq(value)))
}

/// Returns a key as one of a list of keys.
fn key_tuple<F: Facade>(id: ValueTuple) -> Expr {
    use sea_orm::ColumnTrait;

    Expr::tuple(key_columns::<F>().zip(id).map(|(column, value)| column.save_as(Expr::val(value))))
}
