//! Pages by key.

use sea_orm::{
    Identity, IntoIdentity, Order,
    sea_query::{DynIden, Expr, ExprTrait, IntoValueTuple, ValueTuple},
};

use super::{Select, Shape, bigint, read};
use crate::{
    Context, Facade, ReadOnly, Result, Scope, ScopedTo,
    error::Kind,
    query::{Run, predicate::Within, relation::Beside},
};

/// A page of rows by where it begins or ends, in the order of one or more columns; made by
/// [`Select::cursor_by`].
///
/// Corresponds to SeaORM's `Cursor`. Unlike a page by number it costs the same wherever it is, and skips or repeats
/// no row as others come and go. The columns together have to be unique, and not NULL: rows with a NULL in them are on
/// no page.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is run on a context"]
pub struct Cursor<F: Facade, J, R> {
    select: Select<F, J, R>,
    table: DynIden,
    columns: Identity,
    descending: bool,
    after: Option<ValueTuple>,
    before: Option<ValueTuple>,
    limit: Option<Limit>,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    First(u64),
    Last(u64),
}

impl<F: Facade, J, R> Select<F, J, R> {
    /// Turns the query into one of a page by key, in the order of these columns of the first table.
    pub fn cursor_by(self, columns: impl IntoIdentity) -> Cursor<F, J, R> {
        let table = self.query.alias().clone();
        Cursor::new(self, table, columns.into_identity())
    }

    /// Turns the query into one of a page by key, in the order of these columns of the table that was joined last.
    pub fn cursor_by_other(self, columns: impl IntoIdentity) -> Cursor<F, J, R> {
        let table = self.query.last_alias().clone();
        Cursor::new(self, table, columns.into_identity())
    }
}

impl<F: Facade, J, R> Cursor<F, J, R> {
    fn new(select: Select<F, J, R>, table: DynIden, columns: Identity) -> Self {
        Self { select, table, columns, descending: false, after: None, before: None, limit: None }
    }

    /// Keeps the rows that come after these values of the columns.
    pub fn after(self, values: impl IntoValueTuple) -> Self {
        Self { after: Some(values.into_value_tuple()), ..self }
    }

    /// Keeps the rows that come before these values of the columns.
    pub fn before(self, values: impl IntoValueTuple) -> Self {
        Self { before: Some(values.into_value_tuple()), ..self }
    }

    /// Returns at most so many of the first rows.
    pub fn first(self, rows: u64) -> Self {
        Self { limit: Some(Limit::First(rows)), ..self }
    }

    /// Returns at most so many of the last rows, in the same order.
    pub fn last(self, rows: u64) -> Self {
        Self { limit: Some(Limit::Last(rows)), ..self }
    }

    /// Smallest first; so it is unless told otherwise.
    pub fn asc(self) -> Self {
        Self { descending: false, ..self }
    }

    /// Largest first: `after` and `before` turn round with it.
    pub fn desc(self) -> Self {
        Self { descending: true, ..self }
    }

    /// Returns the rows of the page.
    ///
    /// # Errors
    ///
    /// `is_wrong_cursor` if there are not as many values as columns; those of [`Select::all`].
    pub fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, Vec<R::Row>>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
        R: Shape,
    {
        Box::pin(async move {
            let from_end = matches!(self.limit, Some(Limit::Last(_)));
            let query = self.page()?.query;
            let table = query.table();
            let rows = cx.fetch_all(query.build(&Within::of(cx))?).await?;
            let mut rows: Vec<_> = rows.iter().map(|row| read::<R>(table, row)).collect::<Result<_>>()?;
            if from_end {
                rows.reverse();
            }
            Ok(rows)
        })
    }

    /// Returns the select of the page; from its end where the last rows are wanted.
    fn page(self) -> Result<Select<F, J, R>> {
        let Self { mut select, table, columns, descending, after, before, limit } = self;
        let key: Vec<Expr> = columns.into_iter().map(|column| Expr::col((table.clone(), column))).collect();
        for (bound, greater) in [(after, !descending), (before, descending)] {
            let Some(bound) = bound else { continue };
            if bound.arity() != key.len() {
                return Err(Kind::WrongCursor { columns: key.len(), values: bound.arity() }.into());
            }
            // PostgreSQL compares rows from left to right, and has an index on the columns answer it.
            let (key, bound) = (Expr::tuple(key.clone()), Expr::tuple(bound.into_iter().map(Expr::val)));
            select = select.filter(if greater { key.gt(bound) } else { key.lt(bound) });
        }
        let from_end = matches!(limit, Some(Limit::Last(_)));
        let order = if descending == from_end { Order::Asc } else { Order::Desc };
        select.query.unchecked().clear_order_by();
        for column in key {
            select = select.order_by(column, order.clone());
        }
        if let Some(Limit::First(rows) | Limit::Last(rows)) = limit {
            select.query.unchecked().limit(bigint(rows));
        }
        Ok(select)
    }
}
