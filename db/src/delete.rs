//! `DELETE`, in scope.

use sea_orm::{
    EntityTrait, QueryFilter, QueryTrait,
    sea_query::{DeleteStatement, IntoCondition, ValueTuple},
};

use crate::{
    Affected, Context, Deletable, Facade, Result, Scope,
    error::Kind,
    expression::{Refusal, check_condition},
    facade::table_name,
    predicate,
    returning::returning_row,
    select::{build, key_is, model},
};

type Model<F> = <<F as Facade>::Entity as EntityTrait>::Model;

/// A `DELETE` of one row by its id; made by a facade, such as `ResearchPlan::delete_by_id(id)`.
///
/// It stands for SeaORM's `Delete::one`.
#[derive(Clone, Debug)]
#[must_use = "a delete does nothing until it is run on a context"]
pub struct Delete<F: Facade> {
    many: DeleteMany<F>,
}

impl<F: Facade> Delete<F> {
    pub(crate) fn new(id: ValueTuple) -> Self {
        Self { many: DeleteMany::new().filter(key_is::<F>(id)) }
    }

    /// Deletes the row.
    ///
    /// # Errors
    ///
    /// `is_not_found` if no row has the id in this scope; `is_foreign_key_violation` if another row points at it.
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<()>
    where
        F: Deletable<S>,
    {
        match self.many.exec(cx).await?.rows_affected {
            0 => Err(Kind::NotFound { table: table_name::<F>() }.into()),
            _ => Ok(()),
        }
    }

    /// Deletes the row, and returns it as it was.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub async fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Result<Model<F>>
    where
        F: Deletable<S>,
    {
        let deleted = self.many.exec_with_returning(cx).await?.into_iter().next();
        deleted.ok_or_else(|| Kind::NotFound { table: table_name::<F>() }.into())
    }
}

/// A `DELETE` of the rows of one scope by filter; made by a facade, such as `ResearchPlan::delete_many()`.
///
/// It stands for SeaORM's `DeleteMany`. Without a filter it deletes every row of the scope.
#[derive(Clone, Debug)]
#[must_use = "a delete does nothing until it is run on a context"]
pub struct DeleteMany<F: Facade> {
    query: sea_orm::DeleteMany<F::Entity>,
    refused: Option<Refusal>,
}

impl<F: Facade> DeleteMany<F> {
    pub(crate) fn new() -> Self {
        Self { query: F::Entity::delete_many(), refused: None }
    }

    /// Keeps to the rows that a condition holds for; called again, to those that all of them hold for.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        let condition = condition.into_condition();
        match check_condition("the filter", &condition) {
            Ok(()) => self.query = self.query.filter(condition),
            Err(refused) => {
                self.refused.get_or_insert(refused);
            }
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

    /// Deletes the rows, and returns how many there were.
    ///
    /// # Errors
    ///
    /// `is_raw_text` if an expression was refused; `is_foreign_key_violation` if another row points at one.
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<Affected>
    where
        F: Deletable<S>,
    {
        Ok(Affected { rows_affected: cx.execute(build(&self.statement(cx)?)).await? })
    }

    /// Deletes the rows, and returns them as they were.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec).
    pub async fn exec_with_returning<S: Scope>(self, cx: &Context<S>) -> Result<Vec<Model<F>>>
    where
        F: Deletable<S>,
    {
        let mut delete = self.statement(cx)?;
        delete.returning(returning_row::<F>());
        cx.fetch_all(build(&delete)).await?.iter().map(model::<F>).collect()
    }

    /// Adds the scope's predicate, and hands the statement over to be sent.
    fn statement<S: Scope>(self, cx: &Context<S>) -> Result<DeleteStatement>
    where
        F: Deletable<S>,
    {
        match self.refused {
            Some(refused) => Err(refused.into()),
            None => Ok(self.query.filter(predicate::<F, S>(cx)?).into_query()),
        }
    }
}
