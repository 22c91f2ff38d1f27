//! `INSERT` of many rows, in scope.

use super::{FromContext, OnConflict, key, place, ready, statements::Statements};
use crate::{
    Affected, Context, Facade, Result, Scope,
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
};

/// An `INSERT` of many rows into one scope; made by a facade, such as `PlanStep::insert_many(drafts)`.
///
/// It corresponds to SeaORM's `InsertMany`, and runs no `before_save` and no `after_save`, as that does not. As with
/// SeaORM's, a column that only some of the drafts set is NULL in the others, not its default; one that none sets is its
/// default.
///
/// The statement binds an array for each column, and not each value, so that it is the same for any number of rows: it is
/// prepared once. Up to 32,768 rows, or 8 MiB of values, go into one; more are sent in as many as it takes, one after the other
/// in the context's transaction, and are all or nothing: where one of them fails, or the future is dropped between two, the
/// transaction or the savepoint cannot be kept. What is held to send them, beside the drafts, is a small multiple of one
/// batch. Drafts that do not fit into memory are for several calls in one context.
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
            let mut statements = self.statements(cx)?.returning(returning_key::<F>());
            while let Some(insert) = statements.next() {
                for row in cx.fetch_all(insert).await? {
                    keys.push(key::<F>(&row)?);
                }
            }
            statements.end();
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
            let mut statements = self.statements(cx)?;
            while let Some(insert) = statements.next() {
                rows_affected += cx.execute(insert).await?;
            }
            statements.end();
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
            let mut statements = self.statements(cx)?.returning(returning_row::<F>());
            while let Some(insert) = statements.next() {
                for row in cx.fetch_all(insert).await? {
                    models.push(model::<F>(&row)?);
                }
            }
            statements.end();
            Ok(models)
        })
    }

    /// Makes all rows ready, before the first is sent.
    fn statements<S: Scope>(mut self, cx: &Context<S>) -> Result<Statements<'_, F, S>>
    where
        F: Insertable<S, FromContext>,
    {
        check_entity::<F::Entity>()?;
        for row in &mut self.rows {
            place::<F, S, FromContext>(row, cx)?;
            ready::<F>(row)?;
        }
        let on_conflict = self.on_conflict.map(|on_conflict| on_conflict.clause::<S>()).transpose()?;
        Ok(Statements::new(self.rows, cx).on_conflict(on_conflict))
    }
}
