//! Filters, and what SQL takes them to mean.

use db::prelude::*;
use sea_orm::Value;

use crate::values::{Cell, Column, Literal};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// A condition on a row, or on rows that are joined.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Compare(Column, Comparison, Literal),
    Columns(Column, Comparison, Column),
    IsNull(Column, bool),
    In(Column, bool, Vec<Literal>),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

impl Test {
    /// The condition as SeaORM has it.
    pub(crate) fn condition(&self, made: &[Uuid]) -> Condition {
        match self {
            Self::Compare(column, comparison, literal) => {
                let value = Expr::val(literal.cell(made).value(column.kind()));
                Condition::all().add(compare(column.expr(), *comparison, value))
            }
            Self::Columns(one, comparison, other) => {
                Condition::all().add(compare(one.expr(), *comparison, other.expr()))
            }
            Self::IsNull(column, true) => Condition::all().add(column.expr().is_null()),
            Self::IsNull(column, false) => Condition::all().add(column.expr().is_not_null()),
            Self::In(column, is_in, literals) => {
                let values: Vec<Value> =
                    literals.iter().map(|literal| literal.cell(made).value(column.kind())).collect();
                let column = column.expr();
                Condition::all().add(if *is_in { column.is_in(values) } else { column.is_not_in(values) })
            }
            Self::Not(test) => test.condition(made).not(),
            Self::All(tests) => tests.iter().fold(Condition::all(), |all, test| all.add(test.condition(made))),
            Self::Any(tests) => tests.iter().fold(Condition::any(), |any, test| any.add(test.condition(made))),
        }
    }

    /// Whether it holds, as SQL has it: `None` is neither true nor false.
    pub(crate) fn holds(&self, value: &dyn Fn(Column) -> Cell, made: &[Uuid]) -> Option<bool> {
        match self {
            Self::Compare(column, comparison, literal) => holds(&value(*column), *comparison, &literal.cell(made)),
            Self::Columns(one, comparison, other) => holds(&value(*one), *comparison, &value(*other)),
            Self::IsNull(column, is_null) => Some((value(*column) == Cell::Null) == *is_null),
            Self::In(column, is_in, literals) => {
                let cells: Vec<_> = literals.iter().map(|literal| literal.cell(made)).collect();
                is_among(&value(*column), &cells).map(|found| found == *is_in)
            }
            Self::Not(test) => test.holds(value, made).map(|holds| !holds),
            Self::All(tests) => {
                let results: Vec<_> = tests.iter().map(|test| test.holds(value, made)).collect();
                if results.contains(&Some(false)) {
                    Some(false)
                } else if results.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            Self::Any(tests) => {
                let results: Vec<_> = tests.iter().map(|test| test.holds(value, made)).collect();
                if results.contains(&Some(true)) {
                    Some(true)
                } else if results.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
        }
    }
}

fn compare(one: Expr, comparison: Comparison, other: Expr) -> Expr {
    match comparison {
        Comparison::Eq => one.eq(other),
        Comparison::Ne => one.ne(other),
        Comparison::Lt => one.lt(other),
        Comparison::Lte => one.lte(other),
        Comparison::Gt => one.gt(other),
        Comparison::Gte => one.gte(other),
    }
}

fn holds(one: &Cell, comparison: Comparison, other: &Cell) -> Option<bool> {
    if *one == Cell::Null || *other == Cell::Null {
        return None;
    }
    Some(match comparison {
        Comparison::Eq => one == other,
        Comparison::Ne => one != other,
        Comparison::Lt => one < other,
        Comparison::Lte => one <= other,
        Comparison::Gt => one > other,
        Comparison::Gte => one >= other,
    })
}

/// SQL's `IN`.
pub(crate) fn is_among(cell: &Cell, cells: &[Cell]) -> Option<bool> {
    if cells.is_empty() {
        Some(false)
    } else if *cell == Cell::Null {
        None
    } else if cells.contains(cell) {
        Some(true)
    } else if cells.contains(&Cell::Null) {
        None
    } else {
        Some(false)
    }
}
