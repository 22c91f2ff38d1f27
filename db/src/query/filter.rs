//! Which rows an update or a delete is of.

use sea_orm::{Condition, IntoSimpleExpr, sea_query::IntoCondition};

use super::{
    expression::{Refusal, bracketed, check_condition},
    predicate::{Within, predicate},
    unfinished::{Query, Subquery},
};
use crate::{Context, Facade, ReadOnly, Result, Scope};

/// The conditions of an update or a delete by filter. The scope's predicate is put in as the statement is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    conditions: Vec<Condition>,
    subqueries: Vec<Subquery>,
    refused: Option<Refusal>,
}

impl Filter {
    /// Adds a condition, or refuses it.
    pub(crate) fn and(&mut self, condition: impl IntoCondition) {
        let condition = condition.into_condition();
        match check_condition("the filter", &condition) {
            Ok(()) => self.conditions.push(bracketed(condition)),
            Err(refused) => self.refuse(refused),
        }
    }

    /// Adds that an expression is, or is not, among the values of another scoped query.
    pub(crate) fn subquery(mut self, expr: impl IntoSimpleExpr, is_in: bool, query: Query) -> Self {
        self.subqueries.push(Subquery::of(expr.into_simple_expr(), is_in, query));
        self
    }

    pub(crate) fn refuse(&mut self, refused: Refusal) {
        self.refused.get_or_insert(refused);
    }

    /// Returns the conditions, with the predicate of each table.
    pub(crate) fn complete<F: Facade, S: Scope>(self, cx: &Context<S, ReadOnly>) -> Result<Vec<Condition>> {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let mut conditions = self.conditions;
        conditions.push(predicate::<F, S>(cx)?);
        let within = Within::of(cx);
        for subquery in self.subqueries {
            conditions.push(Condition::all().add(subquery.expr(&within)?));
        }
        Ok(conditions)
    }
}
