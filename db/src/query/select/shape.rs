//! What the rows of a select are read into.

use std::{collections::HashMap, marker::PhantomData};

use sea_orm::{DbErr, FromQueryResult, JsonValue, ModelTrait, QueryResult, TryGetableMany};

use crate::{
    Facade,
    error::from_row,
    scope::facade::{Model, table_name},
};

/// What the rows of a query are read into, all of them at once.
#[diagnostic::on_unimplemented(
    message = "no type is given for the rows of the selected columns",
    label = "columns were selected, and no type for their rows",
    note = "say `into_model::<T>()`, `into_tuple::<T>()`, `into_partial_model::<T>()` or `into_json()`"
)]
pub trait Shapes: 'static {
    /// What is returned for each.
    type Item: Send;

    /// Reads the rows.
    #[doc(hidden)]
    fn read_all(rows: &[QueryResult]) -> Result<Vec<Self::Item>, DbErr>;
}

#[diagnostic::do_not_recommend]
impl<R: Shape> Shapes for R {
    type Item = R::Row;

    fn read_all(rows: &[QueryResult]) -> Result<Vec<R::Row>, DbErr> {
        rows.iter().map(R::read).collect()
    }
}

/// The related rows are put to the row that they are related to, in the order in which they come.
impl<F: Facade, G: Facade> Shapes for WithMany<F, G> {
    type Item = (Model<F>, Vec<Model<G>>);

    fn read_all(rows: &[QueryResult]) -> Result<Vec<Self::Item>, DbErr> {
        let mut places = HashMap::new();
        let mut read: Vec<Self::Item> = Vec::new();
        for row in rows {
            let (row, related) = <(Whole<F>, Maybe<G>)>::read(row)?;
            let place = *places.entry(row.get_primary_key_value()).or_insert(read.len());
            if place == read.len() {
                read.push((row, Vec::new()));
            }
            read[place].1.extend(related);
        }
        Ok(read)
    }
}

/// What one row of a query is read into, with no regard to the others.
#[diagnostic::on_unimplemented(
    message = "the rows of this query are not read one by one",
    label = "there is no type for one row of it",
    note = "of selected columns, say `into_model::<T>()`, `into_tuple::<T>()`, `into_partial_model::<T>()` or \
            `into_json()`; rows with their related ones are read by `all` alone"
)]
pub trait Shape: 'static {
    /// A row.
    type Row: Send;

    /// Reads a row.
    #[doc(hidden)]
    fn read(row: &QueryResult) -> Result<Self::Row, DbErr>;

    /// Reads a row beside which there is a column that is none of its own. It matters where a row is all columns.
    #[doc(hidden)]
    fn read_without(row: &QueryResult, column: &str) -> Result<Self::Row, DbErr> {
        let _ = column;
        Self::read(row)
    }
}

/// The model of a facade.
#[derive(Debug)]
pub struct Whole<F>(PhantomData<fn() -> F>);

/// The model of a facade whose table a left join may have no row of.
#[derive(Debug)]
pub struct Maybe<F>(PhantomData<fn() -> F>);

/// The model of a facade, and those of the related rows.
#[derive(Debug)]
pub struct WithMany<F, G>(PhantomData<fn() -> (F, G)>);

/// Selected columns, for whose rows no type is given yet.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a type without a value")]
pub enum Columns {}

/// A struct that is `FromQueryResult`.
#[derive(Debug)]
pub struct AsModel<T>(PhantomData<fn() -> T>);

/// A tuple, by position.
#[derive(Debug)]
pub struct AsTuple<T>(PhantomData<fn() -> T>);

/// A JSON object, by the names of the columns.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a type without a value")]
pub enum AsJson {}

impl<F: Facade> Shape for Whole<F> {
    type Row = Model<F>;

    fn read(row: &QueryResult) -> Result<Model<F>, DbErr> {
        Model::<F>::from_query_result(row, "")
    }
}

impl<T: FromQueryResult + Send + 'static> Shape for AsModel<T> {
    type Row = T;

    fn read(row: &QueryResult) -> Result<T, DbErr> {
        T::from_query_result(row, "")
    }
}

impl<T: TryGetableMany + Send + 'static> Shape for AsTuple<T> {
    type Row = T;

    fn read(row: &QueryResult) -> Result<T, DbErr> {
        T::try_get_many_by_index(row).map_err(Into::into)
    }
}

impl Shape for AsJson {
    type Row = JsonValue;

    fn read(row: &QueryResult) -> Result<JsonValue, DbErr> {
        JsonValue::from_query_result(row, "")
    }

    fn read_without(row: &QueryResult, column: &str) -> Result<JsonValue, DbErr> {
        let mut json = Self::read(row)?;
        if let JsonValue::Object(columns) = &mut json {
            columns.remove(column);
        }
        Ok(json)
    }
}

/// Columns that were selected, whether or not it was said what they are read into: what a subquery is of.
#[diagnostic::on_unimplemented(
    message = "a subquery selects one column",
    label = "this selects whole rows",
    note = "say `select_only().column(…)`"
)]
pub trait Projected {}

impl Projected for Columns {}
impl<T> Projected for AsModel<T> {}
impl<T> Projected for AsTuple<T> {}
impl Projected for AsJson {}

/// A table of a row that has several, whose columns are under a prefix.
pub trait Part: 'static {
    /// Its part of the row.
    type Row: Send;

    /// Reads it.
    #[doc(hidden)]
    fn read(row: &QueryResult, prefix: &str) -> Result<Self::Row, DbErr>;
}

impl<F: Facade> Part for Whole<F> {
    type Row = Model<F>;

    fn read(row: &QueryResult, prefix: &str) -> Result<Model<F>, DbErr> {
        Model::<F>::from_query_result(row, prefix)
    }
}

impl<F: Facade> Part for Maybe<F> {
    type Row = Option<Model<F>>;

    fn read(row: &QueryResult, prefix: &str) -> Result<Option<Model<F>>, DbErr> {
        Model::<F>::from_query_result_optional(row, prefix)
    }
}

/// A shape that a further table can be added to: a model, or several of up to five tables.
#[diagnostic::on_unimplemented(
    message = "no further table can be read with these rows",
    label = "these rows are not models of one to five tables",
    note = "join the table, and select its columns"
)]
pub trait And<P: Part> {
    /// The shape with it.
    type Shape: Shape;

    /// The prefix of its columns.
    #[doc(hidden)]
    const PREFIX: &'static str;

    /// Whether there was one table alone, whose columns had no prefix.
    #[doc(hidden)]
    const IS_FIRST: bool = false;
}

impl<F: Facade, P: Part> And<P> for Whole<F> {
    type Shape = (Self, P);
    const PREFIX: &'static str = PREFIXES[1];
    const IS_FIRST: bool = true;
}

/// The prefixes of the columns of each table, as SeaORM has them.
pub(crate) const PREFIXES: [&str; 6] = ["A_", "B_", "C_", "D_", "E_", "F_"];

macro_rules! several {
    ($($part:ident $index:literal),+) => {
        impl<$($part: Part),+> Shape for ($($part,)+) {
            type Row = ($($part::Row,)+);

            fn read(row: &QueryResult) -> Result<Self::Row, DbErr> {
                Ok(($($part::read(row, PREFIXES[$index])?,)+))
            }
        }
    };
}

several!(A 0, B 1);
several!(A 0, B 1, C 2);
several!(A 0, B 1, C 2, D 3);
several!(A 0, B 1, C 2, D 3, E 4);
several!(A 0, B 1, C 2, D 3, E 4, F 5);

macro_rules! and {
    ($($part:ident),+; $index:literal) => {
        impl<$($part: Part,)+ P: Part> And<P> for ($($part,)+) {
            type Shape = ($($part,)+ P);
            const PREFIX: &'static str = PREFIXES[$index];
        }
    };
}

and!(A, B; 2);
and!(A, B, C; 3);
and!(A, B, C, D; 4);
and!(A, B, C, D, E; 5);

/// Reads a row.
pub(crate) fn read<R: Shape>(table: &'static str, row: &QueryResult) -> crate::Result<R::Row> {
    R::read(row).map_err(|error| from_row(table, error))
}

/// Reads a row of the facade's table.
pub(crate) fn model<F: Facade>(row: &QueryResult) -> crate::Result<Model<F>> {
    read::<Whole<F>>(table_name::<F>(), row)
}
