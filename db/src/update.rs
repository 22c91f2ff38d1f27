//! `UPDATE`, in scope.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, QueryFilter,
    QueryTrait,
    sea_query::{Expr, IntoCondition, UpdateStatement, ValueTuple},
};

use crate::{
    Affected, Context, Facade, Result, Scope, ScopedTo, Select, Updatable, UpdateColumns,
    error::Kind,
    expression::{Refusal, check, check_condition},
    facade::table_name,
    predicate,
    returning::returning_row,
    select::{build, key_is, model},
};

type Model<F> = <<F as Facade>::Entity as EntityTrait>::Model;

/// An `UPDATE` of one row by its id; made by a facade, such as `ResearchPlan::update_by_id(id, draft)`.
///
/// It stands for SeaORM's `Update::one`. What the draft sets is written; a scope or key column cannot be.
#[derive(Clone, Debug)]
#[must_use = "an update does nothing until it is run on a context"]
pub struct Update<F: Facade> {
    id: ValueTuple,
    row: <F::Entity as EntityTrait>::ActiveModel,
}

impl<F: Facade> Update<F> {
    pub(crate) fn new(id: ValueTuple, draft: F::Draft) -> Self {
        Self { id, row: draft.into() }
    }

    /// Writes what the draft sets, and returns the row as the database has it. A draft that sets nothing
    /// writes nothing, and the row is returned as it is.
    ///
    /// # Errors
    ///
    /// `is_not_found` if no row has the id in this scope; `is_key_changed` if the draft sets the key to another
    /// one; `is_unique_violation`, `is_foreign_key_violation`, `is_not_null_violation`, `is_check_violation`;
    /// `is_foreign_scope` if the scope may not update a column that the draft sets.
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<Model<F>>
    where
        F: Updatable<S>,
    {
        let table = table_name::<F>();
        for (key, value) in <F::Entity as EntityTrait>::PrimaryKey::iter().zip(self.id.clone()) {
            if self.row.get(key.into_column()).into_value().is_some_and(|given| given != value) {
                return Err(Kind::KeyChanged { table }.into());
            }
        }
        let mut update = UpdateMany::<F>::new().filter(key_is::<F>(self.id.clone()));
        update.assign(&self.row);
        let found = if update.columns.is_empty() {
            Select::<F>::by_id(self.id).one(cx).await?
        } else {
            update.exec_with_returning(cx).await?.into_iter().next()
        };
        found.ok_or_else(|| Kind::NotFound { table }.into())
    }
}

/// An `UPDATE` of the rows of one scope by filter; made by a facade, such as `ResearchPlan::update_many()`.
///
/// It stands for SeaORM's `UpdateMany`. An assignment names a [`Writable`](Facade::Writable) column or is a
/// draft, so a scope or key column cannot be assigned.
#[derive(Clone, Debug)]
#[must_use = "an update does nothing until it is run on a context"]
pub struct UpdateMany<F: Facade> {
    query: sea_orm::UpdateMany<F::Entity>,
    columns: Vec<&'static str>,
    refused: Option<Refusal>,
}

impl<F: Facade> UpdateMany<F> {
    pub(crate) fn new() -> Self {
        Self { query: F::Entity::update_many(), columns: Vec::new(), refused: None }
    }

    /// Assigns an expression over the row to a column.
    pub fn col_expr(mut self, column: F::Writable, expr: impl Into<Expr>) -> Self {
        let expr = expr.into();
        match check("the assignment", &expr) {
            Ok(()) => self.assign_one(column.into(), expr),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    /// Assigns what the draft sets. Its key is left alone.
    pub fn set(mut self, draft: F::Draft) -> Self {
        self.assign(&draft.into());
        self
    }

    /// Keeps to the rows that a condition holds for; called again, to those that all of them hold for.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        let condition = condition.into_condition();
        match check_condition("the filter", &condition) {
            Ok(()) => self.query = self.query.filter(condition),
            Err(refused) => self.refuse(refused),
        }
        self
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
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<Affected>
    where
        F: Updatable<S>,
    {
        match self.statement(cx)? {
            Some(update) => Ok(Affected { rows_affected: cx.execute(build(&update)).await? }),
            None => Ok(Affected { rows_affected: 0 }),
        }
    }

    /// Updates the rows, and returns them as the database has them.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub async fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Result<Vec<Model<F>>>
    where
        F: Updatable<S>,
    {
        let Some(mut update) = self.statement(cx)? else {
            return Ok(Vec::new());
        };
        update.returning(returning_row::<F>());
        cx.fetch_all(build(&update)).await?.iter().map(model::<F>).collect()
    }

    /// Adds the scope's predicate, and hands the statement over to be sent.
    fn statement<S: Scope>(self, cx: &Context<S>) -> Result<Option<UpdateStatement>>
    where
        F: Updatable<S>,
    {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        updatable::<F, S>(&self.columns)?;
        let predicate = predicate::<F, S>(cx)?;
        Ok((!self.columns.is_empty()).then(|| self.query.filter(predicate).into_query()))
    }

    fn assign(&mut self, row: &<F::Entity as EntityTrait>::ActiveModel) {
        let fixed = crate::facade::fixed_columns::<F>();
        for column in <F::Entity as EntityTrait>::Column::iter() {
            if let ActiveValue::Set(value) = row.get(column)
                && !fixed.contains(&column.as_str())
            {
                self.assign_one(column, Expr::val(value));
            }
        }
    }

    fn assign_one(&mut self, column: <F::Entity as EntityTrait>::Column, expr: Expr) {
        self.columns.push(column.as_str());
        QueryTrait::query(&mut self.query).value(column, column.save_as(expr));
    }

    fn refuse(&mut self, refused: Refusal) {
        self.refused.get_or_insert(refused);
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
