//! Rows with those that are related to them, a statement for each relation.

mod related;

use std::future::Future;

use sea_orm::{
    IntoSimpleExpr, Order,
    sea_query::{IntoCondition, IntoValueTuple},
};

use self::related::related;
pub use self::related::{IntoSelect, LoadRelated};
use crate::{
    Context, Facade, Paginator, ReadOnly, Result, Scope, ScopedTo, Select,
    error::Kind,
    query::{
        Paged, Run,
        relation::{Beside, Onto, RelatedTo, TogetherWith},
    },
    scope::facade::{Key, Model, ModelEx},
};

/// A `SELECT` of rows together with those that are related to them; made by a facade, such as
/// `ResearchPlan::load()`.
///
/// Corresponds to SeaORM's entity loader: it gives `ModelEx`, the model with its relations in it. There is one
/// statement for each `with`, and each has the predicates of all of its tables.
#[must_use = "a query does nothing until it is run on a context"]
pub struct Load<F: Facade, W = ()> {
    select: Select<F>,
    with: W,
}

impl<F: Facade> Load<F> {
    pub(crate) fn new() -> Self {
        Self { select: Select::new(), with: () }
    }
}

impl<F: Facade, W> Load<F, W> {
    /// Loads what is related by a relation that the model declares: a facade (`PlanStep`); facades, each of which is
    /// related to the one before (`(PlanStep, Task)`); or a load of its own, with a filter, an order, and relations
    /// that are loaded in turn (`PlanStep::load().filter(…).with(Task)`).
    pub fn with<L: IntoLoad>(self, related: L) -> Load<F, (LoadOf<L>, W)>
    where
        F: RelatedTo<L::Facade>,
    {
        Load { select: self.select, with: (related.into_load(), self.with) }
    }

    /// Keeps the rows that a condition holds for; see [`Select::filter`].
    pub fn filter(self, condition: impl IntoCondition) -> Self {
        Self { select: self.select.filter(condition), ..self }
    }

    /// Keeps the row with the id.
    pub fn filter_by_id(self, id: impl Into<Key<F>>) -> Self {
        self.filter(crate::query::key_is::<F>(id.into().into_value_tuple()))
    }

    /// Orders the rows; see [`Select::order_by`].
    pub fn order_by(self, by: impl IntoSimpleExpr, order: Order) -> Self {
        Self { select: self.select.order_by(by, order), ..self }
    }

    /// Orders the rows, smallest first.
    pub fn order_by_asc(self, by: impl IntoSimpleExpr) -> Self {
        self.order_by(by, Order::Asc)
    }

    /// Orders the rows, largest first.
    pub fn order_by_desc(self, by: impl IntoSimpleExpr) -> Self {
        self.order_by(by, Order::Desc)
    }

    /// Orders the rows by their key.
    pub fn order_by_id(self, order: Order) -> Self {
        Self { select: self.select.order_by_id(order), ..self }
    }

    /// Orders the rows by their key, smallest first.
    pub fn order_by_id_asc(self) -> Self {
        self.order_by_id(Order::Asc)
    }

    /// Orders the rows by their key, largest first.
    pub fn order_by_id_desc(self) -> Self {
        self.order_by_id(Order::Desc)
    }

    /// Limits the number of rows; `None` removes the limit. For a relation the limit is on the related rows of all
    /// parents together, not of each.
    pub fn limit(self, rows: impl Into<Option<u64>>) -> Self {
        Self { select: self.select.limit(rows), ..self }
    }

    /// Leaves out so many rows at the beginning; `None` leaves out none.
    pub fn offset(self, rows: impl Into<Option<u64>>) -> Self {
        Self { select: self.select.offset(rows), ..self }
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
    /// Those of [`Select::all`].
    pub fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, Vec<ModelEx<F>>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        Box::pin(async move {
            let rows = self.select.all(cx).await?;
            let mut rows: Vec<_> = rows.into_iter().map(ModelEx::<F>::from).collect();
            self.with.load(&mut rows, cx).await?;
            Ok(rows)
        })
    }

    /// Returns the first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub fn one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, Option<ModelEx<F>>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        Box::pin(async move { Ok(self.limit(1).all(cx).await?.into_iter().next()) })
    }

    /// Returns the first row.
    ///
    /// # Errors
    ///
    /// `is_not_found` if there is none; those of [`Select::all`].
    pub fn require_one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, ModelEx<F>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        Box::pin(async move {
            self.one(cx).await?.ok_or_else(|| Kind::NotFound { table: crate::scope::facade::table_name::<F>() }.into())
        })
    }
}

impl<F: Facade, W> Load<F, W> {
    /// Turns the load into pages of so many rows, at least one; the first is page 0.
    pub fn paginate<S: Scope>(self, cx: &Context<S, ReadOnly>, page_size: u64) -> Paginator<'_, S, Self>
    where
        F: ScopedTo<S>,
        W: With<F, S> + Clone,
        ModelEx<F>: From<Model<F>>,
    {
        Paginator::new(self, cx, page_size)
    }
}

impl<F, W, S> Paged<S> for Load<F, W>
where
    F: ScopedTo<S>,
    W: With<F, S> + Clone,
    S: Scope,
    ModelEx<F>: From<Model<F>>,
{
    type Item = ModelEx<F>;

    async fn total(self, cx: &Context<S, ReadOnly>) -> Result<u64> {
        self.select.total(cx).await
    }

    async fn page(self, limit: u64, offset: u64, cx: &Context<S, ReadOnly>) -> Result<Vec<ModelEx<F>>> {
        self.limit(limit).offset(offset).all(cx).await
    }

    async fn page_and_total(self, limit: u64, offset: u64, cx: &Context<S, ReadOnly>) -> Result<(Vec<ModelEx<F>>, u64)> {
        let (rows, total) = self.select.page_and_total(limit, offset, cx).await?;
        let mut rows: Vec<_> = rows.into_iter().map(ModelEx::<F>::from).collect();
        self.with.load(&mut rows, cx).await?;
        Ok((rows, total))
    }
}

impl<F: Facade, W: Clone> Clone for Load<F, W> {
    fn clone(&self) -> Self {
        Self { select: self.select.clone(), with: self.with.clone() }
    }
}

impl<F: Facade, W: std::fmt::Debug> std::fmt::Debug for Load<F, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Load").field("select", &self.select).field("with", &self.with).finish()
    }
}

/// The load that is made of what [`Load::with`] takes.
pub type LoadOf<L> = Load<<L as IntoLoad>::Facade, <L as IntoLoad>::With>;

/// What [`Load::with`] takes: a facade, a tuple of them, or a load of one's own.
pub trait IntoLoad {
    /// What is loaded.
    type Facade: Facade;

    /// What is loaded with it.
    type With;

    /// Returns the load.
    fn into_load(self) -> Load<Self::Facade, Self::With>;
}

impl<F: Facade> IntoLoad for F {
    type Facade = F;
    type With = ();

    fn into_load(self) -> Load<F> {
        Load::new()
    }
}

impl<F: Facade, W> IntoLoad for Load<F, W> {
    type Facade = F;
    type With = W;

    fn into_load(self) -> Self {
        self
    }
}

impl<F: RelatedTo<G>, G: Facade> IntoLoad for (F, G) {
    type Facade = F;
    type With = (Load<G>, ());

    fn into_load(self) -> Load<F, Self::With> {
        Load::new().with(self.1)
    }
}

impl<F: RelatedTo<G>, G: RelatedTo<H>, H: Facade> IntoLoad for (F, G, H) {
    type Facade = F;
    type With = (Load<G, (Load<H>, ())>, ());

    fn into_load(self) -> Load<F, Self::With> {
        Load::new().with((self.1, self.2))
    }
}

/// What is loaded with the rows of `F` in the scope `S`: `()`, or `(Load<G, …>, more)`.
pub trait With<F: Facade, S: Scope>: Send + Sync + 'static {
    /// Loads it into the rows.
    #[doc(hidden)]
    fn load(self, rows: &mut [ModelEx<F>], cx: &Context<S, ReadOnly>) -> impl Future<Output = Result<()>> + Send;
}

impl<F: Facade, S: Scope> With<F, S> for () {
    async fn load(self, _: &mut [ModelEx<F>], _: &Context<S, ReadOnly>) -> Result<()> {
        Ok(())
    }
}

impl<F, G, N, W, S> With<F, S> for (Load<G, N>, W)
where
    F: RelatedTo<G> + TogetherWith<G, S>,
    G: Facade,
    Onto<F, G, (F, ())>: Beside<G, S>,
    ModelEx<G>: From<Model<G>>,
    N: With<G, S>,
    W: With<F, S>,
    S: Scope,
{
    async fn load(self, rows: &mut [ModelEx<F>], cx: &Context<S, ReadOnly>) -> Result<()> {
        let (Load { select, with }, more) = self;
        if rows.is_empty() {
            return Ok(());
        }
        // Boxed, or the future of a load would hold those of all its relations.
        let related = Box::pin(related::<F, G, (), S, ModelEx<F>>(rows, select, cx)).await?;
        let numbers: Vec<usize> = related.iter().map(Vec::len).collect();
        let mut related: Vec<_> = related.into_iter().flatten().map(ModelEx::<G>::from).collect();
        // All at once, whichever row they are related to: one statement for each relation.
        Box::pin(with.load(&mut related, cx)).await?;
        let mut related = related.into_iter();
        for (row, number) in rows.iter_mut().zip(numbers) {
            F::nest(row, related.by_ref().take(number).collect());
        }
        Box::pin(more.load(rows, cx)).await
    }
}
