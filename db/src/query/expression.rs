//! Which expressions a scoped query takes: structured ones, all the way down.
//!
//! sea-query brackets what it builds, so a structured condition cannot get out of the scope's predicate, which
//! is and-ed to it. Raw text can: `1=1) OR (1=1` closes the bracket. So every expression that a caller gives is
//! walked, and one with text in it is refused, and one that cannot be walked as well. A subquery is refused
//! too: its statement was built elsewhere, with no scope.

mod lists;

use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, Iterable,
    sea_query::{
        ArrayType, BinOper, ColumnName, ColumnRef, DatabaseName, DynIden, Expr, Func, FunctionCall, Keyword,
        OptionEnum, Order, SchemaName, SubQueryStatement, TableName, TableRef, TypeRef, Value,
        extension::postgres::PgFunc,
    },
};

pub(crate) use self::lists::bind_lists;
use super::functions::reaches_out;
use crate::{Error, error::Kind, sql::check_value};

/// An expression that a scoped query does not take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    place: &'static str,
    what: Refused,
}

impl From<Refusal> for Error {
    fn from(Refusal { place, what }: Refusal) -> Self {
        Kind::RawText { place, what }.into()
    }
}

/// What was refused, in words that fit "the filter has …".
type Refused = &'static str;

const TEXT: Refused = "raw text";
const NAME: Refused = "a name with a quote in it";

/// Checks a condition given at `place`.
pub(crate) fn check_condition(place: &'static str, condition: &Condition) -> Result<(), Refusal> {
    // The parts of a condition are private to sea-query; as an expression they are not.
    check(place, &Expr::from(condition.clone()))
}

/// Puts a condition between brackets, with each list in it as an array.
///
/// sea-query leaves brackets out by the precedence of operators, and an expression can be put together by hand of
/// operands that its operator does not take. Between brackets, what is and-ed to it is none of them.
pub(crate) fn bracketed(condition: Condition) -> Condition {
    if condition.is_empty() { condition } else { Condition::all().add(Expr::tuple([bind_lists(condition.into())])) }
}

/// Checks an expression given at `place`.
pub(crate) fn check(place: &'static str, expr: &Expr) -> Result<(), Refusal> {
    walk(expr).map_err(|what| Refusal { place, what })
}

/// Checks a name that is given to something at `place`.
pub(crate) fn check_name(place: &'static str, name: &DynIden) -> Result<(), Refusal> {
    iden(name).map_err(|what| Refusal { place, what })
}

/// Says that what was given at `place` is not known here.
pub(crate) fn refusal(place: &'static str, what: Refused) -> Refusal {
    Refusal { place, what }
}

/// Checks the order given at `place`.
pub(crate) fn check_order(place: &'static str, order: &Order) -> Result<(), Refusal> {
    match order {
        Order::Asc | Order::Desc => Ok(()),
        // Values are written into the statement by `Field`, not bound.
        Order::Field(values) => values.iter().try_for_each(inline),
        _ => Err("an order that is not known here"),
    }
    .map_err(|what| Refusal { place, what })
}

/// Checks what an entity says of itself: its table's name, and how its columns are read and written.
pub(crate) fn check_entity<E: EntityTrait>() -> Result<(), Refusal> {
    let place = "the entity";
    match E::default().table_ref() {
        TableRef::Table(table, None) => table_name(&table).map_err(|what| Refusal { place, what })?,
        _ => return Err(refusal(place, "a table that is not named")),
    }
    for column in E::Column::iter() {
        check(place, &column.select_as(Expr::col(column)))?;
        check(place, &column.save_as(Expr::val(1)))?;
        check(place, &column.into_returning_expr(DbBackend::Postgres))?;
    }
    Ok(())
}

fn walk(expr: &Expr) -> Result<(), Refused> {
    match expr {
        Expr::Column(column) => column_ref(column),
        Expr::Constant(value) => inline(value),
        Expr::Tuple(exprs) => exprs.iter().try_for_each(walk),
        Expr::Unary(_, expr) => walk(expr),
        Expr::Binary(left, operator, right) => {
            if let BinOper::Custom(_) = operator {
                return Err("a raw operator");
            }
            walk(left)?;
            walk(right)
        }
        Expr::FunctionCall(call) => function(call),
        Expr::AsEnum(name, expr) => {
            iden(name)?;
            walk(expr)
        }
        Expr::TypeName(name) => type_ref(name),
        Expr::Keyword(Keyword::Custom(_)) | Expr::Custom(_) | Expr::CustomWithExpr(..) => Err(TEXT),
        Expr::Value(value) => bound(value),
        Expr::Values(values) => values.iter().try_for_each(bound),
        Expr::Keyword(_) => Ok(()),
        Expr::SubQuery(_, query) => Err(match **query {
            SubQueryStatement::SelectStatement(_) => "a subquery that is no scoped query",
            _ => "a statement of its own",
        }),
        Expr::Case(_) => Err("a CASE, which cannot be inspected"),
        _ => Err("an expression that is not known here"),
    }
}

fn function(call: &FunctionCall) -> Result<(), Refused> {
    if let Some(filter) = call.get_filter() {
        walk(&Expr::from(filter.clone()))?;
    }
    match call.get_func() {
        // Written without quotes.
        Func::Custom(name) if !is_plain(&name.inner(), "") => Err("a function whose name is not plain"),
        Func::Custom(name) if reaches_out(&name.inner()) => Err("a function that reaches beyond the rows"),
        Func::PgFunction(function) if locks(function) => Err("a function that reaches beyond the rows"),
        Func::Cast => cast(call.get_args()),
        _ => call.get_args().iter().try_for_each(walk),
    }
}

/// Advisory locks are the database's, not a tenant's, and some outlive the transaction on a pooled connection.
fn locks(function: &PgFunc) -> bool {
    matches!(
        function,
        PgFunc::AdvisoryLock
            | PgFunc::AdvisoryLockShared
            | PgFunc::AdvisoryUnlock
            | PgFunc::AdvisoryUnlockAll
            | PgFunc::AdvisoryUnlockShared
            | PgFunc::AdvisoryXactLock
            | PgFunc::AdvisoryXactLockShared
            | PgFunc::TryAdvisoryLock
            | PgFunc::TryAdvisoryLockShared
            | PgFunc::TryAdvisoryXactLock
            | PgFunc::TryAdvisoryXactLockShared
    )
}

/// `CAST(… AS type)`: sea-query has the type as raw text, which is let through where it is nothing but words.
fn cast(args: &[Expr]) -> Result<(), Refused> {
    match args {
        [Expr::Binary(value, BinOper::As, to)] => {
            walk(value)?;
            match &**to {
                Expr::Custom(name) if is_type(name) => Ok(()),
                Expr::TypeName(name) => type_ref(name),
                _ => Err("a cast to a type whose name is not plain"),
            }
        }
        _ => Err("a cast that is not known here"),
    }
}

/// Returns whether the text is the name of a type: words, and at most one `(10, 2)` among them.
fn is_type(text: &str) -> bool {
    let text = text.trim_end_matches("[]");
    let Some((before, rest)) = text.split_once('(') else { return is_plain(text, " .") };
    let Some((numbers, after)) = rest.split_once(')') else { return false };
    numbers.chars().all(|c| c.is_ascii_digit() || ", ".contains(c)) && is_plain(&format!("{before}{after}"), " .")
}

/// Returns whether the text is a word of letters, digits and underscores, or such words with `between` between them.
fn is_plain(text: &str, between: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || between.contains(c))
}

fn column_ref(column: &ColumnRef) -> Result<(), Refused> {
    match column {
        ColumnRef::Column(ColumnName(table, column)) => {
            table.as_ref().map_or(Ok(()), table_name)?;
            iden(column)
        }
        ColumnRef::Asterisk(table) => table.as_ref().map_or(Ok(()), table_name),
        _ => Err("a column that is not known here"),
    }
}

fn table_name(TableName(schema, table): &TableName) -> Result<(), Refused> {
    schema.as_ref().map_or(Ok(()), schema_name)?;
    iden(table)
}

fn type_ref(TypeRef(schema, name): &TypeRef) -> Result<(), Refused> {
    schema.as_ref().map_or(Ok(()), schema_name)?;
    iden(name)
}

fn schema_name(SchemaName(database, schema): &SchemaName) -> Result<(), Refused> {
    if let Some(DatabaseName(database)) = database {
        iden(database)?;
    }
    iden(schema)
}

/// Names are written between quotes. sea-query escapes only some of them: not those that an `Iden` of the
/// caller's own says need no escaping, nor the name of an enum.
fn iden(name: &DynIden) -> Result<(), Refused> {
    if has_quote(&name.inner()) { Err(NAME) } else { Ok(()) }
}

fn has_quote(name: &str) -> bool {
    name.contains(['"', '\0'])
}

/// A value that is bound: of it only the name of an enum is written, between quotes and not escaped.
fn bound(value: &Value) -> Result<(), Refused> {
    check_value(value)?;
    let name: &str = match value {
        Value::Enum(OptionEnum::Some(value)) => &value.type_name,
        Value::Enum(OptionEnum::None(name)) => name,
        Value::Array(ArrayType::Enum(name), _) => name,
        _ => return Ok(()),
    };
    if has_quote(name) { Err(NAME) } else { Ok(()) }
}

/// A value that is written into the statement: the kinds that sea-query escapes in full.
fn inline(value: &Value) -> Result<(), Refused> {
    match value {
        Value::Bool(_)
        | Value::TinyInt(_)
        | Value::SmallInt(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::String(_)
        | Value::Uuid(_) => Ok(()),
        Value::Char(c) if c.is_none_or(|c| c.is_ascii()) => Ok(()),
        _ => Err("a constant; bind it as a value (`Expr::val`)"),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sea_orm::sea_query::{Alias, CaseStatement, Enum, ExprTrait, Iden, PostgresQueryBuilder, Query};

    use super::*;

    struct Unescaped;

    impl Iden for Unescaped {
        fn quoted(&self) -> Cow<'static, str> {
            Cow::Borrowed("id\" = \"id\" OR \"id")
        }
        fn unquoted(&self) -> &'static str {
            "id"
        }
    }

    fn column() -> Expr {
        Expr::col("title")
    }

    fn enum_value() -> Value {
        let value = Enum { type_name: "t\" OR \"a".into(), value: "x".into() };
        Value::Enum(OptionEnum::Some(Box::new(value)))
    }

    #[test]
    fn structured_expressions_pass() {
        for expr in [
            column().eq("x"),
            column().like("a%").and(column().is_null().not()),
            column().is_in(["a", "b"]).or(column().between(1, 2)),
            Expr::expr(Func::lower(column())).eq("x"),
            Func::cust("starts_with").arg(column()).arg("x").into(),
            column().cast_as("text"),
            column().cast_as("timestamp with time zone"),
            column().cast_as("text[]"),
            column().cast_as("numeric(10, 2)"),
            column().cast_as("timestamp(3) with time zone"),
            column().cast_as("public.citext"),
            Expr::current_timestamp(),
            Func::count(column()).filter(column().eq(1)).into(),
            Expr::tuple([column(), Expr::val(1)]),
            Value::Enum(OptionEnum::None("mood".into())).into(),
        ] {
            assert!(walk(&expr).is_ok(), "{expr:?}");
        }
    }

    /// Wherever text hides, it is found; the list is every place where sea-query writes a caller's text as it is.
    #[test]
    fn raw_text_is_refused_wherever_it_hides() {
        let text = || Expr::cust("1=1) OR (1=1");
        let select = Query::select().expr(Expr::val(1)).to_owned();
        let bad = [
            text(),
            Expr::cust_with_exprs("$1) OR ($1", [Expr::val(1)]),
            Expr::cust_with_values("$1) OR ($1", [1]),
            Expr::exists(select.clone()),
            column().in_subquery(select.clone()),
            Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(select))),
            column().binary(BinOper::Custom("= 1) OR"), 1),
            Expr::Keyword(Keyword::Custom(Alias::new("1=1) OR (1").into())),
            Func::cust(Alias::new("now() OR length")).arg("x").into(),
            column().cast_as(Alias::new("text) OR (1=1")),
            column().cast_as(Alias::new("text(1) OR (1)")),
            column().cast_as(Alias::new("text(1)) OR (1")),
            column().cast_as(Alias::new("text(a)")),
            column().as_enum(Alias::new("t\") OR (\"a")),
            Expr::col(Unescaped).eq(1),
            Expr::col((Unescaped, "id")).eq(1),
            Expr::Case(Box::new(CaseStatement::new().case(text(), 1))),
            Expr::Constant(Value::Bytes(Some(vec![1]))),
            column().eq(enum_value()),
            Expr::Values(vec![1.into(), enum_value()]),
            Value::Enum(OptionEnum::None("t\" OR \"a".into())).into(),
            Value::Array(ArrayType::Enum(Box::new("t\" OR \"a".into())), None).into(),
            Func::cast_as(1, "text").filter(text()).into(),
            Func::cust("Query_To_XML").arg("SELECT 1").into(),
            Func::cust("dblink_exec").arg("SELECT 1").into(),
        ];
        for expr in bad {
            let nested = [
                expr.clone(),
                column().eq(1).and(expr.clone()),
                expr.clone().not(),
                Expr::from(Condition::any().add(column().eq(1)).add(Condition::all().add(expr.clone()).not())),
                Func::coalesce([Expr::val(1), expr.clone()]).into(),
                Func::count(column()).filter(expr.clone()).into(),
                Expr::tuple([Expr::val(1), expr.clone()]),
                expr.clone().cast_as("text"),
                column().between(1, expr.clone()),
            ];
            for expr in nested {
                assert!(walk(&expr).is_err(), "{expr:?} renders {}", render(&expr));
            }
        }
    }

    fn render(expr: &Expr) -> String {
        Query::select().expr(expr.clone()).to_string(PostgresQueryBuilder)
    }
}
