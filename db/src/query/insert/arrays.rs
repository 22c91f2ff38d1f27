//! The statement of a batch: an array for each column, so that its text is the same for any number of rows.

use sea_orm::{
    ColumnTrait, EntityName,
    sea_query::{ArrayType, Expr, ExprTrait, Func, InsertStatement, JoinType, Order, Query, SelectStatement, Value},
};

use super::batches::{Batch, Form};
use crate::{
    Facade,
    context::transaction::{Arrays, Bound},
    sql::build,
};

/// The rows, taken apart.
const ROWS: &str = "rows_of_this";

/// The column that has the number of the row.
const NUMBER: &str = "number_of_this";

/// The column that has a value.
const VALUE: &str = "value_of_this";

/// The column that has the place of a value in its list.
const PLACE: &str = "place_of_this";

impl<F: Facade> Batch<F> {
    /// Returns the statement that inserts the rows. `more` adds what is to be done on a conflict, and what is returned.
    pub(super) fn statement(self, more: impl FnOnce(&mut InsertStatement)) -> Bound {
        let mut insert = Query::insert();
        insert.into_table(F::Entity::default().table_ref()).columns(self.columns.iter().copied());
        if self.columns.is_empty() {
            insert.or_default_values();
            more(&mut insert);
            return build(&insert).into();
        }
        if self.forms.contains(&Form::Value) {
            self.fill_values(&mut insert);
            more(&mut insert);
            return Bound::Once(build(&insert));
        }
        let mut source = Source::default();
        let select = source.select(self);
        // As many columns are selected as are named.
        if let Ok(insert) = insert.select_from(select) {
            more(insert);
        }
        Bound::Arrays(Arrays { sql: build(&insert).sql, arrays: source.arrays })
    }

    /// Gives each value by itself.
    fn fill_values(self, insert: &mut InsertStatement) {
        let mut values: Vec<_> = self.values.into_iter().map(Vec::into_iter).collect();
        for _ in 0..self.rows {
            let row = self.columns.iter().zip(&mut values).filter_map(|(column, values)| {
                let value = values.next()?;
                Some(column.save_as(Expr::val(value)))
            });
            // As many values as columns.
            insert.values(row.collect::<Vec<_>>()).ok();
        }
    }
}

/// What the rows are selected from.
#[derive(Default)]
struct Source {
    /// What is bound, in the order in which the statement names it.
    arrays: Vec<(ArrayType, Vec<Value>)>,
    /// Those of the lists, which it names after the others.
    of_lists: Vec<(ArrayType, Vec<Value>)>,
    lists: Vec<SelectStatement>,
}

impl Source {
    /// Returns a `SELECT` of the rows, with a column for each of theirs.
    ///
    /// It casts to nothing but what the entity says a column is written as: the value is then assigned to the column, as one
    /// that is bound by itself is, and what is too long for it is an error. A cast would cut it.
    fn select<F: Facade>(&mut self, batch: Batch<F>) -> SelectStatement {
        let (mut select, mut rows) = (Query::select(), Query::select());
        for (at, ((column, form), values)) in batch.columns.into_iter().zip(batch.forms).zip(batch.values).enumerate() {
            let name = format!("c{at}");
            let own = Expr::col((ROWS, name.clone()));
            let value = match form {
                Form::One(kind) => {
                    self.unnest(&mut rows, name, kind, values);
                    own
                }
                Form::Enum(type_name) => {
                    self.unnest(&mut rows, name, enum_type(&type_name), values);
                    own.as_enum(type_name)
                }
                #[cfg(feature = "postgres-vector")]
                Form::Vector => {
                    self.unnest(&mut rows, name, ArrayType::String, values.into_iter().map(text).collect());
                    own.cast_as("vector")
                }
                Form::List(kind) => {
                    let given = values.iter().map(|list| Value::Bool(Some(matches!(list, Value::Array(_, Some(_))))));
                    self.unnest(&mut rows, name, ArrayType::Bool, given.collect());
                    self.list(kind, values, own)
                }
                // Not sent as an array.
                Form::Value => continue,
            };
            select.expr(column.save_as(value));
        }
        if !self.lists.is_empty() {
            let numbers = (1..).map(|number| Value::Int(Some(number))).take(batch.rows).collect();
            self.unnest(&mut rows, NUMBER.to_owned(), ArrayType::Int, numbers);
        }
        select.from_subquery(rows, ROWS);
        let has_lists = !self.lists.is_empty();
        for (at, list) in std::mem::take(&mut self.lists).into_iter().enumerate() {
            let list_name = list_name(at);
            let is_of_row = Expr::col((list_name.clone(), NUMBER)).equals((ROWS, NUMBER));
            // Each list is of a row, so a left join would do. PostgreSQL plans for ten rows, once it has kept a plan for any
            // number, and then goes through all lists for each row. A full join it cannot do that way.
            select.join_subquery(JoinType::FullOuterJoin, list, list_name, is_of_row);
        }
        if has_lists {
            // A join keeps no order.
            select.order_by((ROWS, NUMBER), Order::Asc);
        }
        self.arrays.append(&mut self.of_lists);
        select
    }

    /// Adds a column to the rows: the values of an array. In a list of columns, arrays are taken apart side by side.
    fn unnest(&mut self, rows: &mut SelectStatement, name: String, kind: ArrayType, values: Vec<Value>) {
        rows.expr_as(unnest(&kind), name);
        self.arrays.push((kind, values));
    }

    /// Adds lists, and returns what is the one of a row. `given` says whether that is not NULL.
    fn list(&mut self, kind: ArrayType, lists: Vec<Value>, given: Expr) -> Expr {
        let (mut numbers, mut places, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (number, list) in (1..).zip(lists) {
            let Value::Array(_, Some(list)) = list else { continue };
            for (place, value) in (1..).zip(*list) {
                numbers.push(Value::Int(Some(number)));
                places.push(Value::Int(Some(place)));
                values.push(value);
            }
        }
        let enum_name = match &kind {
            ArrayType::Enum(name) => Some(name.to_string()),
            _ => None,
        };
        let kind = if let Some(name) = &enum_name { enum_type(name) } else { kind };
        let name = list_name(self.lists.len());
        let taken_apart = Query::select()
            .expr_as(unnest(&ArrayType::Int), NUMBER)
            .expr_as(unnest(&ArrayType::Int), PLACE)
            .expr_as(unnest(&kind), VALUE)
            .to_owned();
        let collected = Expr::cust_with_exprs("array_agg($1 ORDER BY $2)", [Expr::col(VALUE), Expr::col(PLACE)]);
        let of_rows = Query::select()
            .column(NUMBER)
            .expr_as(collected, VALUE)
            .from_subquery(taken_apart, "values_of_this")
            .group_by_col(NUMBER)
            .to_owned();
        self.lists.push(of_rows);
        self.of_lists.extend([(ArrayType::Int, numbers), (ArrayType::Int, places), (kind, values)]);
        // A list without values is in no row of the join.
        let list = Func::coalesce([Expr::col((name, VALUE)), Expr::cust("'{}'")]);
        let list = Expr::case(given, list).into();
        match enum_name {
            Some(name) => Expr::expr(list).as_enum(format!("{name}[]")),
            None => list,
        }
    }
}

fn list_name(at: usize) -> String {
    format!("list_{at}_of_this")
}

/// `unnest($n)`; the array itself is bound as the statement is sent.
fn unnest(kind: &ArrayType) -> Expr {
    // As a text: sea-query casts one of an enum.
    let kind = if let ArrayType::Enum(_) = kind { ArrayType::String } else { kind.clone() };
    Func::cust("unnest").arg(Expr::val(Value::Array(kind, None))).into()
}

fn enum_type(name: &str) -> ArrayType {
    ArrayType::Enum(Box::new(name.to_owned().into()))
}

/// Returns a vector as pgvector reads it.
#[cfg(feature = "postgres-vector")]
fn text(value: Value) -> Value {
    match value {
        Value::Vector(Some(vector)) => {
            let numbers: Vec<_> = vector.as_slice().iter().map(ToString::to_string).collect();
            Value::String(Some(format!("[{}]", numbers.join(","))))
        }
        _ => Value::String(None),
    }
}
