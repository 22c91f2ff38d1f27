//! `INSERT`, in scope.

use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, IdenStatic, Iterable, QueryResult, QueryTrait, TryGetableMany,
    sea_query::{InsertStatement, OnConflict as OnConflictClause},
};

use crate::{
    Affected, Context, Facade, Insertable, Result, Scope, ScopedTo,
    error::{Kind, from_row},
    expression::check_entity,
    facade::{ActiveModel, Column, Key, Model, fill_key, key_columns, table_name},
    returning::{returning_key, returning_row},
    select::{build, model},
    transaction::MAX_VALUES,
    update::updatable,
};

/// The scope columns of the row are the context's to give: `insert`.
#[derive(Clone, Copy, Debug)]
pub enum FromContext {}

/// The scope columns of the row are given by the caller: `insert_into`.
#[derive(Clone, Copy, Debug)]
pub enum FromCaller {}

/// An `INSERT` of one row into one scope; made by a facade, such as `ResearchPlan::insert(draft)`.
///
/// It stands for SeaORM's `Insert`. The scope column is set from the context it is run on, and a key that is a
/// UUID and unset is made here: a UUIDv7.
#[derive(Clone, Debug)]
#[must_use = "an insert does nothing until it is run on a context"]
pub struct Insert<F: Facade, By = FromContext> {
    row: ActiveModel<F>,
    on_conflict: Option<OnConflict<F>>,
    by: PhantomData<By>,
}

/// An `INSERT` of many rows into one scope; made by a facade, such as `PlanStep::insert_many(drafts)`.
///
/// It stands for SeaORM's `InsertMany`. The rows go in with one statement, or with several where PostgreSQL could
/// not bind so many values in one; either way in the context's transaction. As with SeaORM's, a column that only
/// some of the drafts set is NULL in the others, not its default.
#[derive(Clone, Debug)]
#[must_use = "an insert does nothing until it is run on a context"]
pub struct InsertMany<F: Facade> {
    rows: Vec<ActiveModel<F>>,
    on_conflict: Option<OnConflict<F>>,
}

/// What an insert does where a row has the key already; stands for sea-query's `OnConflict`, whose expressions
/// could not be looked into.
///
/// The scope column is part of every key, whether it is named or not: another scope's row is never in conflict.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until an insert is given it"]
pub struct OnConflict<F: Facade> {
    key: Vec<Column<F>>,
    update: Vec<Column<F>>,
}

impl<F: Facade> OnConflict<F> {
    /// Names the columns of a unique key, the scope column left out or not.
    pub fn columns(key: impl IntoIterator<Item = Column<F>>) -> Self {
        Self { key: key.into_iter().collect(), update: Vec::new() }
    }

    /// Names the one column of a unique key, beside the scope column.
    pub fn column(key: Column<F>) -> Self {
        Self::columns([key])
    }

    /// Leaves the row that is there as it is. So it is unless columns to update are named.
    pub fn do_nothing(self) -> Self {
        Self { update: Vec::new(), ..self }
    }

    /// Sets the named column of the row that is there to that of the row that was to be inserted.
    pub fn update_column(self, column: F::Writable) -> Self {
        self.update_columns([column])
    }

    /// Sets the named columns of the row that is there to those of the row that was to be inserted.
    pub fn update_columns(mut self, columns: impl IntoIterator<Item = F::Writable>) -> Self {
        self.update.extend(columns.into_iter().map(Into::into));
        self
    }

    fn clause<S: Scope>(&self) -> Result<OnConflictClause>
    where
        F: ScopedTo<S>,
    {
        let columns: Vec<_> = self.update.iter().map(IdenStatic::as_str).collect();
        updatable::<F, S>(&columns)?;
        let mut key = self.key.clone();
        if let Some(scope) = F::COLUMN
            && !key.iter().any(|column| column.as_str() == scope.as_str())
        {
            key.insert(0, scope);
        }
        let mut clause = OnConflictClause::columns(key);
        let update = self.update.iter().copied();
        Ok(if self.update.is_empty() { clause.do_nothing() } else { clause.update_columns(update) }.to_owned())
    }
}

impl<F: Facade, By> Insert<F, By> {
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

    /// Inserts the row, and returns how many there were: none, where the row was in conflict and left as it is.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec), but for `is_not_found`.
    pub async fn exec_without_returning<S: Scope>(self, cx: &Context<S>) -> Result<Affected>
    where
        F: Insertable<S, By>,
    {
        Ok(Affected { rows_affected: cx.execute(build(&self.statement(cx)?)).await? })
    }

    /// Inserts the row, and returns its key.
    ///
    /// # Errors
    ///
    /// `is_unique_violation`, `is_foreign_key_violation`, `is_not_null_violation`, `is_check_violation`;
    /// `is_foreign_scope` if the scope columns given are not the context's; `is_not_found` if the row was in
    /// conflict and left as it is.
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<Key<F>>
    where
        F: Insertable<S, By>,
    {
        let mut insert = self.statement(cx)?;
        insert.returning(returning_key::<F>());
        let rows = cx.fetch_all(build(&insert)).await?;
        key::<F>(rows.first().ok_or(Kind::NotFound { table: table_name::<F>() })?)
    }

    /// Inserts the row, and returns it as the database has it.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub async fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Result<Model<F>>
    where
        F: Insertable<S, By>,
    {
        let mut insert = self.statement(cx)?;
        insert.returning(returning_row::<F>());
        let rows = cx.fetch_all(build(&insert)).await?;
        model::<F>(rows.first().ok_or(Kind::NotFound { table: table_name::<F>() })?)
    }

    fn statement<S: Scope>(mut self, cx: &Context<S>) -> Result<InsertStatement>
    where
        F: Insertable<S, By>,
    {
        check_entity::<F::Entity>()?;
        place::<F, S, By>(&mut self.row, cx)?;
        let mut insert = sea_orm::Insert::one(self.row).into_query();
        if let Some(on_conflict) = &self.on_conflict {
            insert.on_conflict(on_conflict.clause::<S>()?);
        }
        Ok(insert)
    }
}

impl<F: Facade> InsertMany<F> {
    pub(crate) fn new(drafts: impl IntoIterator<Item = F::Draft>) -> Self {
        Self::of_rows(drafts.into_iter().map(Into::into).collect())
    }

    pub(crate) fn of_rows(rows: Vec<ActiveModel<F>>) -> Self {
        Self { rows, on_conflict: None }
    }

    /// Says what to do where a row has the key already; see [`Insert::on_conflict`].
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

    /// Inserts the rows, and returns the keys of those that were.
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`].
    pub async fn exec_with_returning_keys<S: Scope>(self, cx: &Context<S>) -> Result<Vec<Key<F>>>
    where
        F: Insertable<S, FromContext>,
    {
        let mut keys = Vec::with_capacity(self.rows.len());
        for mut insert in self.statements(cx)? {
            insert.returning(returning_key::<F>());
            for row in cx.fetch_all(build(&insert)).await? {
                keys.push(key::<F>(&row)?);
            }
        }
        Ok(keys)
    }

    /// Inserts the rows, and returns how many there were; none at all send no statement.
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`].
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<Affected>
    where
        F: Insertable<S, FromContext>,
    {
        let mut rows_affected = 0;
        for insert in self.statements(cx)? {
            rows_affected += cx.execute(build(&insert)).await?;
        }
        Ok(Affected { rows_affected })
    }

    /// Inserts the rows, and returns them as the database has them.
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`].
    pub async fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Result<Vec<Model<F>>>
    where
        F: Insertable<S, FromContext>,
    {
        let mut models = Vec::with_capacity(self.rows.len());
        for mut insert in self.statements(cx)? {
            insert.returning(returning_row::<F>());
            for row in cx.fetch_all(build(&insert)).await? {
                models.push(model::<F>(&row)?);
            }
        }
        Ok(models)
    }

    /// Returns as many statements as it takes to keep each below PostgreSQL's limit of bound values.
    fn statements<S: Scope>(mut self, cx: &Context<S>) -> Result<Vec<InsertStatement>>
    where
        F: Insertable<S, FromContext>,
    {
        check_entity::<F::Entity>()?;
        for row in &mut self.rows {
            place::<F, S, FromContext>(row, cx)?;
        }
        let on_conflict = self.on_conflict.map(|on_conflict| on_conflict.clause::<S>()).transpose()?;
        let rows_at_once = MAX_VALUES / Column::<F>::iter().count().max(1);
        let mut statements = Vec::new();
        let mut rows = self.rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut insert = sea_orm::Insert::many(rows.by_ref().take(rows_at_once.max(1))).into_query();
            if let Some(on_conflict) = &on_conflict {
                insert.on_conflict(on_conflict.clone());
            }
            statements.push(insert);
        }
        Ok(statements)
    }
}

fn key<F: Facade>(row: &QueryResult) -> Result<Key<F>> {
    let columns: Vec<_> = key_columns::<F>().map(|column| column.as_str().to_owned()).collect();
    Key::<F>::try_get_many(row, "", &columns).map_err(|error| from_row(table_name::<F>(), error.into()))
}

/// Puts the row into the scope of the context.
pub(crate) fn place<F, S, By>(row: &mut ActiveModel<F>, cx: &Context<S>) -> Result<()>
where
    F: Insertable<S, By>,
    S: Scope,
{
    if let (Some(column), Some(key)) = (F::COLUMN, cx.key()) {
        // A caller who gives the scope columns of a row in several scopes cannot give another key than this.
        if row.get(column).into_value().is_some_and(|given| given != key) {
            return Err(Kind::ForeignScope { table: table_name::<F>() }.into());
        }
        row.set(column, key);
    }
    fill_key(row);
    Ok(())
}
