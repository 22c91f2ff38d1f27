//! Subqueries: scoped queries in the filter of another.

use sea_orm::{
    Condition, IntoSimpleExpr,
    sea_query::{Expr, IntoCondition},
};

use super::{Projected, Select};
use crate::{
    Facade,
    query::{
        expression::refusal,
        relation::{Onto, RelatedTo, Sub, Through, on},
        source::Source,
        unfinished::{Query, Subquery, Test},
    },
};

impl<F: Facade, J, R> Select<F, J, R> {
    /// Keeps the rows for which an expression is among the values of another scoped query, which selects one column.
    ///
    /// Corresponds to SeaORM's `ColumnTrait::in_subquery`, which takes a statement. Each table of the other query
    /// carries the predicate of its own.
    ///
    /// ```ignore
    /// let active = ResearchPlan::find().filter(is_active).select_only().column(research_plan::Column::Id);
    /// PlanStep::find().in_subquery(plan_step::Column::PlanId, active)
    /// ```
    pub fn in_subquery<G: Facade, K>(
        mut self,
        expr: impl IntoSimpleExpr,
        select: Select<G, K, impl Projected>,
    ) -> Select<F, (Sub<G, K>, J), R> {
        self.query.subquery(Subquery::of(expr.into_simple_expr(), true, select.into_untyped()));
        self.cast()
    }

    /// Keeps the rows for which an expression is not among the values of another scoped query, which selects one
    /// column. As SQL has it, that is none where one of the values is NULL.
    pub fn not_in_subquery<G: Facade, K>(
        mut self,
        expr: impl IntoSimpleExpr,
        select: Select<G, K, impl Projected>,
    ) -> Select<F, (Sub<G, K>, J), R> {
        self.query.subquery(Subquery::of(expr.into_simple_expr(), false, select.into_untyped()));
        self.cast()
    }

    /// Keeps the rows that have a related row for which the condition holds: an `EXISTS`.
    ///
    /// Corresponds to SeaORM's `Select::has_related`.
    pub fn has_related<G: Facade>(self, _: G, condition: impl IntoCondition) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        self.related::<G>(Test::Exists, condition.into_condition())
    }

    /// Keeps the rows that have no related row for which the condition holds: a `NOT EXISTS`.
    pub fn has_no_related<G: Facade>(self, _: G, condition: impl IntoCondition) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        self.related::<G>(Test::NotExists, condition.into_condition())
    }

    fn related<G: Facade>(mut self, test: Test, condition: Condition) -> Select<F, Onto<F, G, J>, R>
    where
        F: RelatedTo<G>,
    {
        use sea_orm::JoinType;

        let (relation, own) = (F::relation(), self.query.alias().clone());
        let source = Source::of::<G>(None);
        let related = source.alias.clone();
        let mut query = Query::new(source).filter(condition);
        if related == own {
            query.refuse(refusal("has_related", "a table that is related to itself, whose names mean the inner one"));
        }
        query.unchecked().expr(Expr::val(1));
        query = match (relation.via, F::Through::junction()) {
            (Some(via), Some(junction)) => {
                let between = junction.source.alias.clone();
                let joined = query.join(JoinType::InnerJoin, junction.source, on(relation.to, &between, &related));
                joined.filter(on(via, &own, &between))
            }
            _ => query.filter(on(relation.to, &own, &related)),
        };
        self.query.subquery(Subquery { test, query });
        self.cast()
    }
}
