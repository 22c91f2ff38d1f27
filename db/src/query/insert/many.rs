//! `INSERT` of many rows, in scope.

use sea_orm::{Iterable, QueryTrait, sea_query::InsertStatement};

use super::{FromContext, OnConflict, key, place, ready};
use crate::{
    Affected, Context, Facade, Result, Scope,
    context::transaction::MAX_VALUES,
    query::{
        Run,
        expression::check_entity,
        returning::{returning_key, returning_row},
        select::model,
    },
    scope::{
        Insertable,
        facade::{ActiveModel, Column, Key, Model, key_columns},
    },
    sql::build,
};

/// An `INSERT` of many rows into one scope; made by a facade, such as `PlanStep::insert_many(drafts)`.
///
/// It corresponds to SeaORM's `InsertMany`, and runs no `before_save` and no `after_save`, as that does not. The rows
/// go in with one statement, or with several where PostgreSQL could not bind so many values in one; either way in the
/// context's transaction. As with SeaORM's, a column that only some of the drafts set is NULL in the others, not its
/// default.
#[derive(Clone, Debug)]
#[must_use = "an insert does nothing until it is run on a context"]
pub struct InsertMany<F: Facade> {
    rows: Vec<ActiveModel<F>>,
    on_conflict: Option<OnConflict<F>>,
}

impl<F: Facade> InsertMany<F> {
    pub(crate) fn new(drafts: impl IntoIterator<Item = F::Draft>) -> Self {
        Self { rows: drafts.into_iter().map(Into::into).collect(), on_conflict: None }
    }

    /// Says what to do where a row has the key already; see [`Insert::on_conflict`](crate::Insert::on_conflict).
    pub fn on_conflict(mut self, on_conflict: OnConflict<F>) -> Self {
        self.on_conflict = Some(on_conflict);
        self
    }

    /// Leaves rows that have the key already as they are.
    pub fn on_conflict_do_nothing(self) -> Self {
        self.on_conflict_do_nothing_on(key_columns::<F>())
    }

    /// Leaves rows that have the same values in the columns of this unique key as they are.
    pub fn on_conflict_do_nothing_on(self, key: impl IntoIterator<Item = Column<F>>) -> Self {
        self.on_conflict(OnConflict::columns(key).do_nothing())
    }

    /// Inserts the rows, and returns the keys of those that were, in an order as little promised as that of
    /// [`exec_with_returning`](Self::exec_with_returning).
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`](crate::Insert::exec).
    pub fn exec_with_returning_keys<S: Scope>(self, cx: &Context<S>) -> Run<'_, Vec<Key<F>>>
    where
        F: Insertable<S, FromContext>,
    {
        Box::pin(async move {
            let mut keys = Vec::with_capacity(self.rows.len());
            for mut insert in self.statements(cx)? {
                insert.returning(returning_key::<F>());
                for row in cx.fetch_all(build(&insert)).await? {
                    keys.push(key::<F>(&row)?);
                }
            }
            Ok(keys)
        })
    }

    /// Inserts the rows, and returns how many there were; none at all send no statement.
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`](crate::Insert::exec).
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, Affected>
    where
        F: Insertable<S, FromContext>,
    {
        Box::pin(async move {
            let mut rows_affected = 0;
            for insert in self.statements(cx)? {
                rows_affected += cx.execute(build(&insert)).await?;
            }
            Ok(Affected { rows_affected })
        })
    }

    /// Inserts the rows, and returns them as the database has them. Which is of which draft is for a value in it to
    /// say: PostgreSQL returns the rows in the order of the drafts, and does not promise that. [`Save`](crate::Save)
    /// knows.
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`](crate::Insert::exec).
    pub fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, Vec<Model<F>>>
    where
        F: Insertable<S, FromContext>,
    {
        Box::pin(async move {
            let mut models = Vec::with_capacity(self.rows.len());
            for mut insert in self.statements(cx)? {
                insert.returning(returning_row::<F>());
                for row in cx.fetch_all(build(&insert)).await? {
                    models.push(model::<F>(&row)?);
                }
            }
            Ok(models)
        })
    }

    /// Returns as many statements as it takes to keep each below PostgreSQL's limit of bound values.
    fn statements<S: Scope>(mut self, cx: &Context<S>) -> Result<Vec<InsertStatement>>
    where
        F: Insertable<S, FromContext>,
    {
        check_entity::<F::Entity>()?;
        for row in &mut self.rows {
            place::<F, S, FromContext>(row, cx)?;
            ready::<F>(row)?;
        }
        let mut statements = statements::<F>(self.rows);
        if let Some(on_conflict) = self.on_conflict {
            let clause = on_conflict.clause::<S>()?;
            for insert in &mut statements {
                insert.on_conflict(clause.clone());
            }
        }
        Ok(statements)
    }
}

/// Returns the statements for rows that are ready, each with no more values than PostgreSQL binds in one.
pub(super) fn statements<F: Facade>(rows: Vec<ActiveModel<F>>) -> Vec<InsertStatement> {
    let at_once = (MAX_VALUES / Column::<F>::iter().count().max(1)).max(1);
    let mut rows = rows.into_iter().peekable();
    let mut statements = Vec::new();
    while rows.peek().is_some() {
        statements.push(sea_orm::Insert::many(rows.by_ref().take(at_once)).into_query());
    }
    statements
}
