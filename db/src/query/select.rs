//! `SELECT`, in scope.

mod columns;
mod cursor;
pub(crate) mod join;
mod paginate;
mod shape;
mod stream;
mod subquery;

use std::marker::PhantomData;

use sea_orm::{
    EntityTrait, IntoSimpleExpr, Order, QueryTrait,
    sea_query::{Expr, IntoCondition, LockBehavior, LockType, NullOrdering, ValueTuple},
};

pub(crate) use self::shape::{model, read};
pub use self::{
    cursor::Cursor,
    paginate::{ItemsAndPages, Paged, Paginator},
    shape::{And, AsJson, AsModel, AsTuple, Columns, Maybe, Part, Projected, Shape, Shapes, Whole, WithMany},
};
use crate::{
    Context, Facade, ReadOnly, Scope, ScopedTo,
    error::{Kind, from_row},
    query::{
        Run,
        expression::{bind_lists, check, check_order},
        key_is,
        predicate::Within,
        relation::Beside,
        source::Source,
        unfinished::Query,
    },
    scope::facade::key_columns,
    sql::build,
};

/// A `SELECT` of the rows of one scope; made by a facade, such as `ResearchPlan::find()`.
///
/// It corresponds to SeaORM's `Select` and its kin, has their verbs and their argument order, and withholds the
/// statement: SeaORM's query traits are not implemented. The scope is that of the context it is run on, whose
/// predicate is put in for each table as it is sent, and-ed to what was given.
///
/// `J` lists the facades that are joined, and `R` says what a row is read into; both follow from the verbs. Raw
/// text in an expression is refused, and the executor then returns an error that `is_raw_text`.
#[must_use = "a query does nothing until it is run on a context"]
pub struct Select<F: Facade, J = (), R = Whole<F>> {
    query: Query,
    types: Types<F, J, R>,
}

/// Nothing of these types, so that a select can be sent wherever it is needed.
type Types<F, J, R> = PhantomData<fn() -> (F, J, R)>;

impl<F: Facade> Select<F> {
    pub(crate) fn new() -> Self {
        Self::under(Source::of::<F>(None))
    }

    /// Starts one whose table has a name of its own.
    fn under(source: Source) -> Self {
        let mut query = Query::new(source);
        // SeaORM's, for its list of columns: an enum of the database's is cast.
        let mut statement = F::Entity::find().into_query();
        *query.unchecked() = statement.from_clear().take();
        Self::over(query)
    }

    pub(crate) fn by_id(id: ValueTuple) -> Self {
        Self::new().filter(key_is::<F>(id))
    }
}

impl<F: Facade, J, R> Select<F, J, R> {
    pub(crate) fn over(query: Query) -> Self {
        Self { query, types: PhantomData }
    }

    pub(crate) fn into_untyped(self) -> Query {
        self.query
    }

    fn cast<K, T>(self) -> Select<F, K, T> {
        Select::over(self.query)
    }

    /// Keeps the rows that a condition holds for; called again, those that all of them hold for.
    pub fn filter(self, condition: impl IntoCondition) -> Self {
        Self::over(self.query.filter(condition.into_condition()))
    }

    /// Orders the rows by an expression, after the orders given before.
    pub fn order_by(self, by: impl IntoSimpleExpr, order: Order) -> Self {
        self.ordered(by, order, None)
    }

    /// Orders the rows by an expression, smallest first.
    pub fn order_by_asc(self, by: impl IntoSimpleExpr) -> Self {
        self.order_by(by, Order::Asc)
    }

    /// Orders the rows by an expression, largest first.
    pub fn order_by_desc(self, by: impl IntoSimpleExpr) -> Self {
        self.order_by(by, Order::Desc)
    }

    /// Orders the rows by an expression, and says where NULL goes.
    pub fn order_by_with_nulls(self, by: impl IntoSimpleExpr, order: Order, nulls: NullOrdering) -> Self {
        self.ordered(by, order, Some(nulls))
    }

    /// Orders the rows by the key of the table.
    pub fn order_by_id(self, order: Order) -> Self {
        let table = self.query.alias().clone();
        let columns = key_columns::<F>().zip(std::iter::repeat(order));
        columns.fold(self, |select, (column, order)| select.order_by(Expr::col((table.clone(), column)), order))
    }

    /// Orders the rows by the key of the table, smallest first.
    pub fn order_by_id_asc(self) -> Self {
        self.order_by_id(Order::Asc)
    }

    /// Orders the rows by the key of the table, largest first.
    pub fn order_by_id_desc(self) -> Self {
        self.order_by_id(Order::Desc)
    }

    fn ordered(mut self, by: impl IntoSimpleExpr, order: Order, nulls: Option<NullOrdering>) -> Self {
        let by = by.into_simple_expr();
        if let Err(refused) = check("the order", &by).and_then(|()| check_order("the order", &order)) {
            self.query.refuse(refused);
            return self;
        }
        let (statement, by) = (self.query.unchecked(), bind_lists(by));
        match nulls {
            Some(nulls) => statement.order_by_expr_with_nulls(by, order, nulls),
            None => statement.order_by_expr(by, order),
        };
        self
    }

    /// Returns at most so many rows; `None` takes the limit away.
    pub fn limit(mut self, rows: impl Into<Option<u64>>) -> Self {
        let statement = self.query.unchecked();
        match rows.into() {
            Some(rows) => statement.limit(bigint(rows)),
            None => statement.reset_limit(),
        };
        self
    }

    /// Leaves out so many rows at the beginning; `None` leaves out none.
    pub fn offset(mut self, rows: impl Into<Option<u64>>) -> Self {
        let statement = self.query.unchecked();
        match rows.into() {
            Some(rows) => statement.offset(bigint(rows)),
            None => statement.reset_offset(),
        };
        self
    }

    /// Locks the rows until the transaction ends: `FOR UPDATE` and its kin.
    ///
    /// PostgreSQL refuses it in a read-only context, and where the scope may update no column of the table.
    pub fn lock(mut self, lock: LockType) -> Self {
        self.query.lock(lock, None);
        self
    }

    /// Locks the rows against writing: `FOR SHARE`.
    pub fn lock_shared(self) -> Self {
        self.lock(LockType::Share)
    }

    /// Locks the rows against writing and locking: `FOR UPDATE`.
    pub fn lock_exclusive(self) -> Self {
        self.lock(LockType::Update)
    }

    /// Locks the rows, and says what to do about those that are locked already: with `SKIP LOCKED` a table is a queue
    /// of jobs.
    pub fn lock_with_behavior(mut self, lock: LockType, behavior: LockBehavior) -> Self {
        self.query.lock(lock, Some(behavior));
        self
    }

    /// Applies `f` where there is a value.
    pub fn apply_if<T>(self, value: Option<T>, f: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => f(self, value),
            None => self,
        }
    }

    /// Returns the number of rows, the limit and the offset included.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub fn count<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, u64>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
    {
        Box::pin(async move {
            use sea_orm::sea_query::{Asterisk, ExprTrait, Query};

            let table = self.query.table();
            let rows = self.query.rows(&Within::of(cx))?;
            let count =
                Query::select().expr_as(Expr::col(Asterisk).count(), "count").from_subquery(rows, "rows").to_owned();
            let row = cx.fetch_all(build(&count)).await?;
            let count: i64 = match row.first() {
                Some(row) => row.try_get("", "count").map_err(|error| from_row(table, error))?,
                None => 0,
            };
            Ok(count.unsigned_abs())
        })
    }

    /// Returns whether there is a row.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub fn exists<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, bool>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
    {
        Box::pin(async move {
            use sea_orm::sea_query::Query;

            let rows = self.query.rows(&Within::of(cx))?;
            // Around it, so that a limit of one's own counts. PostgreSQL stops at the first row either way.
            let first = Query::select().expr(Expr::val(1)).from_subquery(rows, "rows").limit(1).to_owned();
            Ok(!cx.fetch_all(build(&first)).await?.is_empty())
        })
    }
}

impl<F: Facade, J, R> Select<F, J, R> {
    /// Returns the rows.
    ///
    /// # Errors
    ///
    /// `is_raw_text` if an expression was refused; what PostgreSQL raises, such as a statement timeout.
    pub fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, Vec<R::Item>>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
        R: Shapes,
    {
        Box::pin(async move {
            let table = self.query.table();
            let rows = cx.fetch_all(self.query.build(&Within::of(cx))?).await?;
            R::read_all(&rows).map_err(|error| from_row(table, error))
        })
    }

    /// Returns the first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all).
    pub fn one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, Option<R::Row>>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
        R: Shape,
    {
        Box::pin(async move {
            let select = self.limit(1);
            let table = select.query.table();
            let rows = cx.fetch_all(select.query.build(&Within::of(cx))?).await?;
            rows.first().map(|row| read::<R>(table, row)).transpose()
        })
    }

    /// Returns the first row.
    ///
    /// # Errors
    ///
    /// `is_not_found` if there is none; those of [`all`](Self::all).
    pub fn require_one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, R::Row>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
        R: Shape,
    {
        Box::pin(async move {
            let table = self.query.table();
            self.one(cx).await?.ok_or_else(|| Kind::NotFound { table }.into())
        })
    }
}

impl<F: Facade, J, R> Clone for Select<F, J, R> {
    fn clone(&self) -> Self {
        Self::over(self.query.clone())
    }
}

impl<F: Facade, J, R> std::fmt::Debug for Select<F, J, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Select").field(&self.query).finish()
    }
}

/// Returns a number of rows as PostgreSQL can have it; no table has more.
fn bigint(rows: u64) -> u64 {
    Ord::min(rows, i64::MAX.unsigned_abs())
}
