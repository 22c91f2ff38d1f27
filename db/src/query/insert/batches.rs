//! Rows in batches, each for one statement.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Iterable,
    sea_query::{ArrayType, ColumnType, Expr, Value},
};

use crate::{
    Facade,
    context::transaction::{MAX_VALUES, is_bound},
    scope::facade::{ActiveModel, Column},
};

/// How many rows go into one statement at most. Where each value was bound by itself, no more than this would do.
const ROWS: usize = 32_768;

/// How many bytes the values of one statement have at most, more or less: what is held to send it, beside the rows
/// themselves, is a small multiple of this. A row that is larger goes by itself.
const BYTES: usize = 8 * 1024 * 1024;

/// Rows that are ready to be inserted, and how far they have been.
pub(super) struct Batches<F: Facade> {
    rows: std::vec::IntoIter<ActiveModel<F>>,
    /// The columns that at least one of all rows sets.
    columns: Vec<Column<F>>,
    /// For each of them a NULL of its type, which it is in the rows that do not set it.
    nulls: Vec<Value>,
    /// The row that did not go into the batch before.
    next: Option<Vec<Value>>,
}

/// The rows of one statement.
pub(super) struct Batch<F: Facade> {
    pub(super) columns: Vec<Column<F>>,
    /// How each column is sent.
    pub(super) forms: Vec<Form>,
    /// The values of each column, in the order of the rows.
    pub(super) values: Vec<Vec<Value>>,
    pub(super) rows: usize,
}

/// How the values of a column are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As an array.
    One(ArrayType),
    /// As an array of texts, each of which is cast to an enum.
    Enum(String),
    /// As an array of texts, each of which is cast to a vector.
    #[cfg(feature = "postgres-vector")]
    Vector,
    /// Each of them is an array. `unnest` would take an array of arrays apart down to its values: those of all rows are
    /// one array, beside one that says which row each is of.
    List(ArrayType),
    /// One by one: of this type no array is known here.
    Value,
}

impl<F: Facade> Batches<F> {
    pub(super) fn new(rows: Vec<ActiveModel<F>>) -> Self {
        let (mut columns, mut nulls) = (Vec::new(), Vec::new());
        for column in Column::<F>::iter() {
            let set = rows.iter().find(|row| !row.is_not_set(column));
            if let Some(value) = set.and_then(|row| row.get(column).into_value()) {
                columns.push(column);
                nulls.push(stored::<F>(column, value).as_null());
            }
        }
        Self { rows: rows.into_iter(), columns, nulls, next: None }
    }

    /// Returns the values of the next row. Each is moved, not copied.
    fn row(&mut self) -> Option<Vec<Value>> {
        let mut row = match self.next.take() {
            Some(values) => return Some(values),
            None => self.rows.next()?,
        };
        let columns = self.columns.iter().zip(&self.nulls);
        let values = columns.map(|(&column, null)| match row.take(column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => stored::<F>(column, value),
            ActiveValue::NotSet => null.clone(),
        });
        Some(values.collect())
    }
}

impl<F: Facade> Iterator for Batches<F> {
    type Item = Batch<F>;

    fn next(&mut self) -> Option<Batch<F>> {
        let first = self.row()?;
        let forms: Vec<Form> = first.iter().map(Form::of).collect();
        let most = match self.columns.len() {
            // No column is set, and so nothing says how many rows there are.
            0 => 1,
            columns if forms.contains(&Form::Value) => (MAX_VALUES / columns).max(1),
            _ => ROWS,
        };
        let mut batch = Batch { columns: self.columns.clone(), forms, values: Vec::new(), rows: 0 };
        batch.values.resize_with(first.len(), || Vec::with_capacity(most.min(self.rows.len() + 1)));
        let mut bytes = first.iter().map(size).sum::<usize>();
        batch.push(first);
        while batch.rows < most {
            let Some(row) = self.row() else { break };
            bytes = bytes.saturating_add(row.iter().map(size).sum());
            // A column of the application's own type may be of one kind here, and of another there.
            let fits = batch.forms.iter().zip(&row).all(|(form, value)| form.takes(value));
            if bytes > BYTES || !fits {
                self.next = Some(row);
                break;
            }
            batch.push(row);
        }
        Some(batch)
    }
}

impl<F: Facade> Batch<F> {
    fn push(&mut self, row: Vec<Value>) {
        self.rows += 1;
        for (column, value) in self.values.iter_mut().zip(row) {
            column.push(value);
        }
    }
}

impl Form {
    fn of(value: &Value) -> Self {
        match value {
            #[cfg(feature = "postgres-vector")]
            Value::Vector(_) => Self::Vector,
            Value::Array(of, _) if is_bound(of) => Self::List(of.clone()),
            Value::Array(..) => Self::Value,
            _ => match value.array_type() {
                ArrayType::Enum(name) => Self::Enum(name.to_string()),
                kind if is_bound(&kind) => Self::One(kind),
                _ => Self::Value,
            },
        }
    }

    fn takes(&self, value: &Value) -> bool {
        *self == Self::of(value)
    }
}

/// Returns a value as it is stored: SeaORM makes one JSON array of an array of JSON, where that is what the column has.
fn stored<F: Facade>(column: Column<F>, value: Value) -> Value {
    if matches!(value, Value::Array(ArrayType::Json, _))
        && matches!(column.def().get_column_type(), ColumnType::Json | ColumnType::JsonBinary)
        && let Expr::Value(json) = column.save_as(Expr::val(value.clone()))
    {
        return json;
    }
    value
}

/// Returns how many bytes a value takes, more or less.
fn size(value: &Value) -> usize {
    16 + match value {
        Value::String(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        Value::Json(Some(json)) => json_size(json),
        Value::Array(_, Some(values)) => values.iter().map(size).sum(),
        #[cfg(feature = "postgres-vector")]
        Value::Vector(Some(vector)) => vector.as_slice().len() * 16,
        _ => 0,
    }
}

fn json_size(json: &serde_json::Value) -> usize {
    use serde_json::Value;

    16 + match json {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(json_size).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + json_size(value)).sum(),
        _ => 0,
    }
}
