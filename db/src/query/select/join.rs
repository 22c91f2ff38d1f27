//! Joins along declared relations.

use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, JoinType, Order,
    sea_query::{DynIden, Expr, IntoIden, SelectExpr},
};

use super::{And, Maybe, Part, Select, Whole, WithMany, shape::PREFIXES};
use crate::{
    Facade,
    query::{
        expression::refusal,
        relation::{Onto, RelatedTo, Through, on},
        source::Source,
        unfinished::Query,
    },
    scope::facade::{Column, key_columns},
};

impl<F: Facade, J, R> Select<F, J, R> {
    /// Joins the table of a related facade. Rows without a related one are left out.
    pub fn inner_join<G: Facade>(self, related: G) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        self.join(JoinType::InnerJoin, related)
    }

    /// Joins the table of a related facade. Rows without a related one stay; the scope's predicate is in the `ON`.
    pub fn left_join<G: Facade>(self, related: G) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        self.join(JoinType::LeftJoin, related)
    }

    /// Joins the table of a related facade. Rows of it without one here stay. Each table is then read as a derived
    /// one, which has the rows of the scope alone.
    pub fn right_join<G: Facade>(self, related: G) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        self.join(JoinType::RightJoin, related)
    }

    /// Joins the table of a related facade, in the way that is named: inner, left, right or full.
    ///
    /// Corresponds to SeaORM's `QuerySelect::join`, which takes a `RelationDef`, whose tables have no scope.
    pub fn join<G: Facade>(self, kind: JoinType, _: G) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        let own = self.query.alias().clone();
        Select::over(along::<F, G>(self.query, kind, &own, None))
    }

    /// Joins the table of a related facade under a name of its own, by which its columns are then referred to:
    /// `Expr::col((name, column))`.
    ///
    /// Corresponds to SeaORM's `QuerySelect::join_as`.
    pub fn join_as<G: Facade>(self, kind: JoinType, _: G, name: impl IntoIden) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        let own = self.query.alias().clone();
        Select::over(along::<F, G>(self.query, kind, &own, Some(name.into_iden())))
    }

    /// Joins the table of a facade that is related to this one: the relation is declared there.
    ///
    /// Corresponds to SeaORM's `QuerySelect::join_rev`, and with an inner join for its `Select::reverse_join`.
    pub fn join_rev<G>(self, kind: JoinType, _: G) -> Select<F, Onto<G, F, (G, J)>, R>
    where
        G: RelatedTo<F>,
    {
        Select::over(against::<F, G>(self.query, kind, None))
    }

    /// Joins the table of a facade that is related to this one, under a name of its own.
    ///
    /// Corresponds to SeaORM's `QuerySelect::join_as_rev`.
    pub fn join_as_rev<G>(self, kind: JoinType, _: G, name: impl IntoIden) -> Select<F, Onto<G, F, (G, J)>, R>
    where
        G: RelatedTo<F>,
    {
        Select::over(against::<F, G>(self.query, kind, Some(name.into_iden())))
    }

    /// Joins the table of a facade that is related to this one. Rows without a related one are left out.
    pub fn reverse_join<G>(self, related: G) -> Select<F, Onto<G, F, (G, J)>, R>
    where
        G: RelatedTo<F>,
    {
        self.join_rev(JoinType::InnerJoin, related)
    }

    /// Joins, from a table that was joined before, one that is related to that one. `from` is meant by its table's
    /// name: PostgreSQL refuses it where there is none in the query; in a subquery, it may be that of the query around
    /// it.
    ///
    /// Corresponds to SeaORM's `QuerySelect::join` with a relation of a joined entity.
    pub fn join_from<H, G>(self, kind: JoinType, _: H, _: G) -> Select<F, Onto<H, G, J>, R>
    where
        H: RelatedTo<G>,
        G: Facade,
    {
        Select::over(along::<H, G>(self.query, kind, &Source::joined::<H>(None).alias, None))
    }
}

impl<F: Facade, J, R> Select<F, J, R> {
    /// Reads each row with one of a further table that is related to the first: once for each that there is, and
    /// with `None` where there is none. A left join; up to six tables.
    pub fn find_also_related<G: Facade>(self, related: G) -> Select<F, Onto<F, G, J>, R::Shape>
    where
        F: RelatedTo<G>,
        R: And<Maybe<G>>,
    {
        self.left_join(related).and::<G, Maybe<G>>()
    }

    /// Reads each row with one of a further table that is related to the first, once for each that there is; rows
    /// without one are left out. An inner join.
    pub fn find_both_related<G: Facade>(self, related: G) -> Select<F, Onto<F, G, J>, R::Shape>
    where
        F: RelatedTo<G>,
        R: And<Whole<G>>,
    {
        self.inner_join(related).and::<G, Whole<G>>()
    }

    /// Reads each row with one of a further table that is related to `from`, which was joined before. A left join.
    ///
    /// Corresponds to SeaORM's `SelectTwo::find_also` and `SelectTwo::and_also_related`.
    pub fn find_also<H, G>(self, from: H, related: G) -> Select<F, Onto<H, G, J>, R::Shape>
    where
        H: RelatedTo<G>,
        G: Facade,
        R: And<Maybe<G>>,
    {
        self.join_from(JoinType::LeftJoin, from, related).and::<G, Maybe<G>>()
    }

    /// Selects the columns of the table that was joined last, under the prefix by which they are read.
    fn and<G: Facade, P: Part>(mut self) -> Select<F, J, R::Shape>
    where
        R: And<P>,
    {
        if R::IS_FIRST {
            let own = self.query.alias().clone();
            self.query.unchecked().clear_selects().exprs(columns::<F>(&own, PREFIXES[0]));
        }
        let related = self.query.last_alias().clone();
        self.query.unchecked().exprs(columns::<G>(&related, R::PREFIX));
        self.cast()
    }
}

impl<F: Facade, G: Facade, J, R> Select<F, (G, J), R> {
    /// Reads each row with one of a further table that is related to the one that was joined last. A left join.
    #[expect(clippy::type_complexity, reason = "the facades of the query, and one more")]
    pub fn and_also_related<H: Facade>(self, _: H) -> Select<F, Onto<G, H, (G, J)>, R::Shape>
    where
        G: RelatedTo<H>,
        R: And<Maybe<H>>,
    {
        let last = self.query.last_alias().clone();
        let query = along::<G, H>(self.query, JoinType::LeftJoin, &last, None);
        Select::<F, Onto<G, H, (G, J)>, R>::over(query).and::<H, Maybe<H>>()
    }
}

impl<F: Facade, J> Select<F, J> {
    /// Reads each row with all that are related to it, in the order of its key. A left join, whose rows a limit
    /// counts: where pages are wanted, read the rows, and then [`load_many`](crate::LoadRelated::load_many).
    pub fn find_with_related<G: Facade>(self, related: G) -> Select<F, Onto<F, G, J>, WithMany<F, G>>
    where
        F: RelatedTo<G>,
    {
        let mut select: Select<_, _, WithMany<F, G>> = self.find_also_related(related).cast();
        for column in key_columns::<F>() {
            let own = select.query.alias().clone();
            select.query.unchecked().order_by((own, column), Order::Asc);
        }
        select
    }
}

/// Joins `G`, and what is between, along the relation that `F` declares.
pub(crate) fn along<F, G>(query: Query, kind: JoinType, own: &DynIden, name: Option<DynIden>) -> Query
where
    F: RelatedTo<G>,
    G: Facade,
{
    let (relation, target) = (F::relation(), Source::joined::<G>(name));
    let query = known(query, kind);
    let related = target.alias.clone();
    match (relation.via, F::Through::junction()) {
        (Some(via), Some(junction)) => {
            let junction = query.untaken(junction.source);
            let between = junction.alias.clone();
            let query = query.join(kind, junction, on(via, own, &between));
            query.join(kind, target, on(relation.to, &between, &related))
        }
        _ => query.join(kind, target, on(relation.to, own, &related)),
    }
}

/// Joins `G`, and what is between, along the relation that `G` declares.
pub(crate) fn against<F, G>(query: Query, kind: JoinType, name: Option<DynIden>) -> Query
where
    F: Facade,
    G: RelatedTo<F>,
{
    let (relation, source) = (G::relation(), Source::joined::<G>(name));
    let query = known(query, kind);
    let (own, other) = (query.alias().clone(), source.alias.clone());
    match (relation.via, G::Through::junction()) {
        (Some(via), Some(junction)) => {
            let junction = query.untaken(junction.source);
            let between = junction.alias.clone();
            let query = query.join(kind, junction, on(relation.to, &between, &own));
            query.join(kind, source, on(via, &other, &between))
        }
        _ => query.join(kind, source, on(relation.to, &other, &own)),
    }
}

/// Refuses a join that has no condition, where there would be no place for the predicate.
fn known(mut query: Query, kind: JoinType) -> Query {
    if !matches!(
        kind,
        JoinType::Join | JoinType::InnerJoin | JoinType::LeftJoin | JoinType::RightJoin | JoinType::FullOuterJoin
    ) {
        query.refuse(refusal("the join", "a kind that is not known here"));
    }
    query
}

/// The columns of a facade's table, each under a prefix.
fn columns<F: Facade>(table: &DynIden, prefix: &str) -> Vec<SelectExpr> {
    <F::Entity as EntityTrait>::Column::iter()
        .map(|column: Column<F>| SelectExpr {
            expr: column.select_as(Expr::col((table.clone(), column))),
            alias: Some(format!("{prefix}{}", column.as_str()).into_iden()),
            window: None,
        })
        .collect()
}
