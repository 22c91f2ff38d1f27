//! Lists of values, each bound as one array: `IN ($1, $2, …)` is another statement for each number of values.

use sea_orm::sea_query::{
    ArrayType, BinOper, Expr, ExprTrait, Func, FunctionCall, OptionEnum, Query, SubQueryStatement, Value,
    extension::postgres::PgFunc,
};

use super::is_type;

/// Up to how many values a list is filled up that cannot be an array. A longer one makes a text that is not kept.
const FILLED: usize = 1_024;

/// Binds each list in an expression as an array. What it says, of NULLs too, stays the same.
///
/// The expression has been checked.
pub(crate) fn bind_lists(expr: Expr) -> Expr {
    match expr {
        Expr::Binary(left, BinOper::In, right) => list(bind_lists(*left), true, *right),
        Expr::Binary(left, BinOper::NotIn, right) => list(bind_lists(*left), false, *right),
        Expr::Binary(left, operator, right) => {
            Expr::Binary(Box::new(bind_lists(*left)), operator, Box::new(bind_lists(*right)))
        }
        Expr::Unary(operator, expr) => Expr::Unary(operator, Box::new(bind_lists(*expr))),
        Expr::Tuple(exprs) => Expr::Tuple(exprs.into_iter().map(bind_lists).collect()),
        expr => expr,
    }
}

/// Returns that an expression is, or is not, in a list.
fn list(left: Expr, is_in: bool, right: Expr) -> Expr {
    let operator = if is_in { BinOper::In } else { BinOper::NotIn };
    let Expr::Tuple(items) = right else { return left.binary(operator, right) };
    if items.is_empty() {
        return left.binary(operator, Expr::Tuple(items));
    }
    // A key of one column is a tuple of one.
    let (left, items) = match left {
        Expr::Tuple(mut exprs) if exprs.len() == 1 && items.iter().all(is_single) => {
            (exprs.remove(0), items.into_iter().map(single).collect())
        }
        left => (left, items),
    };
    if let Some(array) = Array::of(&items) {
        return array.test(Expr::tuple([left]), is_in);
    }
    if let Expr::Tuple(exprs) = &left
        && let Some(arrays) = columns(exprs.len(), &items)
    {
        let mut rows = Query::select();
        rows.exprs(arrays.into_iter().map(Array::unnest));
        return left.binary(operator, Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(rows))));
    }
    left.binary(operator, Expr::Tuple(filled(items)))
}

/// A list of one column's values.
struct Array {
    kind: ArrayType,
    values: Vec<Value>,
    cast: Cast,
    has_null: bool,
}

/// What the values are cast to.
#[derive(PartialEq)]
enum Cast {
    None,
    Enum(String),
    Type(String),
}

impl Array {
    /// Returns the array of values that are of one type, and cast to one type where they are.
    fn of(items: &[Expr]) -> Option<Self> {
        let (value, cast) = value(items.first()?)?;
        let mut array = Self { kind: kind(&value)?, values: Vec::with_capacity(items.len()), cast, has_null: false };
        for item in items {
            let (value, cast) = self::value(item)?;
            if cast != array.cast || kind(&value)? != array.kind {
                return None;
            }
            if value == value.as_null() {
                array.has_null = true;
            } else {
                array.values.push(value);
            }
        }
        Some(array)
    }

    /// The array as a parameter, of the type that the values are compared as.
    fn expr(self) -> Expr {
        let is_text = matches!(self.kind, ArrayType::String | ArrayType::Char);
        let array = Expr::val(Value::Array(self.kind, Some(Box::new(self.values))));
        match self.cast {
            Cast::Enum(name) => array.as_enum(format!("{name}[]")),
            Cast::Type(name) => array.cast_as(format!("{name}[]")),
            // PostgreSQL compares a `char(n)` with each of a list of texts as a `char(n)`, without the blanks at its end; but
            // with an array of texts as a text. With an array of `varchar` it compares either as `IN` does.
            Cast::None if is_text => array.cast_as("varchar[]"),
            Cast::None => array,
        }
    }

    /// `= ANY`, or `<> ALL`. A NULL in a list makes what is not found NULL.
    fn test(self, left: Expr, is_in: bool) -> Expr {
        let has_null = self.has_null;
        let null = || Expr::val(Value::Bool(None));
        let test = if is_in { left.eq(PgFunc::any(self.expr())) } else { left.ne(PgFunc::all(self.expr())) };
        let test = match (has_null, is_in) {
            (false, _) => test,
            (true, true) => test.or(null()),
            (true, false) => test.and(null()),
        };
        // What is around it was put together for an operator of another precedence.
        Expr::tuple([test])
    }

    /// The values as rows.
    fn unnest(self) -> Expr {
        Func::cust("unnest").arg(self.expr()).into()
    }
}

/// Returns the arrays of the columns of a list of tuples, where each can be one.
fn columns(number: usize, items: &[Expr]) -> Option<Vec<Array>> {
    let mut columns: Vec<Vec<Expr>> = vec![Vec::with_capacity(items.len()); number];
    for item in items {
        let exprs: Vec<Expr> = match item {
            Expr::Tuple(exprs) => exprs.clone(),
            Expr::Values(values) => values.iter().cloned().map(Expr::from).collect(),
            _ => return None,
        };
        if exprs.len() != number {
            return None;
        }
        columns.iter_mut().zip(exprs).for_each(|(column, expr)| column.push(expr));
    }
    // Side by side, they all have to have as many values.
    let columns: Vec<Array> = columns.iter().map(|column| Array::of(column)).collect::<Option<_>>()?;
    columns.iter().all(|column| !column.has_null).then_some(columns)
}

/// Returns the value of an item, and what it is cast to.
fn value(item: &Expr) -> Option<(Value, Cast)> {
    match item {
        Expr::Value(Value::Enum(OptionEnum::Some(value))) => {
            Some((Value::String(Some(value.value.to_string())), Cast::Enum(value.type_name.to_string())))
        }
        Expr::Value(Value::Enum(OptionEnum::None(name))) => Some((Value::String(None), Cast::Enum(name.to_string()))),
        Expr::Value(value) => Some((value.clone(), Cast::None)),
        Expr::AsEnum(name, expr) => match &**expr {
            // The name of an array's type has brackets of its own.
            Expr::Value(value) if !name.inner().ends_with(']') => {
                Some((value.clone(), Cast::Enum(name.inner().into_owned())))
            }
            _ => None,
        },
        Expr::FunctionCall(call) => cast(call),
        _ => None,
    }
}

/// Returns the value of a `CAST`, and the type.
fn cast(call: &FunctionCall) -> Option<(Value, Cast)> {
    match (call.get_func(), call.get_args()) {
        (Func::Cast, [Expr::Binary(value, BinOper::As, to)]) => match (&**value, &**to) {
            (Expr::Value(value), Expr::Custom(name)) if is_type(name) => {
                Some((value.clone(), Cast::Type(name.to_string())))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns the type of the array that has the value. Of arrays and vectors there is none; and a single-precision number is
/// compared otherwise in a list than in an array.
fn kind(value: &Value) -> Option<ArrayType> {
    match value {
        Value::Array(..) | Value::Enum(_) => None,
        #[cfg(feature = "postgres-vector")]
        Value::Vector(_) => None,
        _ => match value.array_type() {
            ArrayType::Float => None,
            kind => Some(kind),
        },
    }
}

fn is_single(item: &Expr) -> bool {
    match item {
        Expr::Tuple(exprs) => exprs.len() == 1,
        Expr::Values(values) => values.len() == 1,
        _ => false,
    }
}

fn single(item: Expr) -> Expr {
    match item {
        Expr::Tuple(mut exprs) if exprs.len() == 1 => exprs.remove(0),
        Expr::Values(mut values) if values.len() == 1 => Expr::Value(values.remove(0)),
        item => item,
    }
}

/// Repeats the last item until there are 2, 4, 8 and so on, so that there are few numbers of them.
fn filled(mut items: Vec<Expr>) -> Vec<Expr> {
    let number = items.len().next_power_of_two();
    if number <= FILLED
        && let Some(last) = items.last().cloned()
    {
        items.resize(number, last);
    }
    items
}
