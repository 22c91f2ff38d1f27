//! Random filters.

use proptest::{collection::vec, prelude::*, sample::select, strategy::Union};

use super::{each, literal};
use crate::{
    filter::{Comparison, Test},
    values::{Column, Kind, Table, columns_of},
};

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Ne};
    select(vec![Eq, Ne, Lt, Lte, Gt, Gte])
}

/// A filter over the columns of these tables; often none.
pub(super) fn test(tables: &[Table]) -> BoxedStrategy<Test> {
    let columns = columns_of(tables);
    let same: Vec<(Column, Column)> = (columns.iter())
        .flat_map(|&one| columns.iter().map(move |&other| (one, other)))
        .filter(|(one, other)| one != other && is_id(*one) == is_id(*other))
        .filter(|(one, other)| is_id(*one) || one.kind() == other.kind())
        .collect();
    let compare = each(columns.clone(), |column| {
        (comparison(), literal(column.kind())).prop_map(move |(how, value)| Test::Compare(column, how, value))
    });
    let is_in = each(columns.clone(), |column| {
        (any::<bool>(), vec(literal(column.kind()), 1..4)).prop_map(move |(is, values)| Test::In(column, is, values))
    });
    let is_null = (select(columns), any::<bool>()).prop_map(|(column, is)| Test::IsNull(column, is));
    let mut leaves = vec![(6, compare.boxed()), (2, is_in.boxed()), (1, is_null.boxed())];
    if !same.is_empty() {
        let columns = (select(same), comparison()).prop_map(|((one, other), how)| Test::Columns(one, how, other));
        leaves.push((1, columns.boxed()));
    }
    let nested = Union::new_weighted(leaves).prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Test::All),
            vec(inner.clone(), 1..4).prop_map(Test::Any),
            inner.prop_map(|test| Test::Not(Box::new(test))),
        ]
    });
    prop_oneof![2 => Just(Test::All(Vec::new())), 3 => nested].boxed()
}

fn is_id(column: Column) -> bool {
    matches!(column.kind(), Kind::Id | Kind::NullableId)
}
