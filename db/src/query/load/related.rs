//! The rows that a row, or each of a slice of rows, is related to.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, JoinType, ModelTrait, QueryResult, TryGetableMany,
    sea_query::{Expr, ExprTrait, IntoCondition, IntoIden, IntoValueTuple, ValueTuple},
};

use crate::{
    Context, Facade, ReadOnly, Result, Scope, Select,
    error::from_row,
    query::{
        Row, Run, key_tuple,
        predicate::Within,
        relation::{Beside, Onto, RelatedTo, TogetherWith},
        select::{join::against, model},
        source::PARENT,
    },
    scope::facade::{Key, Model, key_columns},
};

/// For how many rows one statement loads what they are related to.
const KEYS: usize = 32_768;

/// Loads the rows that `rows` are related to, those that `select` is of.
///
/// The table of `rows` is joined, so that any relation will do: through a junction, with a condition of its own.
pub(super) async fn related<F, G, K, S, M>(
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
    let mut query = against::<G, F>(select.into_untyped(), JoinType::InnerJoin, Some(PARENT.into_iden())).lock_own();
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
    for keys in keys.chunks(KEYS) {
        let parents: Vec<Expr> = key_columns::<F>().map(|column| Expr::col((PARENT, column))).collect();
        let mut query = query.clone();
        // Checked: a row by hand gives the key that it likes.
        let keys = keys.iter().cloned().map(key_tuple::<F>);
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
    Ok(key.map_err(|error| from_row(crate::scope::facade::table_name::<F>(), error.into()))?.into_value_tuple())
}

/// Loads what is related to a slice of rows: a statement, however many rows there are.
///
/// Corresponds to SeaORM's `LoaderTrait`. It takes a facade, or a select of it with a filter or an order; a limit
/// counts the rows of all together.
pub trait LoadRelated<F: Facade> {
    /// Returns for each row the one that it is related to, if there is one: the first, where there are several.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    fn load_one<'a, G, K, S>(
        &'a self,
        related: impl IntoSelect<G, K>,
        cx: &'a Context<S, ReadOnly>,
    ) -> Run<'a, Vec<Option<Model<G>>>>
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
    fn load_many<'a, G, K, S>(
        &'a self,
        related: impl IntoSelect<G, K>,
        cx: &'a Context<S, ReadOnly>,
    ) -> Run<'a, Vec<Vec<Model<G>>>>
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
    fn load_many_to_many<'a, G, K, V, S>(
        &'a self,
        related: impl IntoSelect<G, K>,
        _: V,
        cx: &'a Context<S, ReadOnly>,
    ) -> Run<'a, Vec<Vec<Model<G>>>>
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
    fn load_one<'a, G, K, S>(
        &'a self,
        select: impl IntoSelect<G, K>,
        cx: &'a Context<S, ReadOnly>,
    ) -> Run<'a, Vec<Option<Model<G>>>>
    where
        M::Facade: RelatedTo<G> + TogetherWith<G, S>,
        G: Facade,
        K: 'static,
        Onto<M::Facade, G, (M::Facade, K)>: Beside<G, S>,
        S: Scope,
    {
        let loaded = self.load_many(select, cx);
        Box::pin(async move { Ok(loaded.await?.into_iter().map(|rows| rows.into_iter().next()).collect()) })
    }

    fn load_many<'a, G, K, S>(
        &'a self,
        select: impl IntoSelect<G, K>,
        cx: &'a Context<S, ReadOnly>,
    ) -> Run<'a, Vec<Vec<Model<G>>>>
    where
        M::Facade: RelatedTo<G> + TogetherWith<G, S>,
        G: Facade,
        K: 'static,
        Onto<M::Facade, G, (M::Facade, K)>: Beside<G, S>,
        S: Scope,
    {
        Box::pin(related::<M::Facade, G, K, S, M>(self, select.into_select(), cx))
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
