//! `UPDATE`, in scope.

use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IdenStatic, IntoSimpleExpr, Iterable, QueryFilter,
    QueryTrait,
    sea_query::{Expr, IntoCondition, UpdateStatement, ValueTuple},
};

use crate::{
    Affected, Context, Facade, Result, Scope, ScopedTo, Select,
    error::Kind,
    query::{
        Run,
        behavior::{after_save, before_save, set},
        expression::{bind_lists, check},
        filter::Filter,
        key_is,
        relation::{Beside, Sub},
        returning::returning_row,
        select::{Projected, model},
        unfinished::Query,
    },
    scope::{
        Updatable, UpdateColumns,
        facade::{ActiveModel, Model, key_columns, table_name},
    },
    sql::build,
};

/// An `UPDATE` of one row by its id; made by a facade, such as `ResearchPlan::update_by_id(id, draft)`.
///
/// It corresponds to SeaORM's `Update::one`, and to `ActiveModelTrait::update` in what it runs: the entity's
/// `before_save`, and `after_save` where the row comes back. What the draft sets is written; a scope or key column
/// cannot be.
#[derive(Clone, Debug)]
#[must_use = "an update does nothing until it is run on a context"]
pub struct Update<F: Facade> {
    id: Option<ValueTuple>,
    row: ActiveModel<F>,
}

impl<F: Facade> Update<F> {
    pub(crate) fn new(id: ValueTuple, draft: F::Draft) -> Self {
        Self { id: Some(id), row: draft.into() }
    }

    /// Updates the row whose key the draft has.
    pub(crate) fn of_row(draft: F::Draft) -> Self {
        Self::of_active(draft.into())
    }

    pub(crate) fn of_active(row: ActiveModel<F>) -> Self {
        Self { id: row.get_primary_key_value(), row }
    }

    /// Writes what the draft sets, and returns the row as the database has it. A draft that sets nothing
    /// writes nothing, and the row is returned as it is.
    ///
    /// # Errors
    ///
    /// `is_not_found` if no row has the id in this scope; `is_key_changed` if the draft, or `before_save`, sets the key to
    /// another one; `is_key_not_set` if no id was named, and the draft has none; `is_unique_violation`,
    /// `is_foreign_key_violation`, `is_not_null_violation`, `is_check_violation`; `is_foreign_scope` if the scope
    /// may not update a column that the draft or `before_save` sets; `is_refused_by_hook`, `is_statement_in_hook`.
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, Model<F>>
    where
        F: Updatable<S>,
    {
        Box::pin(async move {
            let (id, update) = self.prepare(cx).await?;
            let found = if update.columns.is_empty() {
                Select::<F>::by_id(id).one(cx).await?
            } else {
                update.exec_with_returning(cx).await?.into_iter().next()
            };
            let found = found.ok_or(Kind::NotFound { table: table_name::<F>() })?;
            after_save::<F, S>(found, false, cx).await
        })
    }

    /// Writes what the draft sets. A draft that sets nothing sends nothing. No row comes back, so `after_save` is not
    /// run, as it is not by SeaORM's `update_without_returning`.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub fn exec_without_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, ()>
    where
        F: Updatable<S>,
    {
        Box::pin(async move {
            let (_, update) = self.prepare(cx).await?;
            if !update.columns.is_empty() && update.exec(cx).await?.rows_affected == 0 {
                return Err(Kind::NotFound { table: table_name::<F>() }.into());
            }
            Ok(())
        })
    }

    /// Returns the key of the row, and the update of it, as `before_save` leaves it.
    async fn prepare<S: Scope>(mut self, cx: &Context<S>) -> Result<(ValueTuple, UpdateMany<F>)>
    where
        F: ScopedTo<S>,
    {
        let table = table_name::<F>();
        // A hook may read the key and the scope's; and that may be a part of the key, which a draft has none of.
        let give_scope = |row: &mut ActiveModel<F>| match (F::COLUMN, cx.key()) {
            (Some(column), Some(key)) if row.is_not_set(column) => set::<F>(row, column, key),
            _ => Ok(()),
        };
        if self.id.is_none() {
            give_scope(&mut self.row)?;
        }
        let id = self.id.or_else(|| self.row.get_primary_key_value()).ok_or(Kind::KeyNotSet { table })?;
        for (column, value) in key_columns::<F>().zip(id.clone()) {
            match self.row.get(column).into_value() {
                Some(given) if given != value => return Err(Kind::KeyChanged { table }.into()),
                Some(_) => {}
                None => set::<F>(&mut self.row, column, value)?,
            }
        }
        give_scope(&mut self.row)?;
        let row = before_save::<F>(self.row, false).await?;
        let mut update = UpdateMany::<F>::new().filter(key_is::<F>(id.clone()));
        update.assign(&row);
        Ok((id, update))
    }
}

/// An `UPDATE` of the rows of one scope by filter; made by a facade, such as `ResearchPlan::update_many()`.
///
/// It corresponds to SeaORM's `UpdateMany`, and runs no `before_save` and no `after_save`, as that does not. An
/// assignment names a [`Writable`](Facade::Writable) column or is a draft, so a scope or key column cannot be assigned.
/// `J` lists the facades of its subqueries.
#[derive(Clone, Debug)]
#[must_use = "an update does nothing until it is run on a context"]
pub struct UpdateMany<F: Facade, J = ()> {
    query: sea_orm::UpdateMany<F::Entity>,
    columns: Vec<&'static str>,
    filter: Filter,
    types: PhantomData<fn() -> J>,
}

impl<F: Facade> UpdateMany<F> {
    pub(crate) fn new() -> Self {
        Self { query: F::Entity::update_many(), columns: Vec::new(), filter: Filter::default(), types: PhantomData }
    }
}

impl<F: Facade, J> UpdateMany<F, J> {
    /// Assigns an expression over the row to a column.
    pub fn col_expr(mut self, column: F::Writable, expr: impl Into<Expr>) -> Self {
        let expr = expr.into();
        match check("the assignment", &expr) {
            Ok(()) => self.assign_one(column.into(), bind_lists(expr)),
            Err(refused) => self.filter.refuse(refused),
        }
        self
    }

    /// Assigns what the draft sets. Its key is left alone.
    pub fn set(mut self, draft: F::Draft) -> Self {
        self.assign(&draft.into());
        self
    }

    /// Filters by a condition; called again, by all of them.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.filter.and(condition);
        self
    }

    /// Filters for the rows for which an expression is among the values of another scoped query; see
    /// [`Select::in_subquery`].
    pub fn in_subquery<G: Facade, K>(
        self,
        expr: impl IntoSimpleExpr,
        select: Select<G, K, impl Projected>,
    ) -> UpdateMany<F, (Sub<G, K>, J)> {
        self.with(expr, true, select.into_untyped())
    }

    /// Filters for the rows for which an expression is not among the values of another scoped query; see
    /// [`Select::not_in_subquery`].
    pub fn not_in_subquery<G: Facade, K>(
        self,
        expr: impl IntoSimpleExpr,
        select: Select<G, K, impl Projected>,
    ) -> UpdateMany<F, (Sub<G, K>, J)> {
        self.with(expr, false, select.into_untyped())
    }

    fn with<K>(self, expr: impl IntoSimpleExpr, is_in: bool, query: Query) -> UpdateMany<F, K> {
        let filter = self.filter.subquery(expr, is_in, query);
        UpdateMany { query: self.query, columns: self.columns, filter, types: PhantomData }
    }

    /// Applies `f` where there is a value.
    pub fn apply_if<T>(self, value: Option<T>, f: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => f(self, value),
            None => self,
        }
    }

    /// Updates the rows, and returns how many there were. Without an assignment no statement is sent.
    ///
    /// # Errors
    ///
    /// `is_raw_text` if an expression was refused; the violations of [`Update::exec`].
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, Affected>
    where
        F: Updatable<S>,
        J: Beside<F, S>,
    {
        Box::pin(async move {
            match self.statement(cx)? {
                Some(update) => Ok(Affected { rows_affected: cx.execute(build(&update)).await? }),
                None => Ok(Affected { rows_affected: 0 }),
            }
        })
    }

    /// Updates the rows, and returns them as the database has them.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, Vec<Model<F>>>
    where
        F: Updatable<S>,
        J: Beside<F, S>,
    {
        Box::pin(async move {
            let Some(mut update) = self.statement(cx)? else {
                return Ok(Vec::new());
            };
            update.returning(returning_row::<F>());
            cx.fetch_all(build(&update)).await?.iter().map(model::<F>).collect()
        })
    }

    /// Adds the scope's predicate, and hands the statement over to be sent.
    fn statement<S: Scope>(self, cx: &Context<S>) -> Result<Option<UpdateStatement>>
    where
        F: Updatable<S>,
        J: Beside<F, S>,
    {
        let conditions = self.filter.complete::<F, S>(cx)?;
        updatable::<F, S>(&self.columns)?;
        let query = conditions.into_iter().fold(self.query, QueryFilter::filter);
        Ok((!self.columns.is_empty()).then(|| query.into_query()))
    }

    fn assign(&mut self, row: &ActiveModel<F>) {
        let fixed = crate::scope::facade::fixed_columns::<F>();
        for column in <F::Entity as EntityTrait>::Column::iter() {
            if let ActiveValue::Set(value) = row.get(column)
                && !fixed.contains(&column.as_str())
            {
                let value = Expr::val(value);
                match check("the draft", &value) {
                    Ok(()) => self.assign_one(column, value),
                    Err(refused) => self.filter.refuse(refused),
                }
            }
        }
    }

    fn assign_one(&mut self, column: <F::Entity as EntityTrait>::Column, expr: Expr) {
        self.columns.push(column.as_str());
        QueryTrait::query(&mut self.query).value(column, column.save_as(expr));
    }
}

/// Checks that the scope may update the columns. That it may update any is also a bound of the verbs here; for the
/// update of an upsert it is this alone.
pub(crate) fn updatable<F: ScopedTo<S>, S: Scope>(columns: &[&'static str]) -> Result<()> {
    let declared = F::SCOPES.iter().find(|declaration| declaration.scope == S::KIND);
    let allowed = declared.map_or(UpdateColumns::None, |declaration| declaration.verbs.update);
    let refused = columns.iter().find(|column| match allowed {
        UpdateColumns::None => true,
        UpdateColumns::Writable => false,
        UpdateColumns::Only(allowed) => !allowed.contains(column),
    });
    match refused {
        None => Ok(()),
        Some(column) => {
            let table = table_name::<F>();
            Err(Kind::ColumnNotUpdatable { table, column, scope: S::KIND.as_str() }.into())
        }
    }
}
