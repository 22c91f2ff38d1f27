//! A row, and the rows that it is related to.

use sea_orm::{
    ColumnTrait, Condition, JoinType, ModelTrait,
    sea_query::{Expr, ExprTrait, IntoIden},
};

use super::{
    relation::{Onto, RelatedTo},
    select::{
        Select,
        join::{against, along},
    },
    source::PARENT,
};
use crate::scope::facade::{Facade, key_columns};

/// A select of the rows of `G` that a row of `F` is related to.
pub type SelectRelated<F, G> = Select<G, Onto<F, G, (F, ())>>;

/// A row of a scoped table: its model.
pub trait Row: ModelTrait<Entity = <Self::Facade as Facade>::Entity> {
    /// The facade of the table.
    type Facade: Facade;

    /// Starts a `SELECT` of the rows that are related to this one.
    ///
    /// Corresponds to SeaORM's `ModelTrait::find_related`. The table of this row is joined, with its predicate: of a
    /// row that is not of the context's scope nothing is related.
    fn find_related<G: Facade>(&self, _: G) -> SelectRelated<Self::Facade, G>
    where
        Self::Facade: RelatedTo<G>,
    {
        let find = Select::<G>::new().into_untyped();
        let query = against::<G, Self::Facade>(find, JoinType::InnerJoin, Some(PARENT.into_iden())).lock_own();
        Select::over(query.filter(is_row(PARENT, self)))
    }
}

/// Returns the condition that a table, by the name that it has in the query, has this row. A row by hand gives the key
/// that it likes: it is for a filter, which checks it.
pub(crate) fn is_row<M: Row>(table: &'static str, row: &M) -> Condition {
    let key = key_columns::<M::Facade>().zip(row.get_primary_key_value());
    key.fold(Condition::all(), |condition, (column, value)| {
        condition.add(Expr::col((table, column)).eq(column.save_as(Expr::val(value))))
    })
}

impl<F: Facade, J, R> Select<F, J, R> {
    /// Joins the table of a related facade, and keeps the rows that are related to this row of it.
    ///
    /// Corresponds to SeaORM's `QueryFilter::belongs_to`. To a row that is not of the context's scope nothing is
    /// related.
    pub fn belongs_to<M: Row>(self, row: &M) -> Select<F, Onto<F, M::Facade, J>, R>
    where
        F: RelatedTo<M::Facade>,
    {
        let query = self.into_untyped();
        let own = query.alias().clone();
        let query = along::<F, M::Facade>(query, JoinType::InnerJoin, &own, Some(PARENT.into_iden())).lock_own();
        Select::over(query.filter(is_row(PARENT, row)))
    }
}
