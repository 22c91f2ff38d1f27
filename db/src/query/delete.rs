//! `DELETE`, in scope.

use std::marker::PhantomData;

use sea_orm::{
    ColumnTrait, EntityTrait, IntoSimpleExpr, QueryFilter, QueryTrait,
    sea_query::{DeleteStatement, Expr, ExprTrait, IntoCondition, IntoValueTuple, ValueTuple},
};

use crate::{
    Affected, Context, Facade, Result, Scope, Select,
    error::Kind,
    query::{
        Run,
        behavior::{after_delete, before_delete},
        filter::Filter,
        key_is, key_tuple,
        relation::{Beside, Sub},
        returning::returning_row,
        select::{Projected, model},
        unfinished::Query,
    },
    scope::{
        Deletable,
        facade::{ActiveModel, Key, Model, key_columns, table_name},
    },
    sql::build,
};

/// A `DELETE` of one row; made by a facade, such as `ResearchPlan::delete(&row)` or `ResearchPlan::delete_by_id(id)`.
///
/// It corresponds to SeaORM's `Delete::one`. By a row it is `ModelTrait::delete` in what it runs: the entity's
/// `before_delete` and `after_delete`. By an id there is no row to run them with, here as in SeaORM.
#[derive(Clone, Debug)]
#[must_use = "a delete does nothing until it is run on a context"]
pub struct Delete<F: Facade> {
    many: DeleteMany<F>,
    row: Option<ActiveModel<F>>,
}

impl<F: Facade> Delete<F> {
    pub(crate) fn new(id: ValueTuple) -> Self {
        Self { many: DeleteMany::new().filter(key_is::<F>(id)), row: None }
    }

    pub(crate) fn of_row(id: ValueTuple, row: ActiveModel<F>) -> Self {
        Self { row: Some(row), ..Self::new(id) }
    }

    /// Deletes the row.
    ///
    /// # Errors
    ///
    /// `is_not_found` if no row has the id in this scope; `is_foreign_key_violation` if another row points at it;
    /// `is_refused_by_hook`, `is_statement_in_hook`; `is_foreign_scope` or `is_key_changed` if `before_delete` makes another
    /// row of it.
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, ()>
    where
        F: Deletable<S>,
    {
        Box::pin(async move {
            let row = prepare::<F>(self.row).await?;
            if self.many.exec(cx).await?.rows_affected == 0 {
                return Err(Kind::NotFound { table: table_name::<F>() }.into());
            }
            finish::<F, S>(row, cx).await
        })
    }

    /// Deletes the row, and returns it as it was.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, Model<F>>
    where
        F: Deletable<S>,
    {
        Box::pin(async move {
            let row = prepare::<F>(self.row).await?;
            let deleted = self.many.exec_with_returning(cx).await?.into_iter().next();
            let deleted = deleted.ok_or(Kind::NotFound { table: table_name::<F>() })?;
            finish::<F, S>(row, cx).await?;
            Ok(deleted)
        })
    }
}

async fn prepare<F: Facade>(row: Option<ActiveModel<F>>) -> Result<Option<ActiveModel<F>>> {
    Ok(match row {
        Some(row) => Some(before_delete::<F>(row).await?),
        None => None,
    })
}

async fn finish<F: Facade, S: Scope>(row: Option<ActiveModel<F>>, cx: &Context<S>) -> Result<()> {
    match row {
        Some(row) => after_delete::<F, S>(row, cx).await,
        None => Ok(()),
    }
}

/// A `DELETE` of the rows of one scope by filter; made by a facade, such as `ResearchPlan::delete_many()`.
///
/// It corresponds to SeaORM's `DeleteMany`, and runs no `before_delete` and no `after_delete`, as that does not.
/// Without a filter it deletes every row of the scope. `J` lists the facades of its subqueries.
#[derive(Clone, Debug)]
#[must_use = "a delete does nothing until it is run on a context"]
pub struct DeleteMany<F: Facade, J = ()> {
    query: sea_orm::DeleteMany<F::Entity>,
    filter: Filter,
    types: PhantomData<fn() -> J>,
}

impl<F: Facade> DeleteMany<F> {
    pub(crate) fn new() -> Self {
        Self { query: F::Entity::delete_many(), filter: Filter::default(), types: PhantomData }
    }
}

impl<F: Facade, J> DeleteMany<F, J> {
    /// Filters by a condition; called again, by all of them.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.filter.and(condition);
        self
    }

    /// Filters for the rows that have one of the ids. Corresponds to SeaORM's `DeleteMany::filter_by_ids`.
    pub fn filter_by_ids(self, ids: impl IntoIterator<Item = Key<F>>) -> Self {
        let key = Expr::tuple(key_columns::<F>().map(|column| Expr::col(column.as_column_ref())));
        self.filter(key.is_in(ids.into_iter().map(|id| key_tuple::<F>(id.into_value_tuple()))))
    }

    /// Filters for the rows for which an expression is among the values of another scoped query; see
    /// [`Select::in_subquery`](crate::Select::in_subquery).
    pub fn in_subquery<G: Facade, K>(
        self,
        expr: impl IntoSimpleExpr,
        select: Select<G, K, impl Projected>,
    ) -> DeleteMany<F, (Sub<G, K>, J)> {
        self.with(expr, true, select.into_untyped())
    }

    /// Filters for the rows for which an expression is not among the values of another scoped query; see
    /// [`Select::not_in_subquery`](crate::Select::not_in_subquery).
    pub fn not_in_subquery<G: Facade, K>(
        self,
        expr: impl IntoSimpleExpr,
        select: Select<G, K, impl Projected>,
    ) -> DeleteMany<F, (Sub<G, K>, J)> {
        self.with(expr, false, select.into_untyped())
    }

    fn with<K>(self, expr: impl IntoSimpleExpr, is_in: bool, query: Query) -> DeleteMany<F, K> {
        DeleteMany { query: self.query, filter: self.filter.subquery(expr, is_in, query), types: PhantomData }
    }

    /// Applies `f` where there is a value.
    pub fn apply_if<T>(self, value: Option<T>, f: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => f(self, value),
            None => self,
        }
    }

    /// Deletes the rows, and returns how many there were.
    ///
    /// # Errors
    ///
    /// `is_raw_text` if an expression was refused; `is_foreign_key_violation` if another row points at one.
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, Affected>
    where
        F: Deletable<S>,
        J: Beside<F, S>,
    {
        Box::pin(async move { Ok(Affected { rows_affected: cx.execute(build(&self.statement(cx)?)).await? }) })
    }

    /// Deletes the rows, and returns them as they were.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, Vec<Model<F>>>
    where
        F: Deletable<S>,
        J: Beside<F, S>,
    {
        Box::pin(async move {
            let mut delete = self.statement(cx)?;
            delete.returning(returning_row::<F>());
            cx.fetch_all(build(&delete)).await?.iter().map(model::<F>).collect()
        })
    }

    /// Adds the scope's predicate, and hands the statement over to be sent.
    fn statement<S: Scope>(self, cx: &Context<S>) -> Result<DeleteStatement>
    where
        F: Deletable<S>,
        J: Beside<F, S>,
    {
        let conditions = self.filter.complete::<F, S>(cx)?;
        let query = conditions.into_iter().fold(self.query, QueryFilter::filter);
        Ok(query.into_query())
    }
}
