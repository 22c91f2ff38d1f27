//! `SELECT`, in scope.

use sea_orm::{
    Condition, EntityTrait, FromQueryResult, Iterable, Order, PrimaryKeyToColumn, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, QueryTrait, Statement,
    sea_query::{Asterisk, Expr, ExprTrait, IntoCondition, NullOrdering, Query, SelectStatement, ValueTuple},
};

use crate::{
    Context, Facade, ReadOnly, Result, Scope, ScopedTo,
    error::from_row,
    expression::{Refusal, check, check_condition, check_order},
    facade::table_name,
    predicate,
};

/// A `SELECT` of the rows of one scope; made by a facade, such as `ResearchPlan::find()`.
///
/// It stands for SeaORM's `Select`, has its verbs and its argument order, and withholds the statement: SeaORM's
/// query traits are not implemented. The scope is that of the context it is run on, whose predicate goes in
/// last, and-ed to what was given.
///
/// Raw text in an expression is refused, and the executor then returns an error that `is_raw_text`.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is run on a context"]
pub struct Select<F: Facade> {
    query: sea_orm::Select<F::Entity>,
    refused: Option<Refusal>,
}

impl<F: Facade> Select<F> {
    pub(crate) fn new() -> Self {
        Self { query: F::Entity::find(), refused: None }
    }

    pub(crate) fn by_id(id: ValueTuple) -> Self {
        Self::new().filter(key_is::<F>(id))
    }

    /// Keeps the rows that a condition holds for; called again, those that all of them hold for.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        let condition = condition.into_condition();
        match check_condition("the filter", &condition) {
            Ok(()) => self.query = self.query.filter(condition),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    /// Orders the rows by an expression, after the orders given before.
    pub fn order_by(mut self, by: impl sea_orm::IntoSimpleExpr, order: Order) -> Self {
        let by = by.into_simple_expr();
        match check("the order", &by).and_then(|()| check_order("the order", &order)) {
            Ok(()) => self.query = self.query.order_by(by, order),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    /// Orders the rows by an expression, smallest first.
    pub fn order_by_asc(self, by: impl sea_orm::IntoSimpleExpr) -> Self {
        self.order_by(by, Order::Asc)
    }

    /// Orders the rows by an expression, largest first.
    pub fn order_by_desc(self, by: impl sea_orm::IntoSimpleExpr) -> Self {
        self.order_by(by, Order::Desc)
    }

    /// Orders the rows by an expression, and says where NULL goes.
    pub fn order_by_with_nulls(mut self, by: impl sea_orm::IntoSimpleExpr, order: Order, nulls: NullOrdering) -> Self {
        let by = by.into_simple_expr();
        match check("the order", &by).and_then(|()| check_order("the order", &order)) {
            Ok(()) => self.query = self.query.order_by_with_nulls(by, order, nulls),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    /// Returns at most so many rows; `None` takes the limit away.
    pub fn limit(mut self, rows: impl Into<Option<u64>>) -> Self {
        self.query = self.query.limit(rows.into().map(bigint));
        self
    }

    /// Leaves out so many rows at the beginning; `None` leaves out none.
    pub fn offset(mut self, rows: impl Into<Option<u64>>) -> Self {
        self.query = self.query.offset(rows.into().map(bigint));
        self
    }

    /// Applies `f` where there is a value.
    pub fn apply_if<T>(self, value: Option<T>, f: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => f(self, value),
            None => self,
        }
    }

    /// Returns the rows.
    ///
    /// # Errors
    ///
    /// `is_raw_text` if an expression was refused; what PostgreSQL raises, such as a statement timeout.
    pub async fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Vec<<F::Entity as EntityTrait>::Model>>
    where
        F: ScopedTo<S>,
    {
        let rows = cx.fetch_all(self.statement(cx)?).await?;
        rows.iter().map(model::<F>).collect()
    }

    /// Returns the first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub async fn one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Option<<F::Entity as EntityTrait>::Model>>
    where
        F: ScopedTo<S>,
    {
        let rows = cx.fetch_all(self.limit(1).statement(cx)?).await?;
        rows.first().map(model::<F>).transpose()
    }

    /// Returns the number of rows, the limit and the offset included.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub async fn count<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<u64>
    where
        F: ScopedTo<S>,
    {
        let mut rows = self.scoped(cx)?;
        rows.clear_selects().clear_order_by().expr(Expr::val(1));
        let count =
            Query::select().expr_as(Expr::col(Asterisk).count(), "count").from_subquery(rows, "rows").to_owned();
        let row = cx.fetch_all(build(&count)).await?;
        let count: i64 = match row.first() {
            Some(row) => row.try_get("", "count").map_err(|error| from_row(table_name::<F>(), error))?,
            None => 0,
        };
        Ok(count.unsigned_abs())
    }

    /// Returns whether there is a row.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub async fn exists<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<bool>
    where
        F: ScopedTo<S>,
    {
        let mut rows = self.scoped(cx)?;
        rows.clear_selects().clear_order_by().expr(Expr::val(1));
        // Around it, so that a limit of one's own counts. PostgreSQL stops at the first row either way.
        let first = Query::select().expr(Expr::val(1)).from_subquery(rows, "rows").limit(1).to_owned();
        Ok(!cx.fetch_all(build(&first)).await?.is_empty())
    }

    fn statement<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Statement>
    where
        F: ScopedTo<S>,
    {
        Ok(build(&self.scoped(cx)?))
    }

    /// Adds the scope's predicate, and hands the statement over to be sent.
    fn scoped<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<SelectStatement>
    where
        F: ScopedTo<S>,
    {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        Ok(self.query.filter(predicate::<F, S>(cx)?).into_query())
    }

    fn refuse(&mut self, refused: Refusal) {
        self.refused.get_or_insert(refused);
    }
}

/// Returns a number of rows as PostgreSQL can have it; no table has more.
fn bigint(rows: u64) -> u64 {
    Ord::min(rows, i64::MAX.unsigned_abs())
}

/// Returns the condition that the key is `id`.
pub(crate) fn key_is<F: Facade>(id: ValueTuple) -> Condition {
    use sea_orm::ColumnTrait;

    let columns = <F::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    columns.zip(id).fold(Condition::all(), |condition, (column, value)| condition.add(column.eq(value)))
}

pub(crate) fn build(statement: &impl sea_orm::StatementBuilder) -> Statement {
    sea_orm::DbBackend::Postgres.build(statement)
}

pub(crate) fn model<F: Facade>(row: &QueryResult) -> Result<<F::Entity as EntityTrait>::Model> {
    <F::Entity as EntityTrait>::Model::from_query_result(row, "").map_err(|error| from_row(table_name::<F>(), error))
}
