//! `INSERT`, in scope.

mod arrays;
mod batches;
mod in_order;
mod many;
mod on_conflict;
mod statements;

use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, IdenStatic, Iterable, QueryResult, QueryTrait, TryGetableMany,
    sea_query::{Expr, InsertStatement},
};

pub(crate) use self::in_order::insert_in_order;
pub use self::{many::InsertMany, on_conflict::OnConflict};
use crate::{
    Affected, Context, Facade, Result, Scope,
    error::{Kind, from_row},
    query::{
        Run,
        behavior::{after_save, before_save, fill_from_new, set},
        expression::{check, check_entity},
        returning::returning_row,
        select::model,
    },
    scope::{
        Insertable,
        facade::{ActiveModel, Column, Key, Model, fill_key, key_columns, table_name},
    },
    sql::build,
};

/// The scope columns of the row are the context's to give: `insert`.
#[derive(Clone, Copy, Debug)]
pub enum FromContext {}

/// The scope columns of the row are given by the caller: `insert_into`.
#[derive(Clone, Copy, Debug)]
pub enum FromCaller {}

/// An `INSERT` of one row into one scope; made by a facade, such as `ResearchPlan::insert(draft)`.
///
/// It corresponds to SeaORM's `Insert`, and to `ActiveModelTrait::insert` in what it runs: the entity's `before_save`,
/// and
/// `after_save` where a row comes back. The scope column is set from the context it is run on; what the draft leaves unset
/// is what `ActiveModelBehavior::new` says; and a key that is a UUID and unset then is made here: a UUIDv7.
#[derive(Clone, Debug)]
#[must_use = "an insert does nothing until it is run on a context"]
pub struct Insert<F: Facade, By = FromContext> {
    row: ActiveModel<F>,
    on_conflict: Option<OnConflict<F>>,
    by: PhantomData<fn() -> By>,
}

impl<F: Facade, By: 'static> Insert<F, By> {
    pub(crate) fn new(row: ActiveModel<F>) -> Self {
        Self { row, on_conflict: None, by: PhantomData }
    }

    /// Says what to do where a row has the key already. Without it, that is an error that
    /// [`is_unique_violation`](crate::Error::is_unique_violation).
    pub fn on_conflict(mut self, on_conflict: OnConflict<F>) -> Self {
        self.on_conflict = Some(on_conflict);
        self
    }

    /// Leaves a row that has the key already as it is. [`exec`](Self::exec) then says `is_not_found`, and
    /// [`exec_without_returning`](Self::exec_without_returning) that no row was touched.
    pub fn on_conflict_do_nothing(self) -> Self {
        self.on_conflict_do_nothing_on(key_columns::<F>())
    }

    /// Leaves a row that has the same values in the columns of this unique key as it is.
    pub fn on_conflict_do_nothing_on(self, key: impl IntoIterator<Item = Column<F>>) -> Self {
        self.on_conflict(OnConflict::columns(key).do_nothing())
    }

    /// Inserts the row, and returns how many there were: none, where the row was in conflict and left as it is. No row
    /// comes back, so `after_save` is not run.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec), but for `is_not_found`.
    pub fn exec_without_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, Affected>
    where
        F: Insertable<S, By>,
    {
        Box::pin(async move { Ok(Affected { rows_affected: cx.execute(build(&self.statement(cx).await?)).await? }) })
    }

    /// Inserts the row, and returns its key.
    ///
    /// # Errors
    ///
    /// `is_unique_violation`, `is_foreign_key_violation`, `is_not_null_violation`, `is_check_violation`;
    /// `is_foreign_scope` if the scope columns given are not the context's, or `before_save` changes one; `is_not_found`
    /// if the row was in conflict and left as it is; `is_refused_by_hook`, `is_statement_in_hook`.
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, Key<F>>
    where
        F: Insertable<S, By>,
    {
        Box::pin(async move {
            let row = self.returning(cx).await?;
            let key = key::<F>(&row)?;
            after_save::<F, S>(model::<F>(&row)?, true, cx).await?;
            Ok(key)
        })
    }

    /// Inserts the row, and returns it as the database has it.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Run<'_, Model<F>>
    where
        F: Insertable<S, By>,
    {
        Box::pin(async move {
            let row = self.returning(cx).await?;
            after_save::<F, S>(model::<F>(&row)?, true, cx).await
        })
    }

    async fn returning<S: Scope>(self, cx: &Context<S>) -> Result<QueryResult>
    where
        F: Insertable<S, By>,
    {
        let mut insert = self.statement(cx).await?;
        insert.returning(returning_row::<F>());
        let row = cx.fetch_all(build(&insert)).await?.into_iter().next();
        row.ok_or_else(|| Kind::NotFound { table: table_name::<F>() }.into())
    }

    async fn statement<S: Scope>(self, cx: &Context<S>) -> Result<InsertStatement>
    where
        F: Insertable<S, By>,
    {
        check_entity::<F::Entity>()?;
        let row = prepare::<F, S, By>(self.row, cx).await?;
        let mut insert = sea_orm::Insert::one(row).into_query();
        if let Some(on_conflict) = &self.on_conflict {
            insert.on_conflict(on_conflict.clause::<S>()?);
        }
        Ok(insert)
    }
}

fn key<F: Facade>(row: &QueryResult) -> Result<Key<F>> {
    let columns: Vec<_> = key_columns::<F>().map(|column| column.as_str().to_owned()).collect();
    Key::<F>::try_get_many(row, "", &columns).map_err(|error| from_row(table_name::<F>(), error.into()))
}

/// Puts the row into the scope of the context, and sets what the entity's `new` says of a row.
fn place<F, S, By>(row: &mut ActiveModel<F>, cx: &Context<S>) -> Result<()>
where
    F: Insertable<S, By>,
    S: Scope,
{
    if let (Some(column), Some(key)) = (F::COLUMN, cx.key()) {
        // A caller who gives the scope columns of a row in several scopes cannot give another key than this.
        if row.get(column).into_value().is_some_and(|given| given != key) {
            return Err(Kind::ForeignScope { table: table_name::<F>() }.into());
        }
        set::<F>(row, column, key)?;
    }
    fill_from_new::<F>(row)
}

/// Makes the key where it is unset, and checks what is about to be written.
fn ready<F: Facade>(row: &mut ActiveModel<F>) -> Result<()> {
    fill_key(row);
    for column in Column::<F>::iter() {
        if let Some(value) = row.get(column).into_value() {
            check("the draft", &Expr::val(value))?;
        }
    }
    Ok(())
}

/// Makes a row of a draft: in scope, and as `before_save` leaves it.
async fn prepare<F, S, By>(mut row: ActiveModel<F>, cx: &Context<S>) -> Result<ActiveModel<F>>
where
    F: Insertable<S, By>,
    S: Scope,
{
    place::<F, S, By>(&mut row, cx)?;
    let mut row = before_save::<F>(row, true).await?;
    ready::<F>(&mut row)?;
    Ok(row)
}
