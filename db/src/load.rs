//! Rows with those that are related to them, a statement for each relation.

use std::{collections::HashMap, future::Future};

use sea_orm::{
    ColumnTrait, Condition, IntoSimpleExpr, JoinType, ModelTrait, Order, QueryResult, TryGetableMany,
    sea_query::{Expr, ExprTrait, IntoCondition, IntoIden, IntoValueTuple, ValueTuple},
};

use crate::{
    Context, Facade, Paged, Paginator, ReadOnly, Result, Scope, ScopedTo, Select,
    error::{Kind, from_row},
    facade::{Key, Model, ModelEx, key_columns},
    predicate::Within,
    relation::{Beside, Onto, RelatedTo, TogetherWith},
    select::{against, model},
    transaction::MAX_VALUES,
};

/// The name in a query of the table whose rows the related ones are loaded for.
pub(crate) const PARENT: &str = "the_parent_of_this";

/// Loads the rows that `rows` are related to, those that `select` is of.
///
/// The table of `rows` is joined, so that any relation will do: through a junction, with a condition of its own.
async fn related<F, G, K, S, M>(
    rows: &[M],
    select: Select<G, K>,
    cx: &Context<S, ReadOnly>,
) -> Result<Vec<Vec<Model<G>>>>
where
    F: RelatedTo<G> + TogetherWith<G, S>,
    G: Facade,
    Onto<F, G, (F, K)>: Beside<G, S>,
    S: Scope,
    M: ModelTrait<Entity = F::Entity>,
{
    let mut query = against::<G, F>(select.into_untyped(), JoinType::InnerJoin, Some(PARENT.into_iden()));
    let names: Vec<String> = key_columns::<F>().enumerate().map(|(at, _)| format!("{PARENT}_{at}")).collect();
    for (column, name) in key_columns::<F>().zip(&names) {
        query.unchecked().expr_as(column.select_as(Expr::col((PARENT, column))), name.clone());
    }
    let mut places: HashMap<ValueTuple, Vec<usize>> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        places.entry(row.get_primary_key_value()).or_default().push(place);
    }
    let keys: Vec<ValueTuple> = places.keys().cloned().collect();
    let mut loaded: Vec<Vec<Model<G>>> = rows.iter().map(|_| Vec::new()).collect();
    for keys in keys.chunks(MAX_VALUES / 2 / names.len().max(1)) {
        let parents: Vec<Expr> = key_columns::<F>().map(|column| Expr::col((PARENT, column))).collect();
        let mut query = query.clone();
        // Checked: a row by hand gives the key that it likes.
        let keys = keys.iter().cloned().map(|key| {
            Expr::tuple(key_columns::<F>().zip(key).map(|(column, value)| column.save_as(Expr::val(value))))
        });
        query = query.filter(Expr::tuple(parents).is_in(keys).into_condition());
        for row in cx.fetch_all(query.build(&Within::of(cx))?).await? {
            let (key, related) = (parent_key::<F>(&row, &names)?, model::<G>(&row)?);
            for &place in places.get(&key).into_iter().flatten() {
                loaded[place].push(related.clone());
            }
        }
    }
    Ok(loaded)
}

fn parent_key<F: Facade>(row: &QueryResult, names: &[String]) -> Result<ValueTuple> {
    let key = Key::<F>::try_get_many(row, "", names);
    Ok(key.map_err(|error| from_row(crate::facade::table_name::<F>(), error.into()))?.into_value_tuple())
}

/// A select of the rows of `G` that a row of `F` is related to.
pub type SelectRelated<F, G> = Select<G, Onto<F, G, (F, ())>>;

/// A row of a scoped table: its model.
pub trait Row: ModelTrait<Entity = <Self::Facade as Facade>::Entity> {
    /// The facade of the table.
    type Facade: Facade;

    /// Starts a `SELECT` of the rows that are related to this one.
    ///
    /// Stands for SeaORM's `ModelTrait::find_related`. The table of this row is joined, with its predicate: of a row
    /// that is not of the context's scope nothing is related.
    fn find_related<G: Facade>(&self, _: G) -> SelectRelated<Self::Facade, G>
    where
        Self::Facade: RelatedTo<G>,
    {
        let find = Select::<G>::new().into_untyped();
        let query = against::<G, Self::Facade>(find, JoinType::InnerJoin, Some(PARENT.into_iden()));
        Select::over(query.filter(is_row(PARENT, self)))
    }
}

/// Returns the condition that a table, by the name that it has in the query, has this row. A row by hand gives the key that
/// it likes: it is for a filter, which checks it.
pub(crate) fn is_row<M: Row>(table: &'static str, row: &M) -> Condition {
    let key = key_columns::<M::Facade>().zip(row.get_primary_key_value());
    key.fold(Condition::all(), |condition, (column, value)| {
        condition.add(Expr::col((table, column)).eq(column.save_as(Expr::val(value))))
    })
}

/// Loads what is related to a slice of rows: a statement, however many rows there are.
///
/// Stands for SeaORM's `LoaderTrait`. It takes a facade, or a select of it with a filter or an order; a limit counts
/// the rows of all together.
pub trait LoadRelated<F: Facade> {
    /// Returns for each row the one that it is related to, if there is one: the first, where there are several.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    fn load_one<G, K, S>(
        &self,
        related: impl IntoSelect<G, K>,
        cx: &Context<S, ReadOnly>,
    ) -> impl Future<Output = Result<Vec<Option<Model<G>>>>> + Send
    where
        F: RelatedTo<G> + TogetherWith<G, S>,
        G: Facade,
        K: 'static,
        Onto<F, G, (F, K)>: Beside<G, S>,
        S: Scope;

    /// Returns for each row all that are related to it. A relation through a junction table is one of them.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    fn load_many<G, K, S>(
        &self,
        related: impl IntoSelect<G, K>,
        cx: &Context<S, ReadOnly>,
    ) -> impl Future<Output = Result<Vec<Vec<Model<G>>>>> + Send
    where
        F: RelatedTo<G> + TogetherWith<G, S>,
        G: Facade,
        K: 'static,
        Onto<F, G, (F, K)>: Beside<G, S>,
        S: Scope;

    /// Returns for each row all that are related to it through a junction table, whose facade is named as in SeaORM.
    /// It is [`load_many`](Self::load_many), which finds the junction by itself.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    fn load_many_to_many<G, K, V, S>(
        &self,
        related: impl IntoSelect<G, K>,
        _: V,
        cx: &Context<S, ReadOnly>,
    ) -> impl Future<Output = Result<Vec<Vec<Model<G>>>>> + Send
    where
        F: RelatedTo<G, Through = V> + TogetherWith<G, S>,
        G: Facade,
        V: Facade,
        K: 'static,
        Onto<F, G, (F, K)>: Beside<G, S>,
        S: Scope,
    {
        self.load_many(related, cx)
    }
}

impl<M: Row + Sync> LoadRelated<M::Facade> for [M] {
    async fn load_one<G, K, S>(
        &self,
        select: impl IntoSelect<G, K>,
        cx: &Context<S, ReadOnly>,
    ) -> Result<Vec<Option<Model<G>>>>
    where
        M::Facade: RelatedTo<G> + TogetherWith<G, S>,
        G: Facade,
        K: 'static,
        Onto<M::Facade, G, (M::Facade, K)>: Beside<G, S>,
        S: Scope,
    {
        let loaded = self.load_many(select, cx).await?;
        Ok(loaded.into_iter().map(|rows| rows.into_iter().next()).collect())
    }

    async fn load_many<G, K, S>(
        &self,
        select: impl IntoSelect<G, K>,
        cx: &Context<S, ReadOnly>,
    ) -> Result<Vec<Vec<Model<G>>>>
    where
        M::Facade: RelatedTo<G> + TogetherWith<G, S>,
        G: Facade,
        K: 'static,
        Onto<M::Facade, G, (M::Facade, K)>: Beside<G, S>,
        S: Scope,
    {
        related::<M::Facade, G, K, S, M>(self, select.into_select(), cx).await
    }
}

/// A facade, or a select of it: what is loaded.
pub trait IntoSelect<G: Facade, K = ()>: Send {
    /// Returns the select.
    fn into_select(self) -> Select<G, K>;
}

impl<G: Facade> IntoSelect<G> for G {
    fn into_select(self) -> Select<G> {
        Select::new()
    }
}

impl<G: Facade, K: 'static> IntoSelect<G, K> for Select<G, K> {
    fn into_select(self) -> Self {
        self
    }
}

/// A `SELECT` of rows together with those that are related to them; made by a facade, such as
/// `ResearchPlan::load()`.
///
/// Stands for SeaORM's entity loader: it gives `ModelEx`, the model with its relations in it. There is one statement for
/// each `with`, and each has the predicates of all of its tables.
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
        self.filter(crate::select::key_is::<F>(id.into().into_value_tuple()))
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

    /// Returns at most so many rows; `None` takes the limit away. Of a relation it counts the related rows of all rows
    /// together.
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
    pub async fn all<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Vec<ModelEx<F>>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        let rows = self.select.all(cx).await?;
        let mut rows: Vec<_> = rows.into_iter().map(ModelEx::<F>::from).collect();
        self.with.load(&mut rows, cx).await?;
        Ok(rows)
    }

    /// Returns the first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Option<ModelEx<F>>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        Ok(self.limit(1).all(cx).await?.into_iter().next())
    }

    /// Returns the first row.
    ///
    /// # Errors
    ///
    /// `is_not_found` if there is none; those of [`Select::all`].
    pub async fn require_one<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<ModelEx<F>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        self.one(cx).await?.ok_or_else(|| Kind::NotFound { table: crate::facade::table_name::<F>() }.into())
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
pub trait With<F: Facade, S: Scope>: Send + Sync {
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
        let related = related::<F, G, (), S, ModelEx<F>>(rows, select, cx).await?;
        let numbers: Vec<usize> = related.iter().map(Vec::len).collect();
        let mut related: Vec<_> = related.into_iter().flatten().map(ModelEx::<G>::from).collect();
        // All at once, whichever row they are related to: one statement for each relation.
        with.load(&mut related, cx).await?;
        let mut related = related.into_iter();
        for (row, number) in rows.iter_mut().zip(numbers) {
            F::nest(row, related.by_ref().take(number).collect());
        }
        more.load(rows, cx).await
    }
}
