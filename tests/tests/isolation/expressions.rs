//! Raw text does not get into a scoped query, wherever it hides: it could leave the scope's predicate.

use db::{Error, prelude::*};
use entity::{
    ResearchPlan,
    research_plan::{Column, Writable},
};
use sea_orm::{
    Value,
    sea_query::{
        Alias, ArrayType, BinOper, CaseStatement, Enum, Keyword, OptionEnum, Query, SelectStatement, SubQueryStatement,
        Values,
    },
    sqlx::query_scalar,
};

use crate::world::{rows_of, switch_row_level_security_off, world};

/// Closes the bracket that it stands in. Valid as a whole, so that it would run if it were sent.
const ESCAPE: &str = "1=1) OR (1=1";

fn title() -> Expr {
    Expr::col("title")
}

fn every_plan() -> SelectStatement {
    Query::select().expr(Expr::val(1)).from("research_plan").to_owned()
}

/// The name of a type that ends the comparison that it stands in: sea-query writes it between quotes, and does not
/// escape it.
const TYPE_NAME: &str = r#"text" OR "title" <> "question" OR "title" <> "question"#;

fn enum_value() -> Value {
    Value::Enum(OptionEnum::Some(Box::new(Enum { type_name: TYPE_NAME.into(), value: "x".into() })))
}

/// The kinds of raw text, and of what cannot be inspected.
fn texts() -> Vec<(&'static str, Expr)> {
    vec![
        ("text", Expr::cust(ESCAPE)),
        ("text over expressions", Expr::cust_with_exprs("$1) OR ($1", [Expr::val(true)])),
        ("text over values", Expr::cust_with_values("$1) OR ($1", [true])),
        ("a union", Expr::cust("true UNION ALL SELECT * FROM research_plan")),
        ("a comment", Expr::cust("true --")),
        ("an operator", title().binary(BinOper::Custom("= '') OR ('' ="), "")),
        ("a keyword", Expr::Keyword(Keyword::Custom(Alias::new(ESCAPE).into()))),
        ("a function's name", Func::cust(Alias::new("now() IS NULL) OR (length")).arg("x").into()),
        ("a function's schema", Func::cust(Alias::new("pg_catalog.set_config")).arg("x").into()),
        ("a type's name", title().cast_as(Alias::new("text) OR (1=1")).eq("x")),
        ("an enum's name", title().eq(Expr::val("x").as_enum(Alias::new(TYPE_NAME)))),
        ("the name of a value's enum", title().eq(enum_value())),
        ("the name of a missing value's enum", title().eq(Value::Enum(OptionEnum::None(TYPE_NAME.into())))),
        (
            "the name of an enum in a list",
            Expr::Binary(Box::new(title()), BinOper::In, Box::new(Expr::Values(vec!["x".into(), enum_value()]))),
        ),
        ("the name of an array's enum", title().eq(Value::Array(ArrayType::Enum(Box::new(TYPE_NAME.into())), None))),
        ("a column's name", Expr::col(Alias::new(r#"title" = "title" OR "title"#)).eq("x")),
        ("a table's name", Expr::col((Alias::new(r#"x"."title" OR "y"#), "title")).eq("x")),
        ("a constant", title().eq(Expr::Constant(enum_value()))),
        ("a subquery that exists", Expr::exists(every_plan())),
        ("a subquery that holds the row", Expr::col("id").in_subquery(every_plan())),
        ("a subquery", Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(every_plan()))).eq(1)),
        (
            "a statement",
            Expr::SubQuery(
                None,
                Box::new(SubQueryStatement::DeleteStatement(Query::delete().from_table("research_plan").to_owned())),
            ),
        ),
        ("a case", Expr::Case(Box::new(CaseStatement::new().case(Expr::cust(ESCAPE), true)))),
    ]
}

/// The places in an expression where another one may hide.
fn nested(hidden: &Expr) -> Vec<(&'static str, Expr)> {
    let hidden = || hidden.clone();
    let mine = || title().eq("mine");
    vec![
        ("bare", hidden()),
        ("and", mine().and(hidden())),
        ("or", mine().or(hidden())),
        ("not", hidden().not()),
        ("not of a condition", Expr::from(Condition::any().add(mine()).add(Condition::all().add(hidden()).not()))),
        ("function's argument", Func::coalesce([Expr::val(true), hidden()]).into()),
        ("argument of a function of one's own", Func::cust("starts_with").arg(title()).arg(hidden()).into()),
        ("function's filter", Func::count(title()).filter(hidden()).into()),
        ("cast's filter", Func::cast_as(title(), "text").filter(hidden()).into()),
        ("tuple", Expr::tuple([Expr::val(1), Expr::tuple([hidden()])]).is_not_null()),
        ("cast", hidden().cast_as("text").eq("x")),
        ("enum", hidden().as_enum("mood")),
        ("range", title().between("a", hidden())),
        ("list", title().is_in([Expr::val("x"), hidden()])),
        ("left", hidden().eq(mine())),
        ("pattern", title().binary(BinOper::Like, hidden())),
        ("deep", (0..20).fold(hidden(), |expr, _| Func::coalesce([expr.not(), mine()]).into())),
    ]
}

/// Returns the text that is refused in words, or what was done instead.
fn refused<T: std::fmt::Debug>(result: db::Result<T>) -> Result<(), String> {
    match result {
        Err(error) if error.is_raw_text() && error.to_string().to_lowercase().contains("`db::raw") => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

#[tokio::test]
async fn raw_text_is_refused_wherever_it_hides_and_nothing_is_sent() {
    let f = world().await;
    let before = (rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await);
    let cx = f.db.tenant(f.globex.id, &f.globex.owner).begin().await.unwrap();
    let mut let_through = Vec::new();
    for (what, text) in texts() {
        for (how, expr) in nested(&text) {
            let find = || ResearchPlan::find().filter(Column::Title.eq("mine"));
            let update = || ResearchPlan::update_many().col_expr(Writable::Title, "stolen");
            let tried = [
                ("filter of all", refused(find().filter(expr.clone()).all(&cx).await)),
                ("filter of one", refused(find().filter(expr.clone()).one(&cx).await)),
                ("filter of count", refused(find().filter(expr.clone()).count(&cx).await)),
                ("filter of exists", refused(find().filter(expr.clone()).exists(&cx).await)),
                (
                    "filter before another",
                    refused(ResearchPlan::find().filter(expr.clone()).filter(Column::Title.eq("x")).all(&cx).await),
                ),
                ("filter by id", refused(ResearchPlan::find_by_id(f.acme.plan).filter(expr.clone()).all(&cx).await)),
                ("order", refused(find().order_by(expr.clone(), Order::Asc).all(&cx).await)),
                ("order, then counted", refused(find().order_by_desc(expr.clone()).count(&cx).await)),
                (
                    "order with nulls",
                    refused(find().order_by_with_nulls(expr.clone(), Order::Desc, NullOrdering::Last).all(&cx).await),
                ),
                ("filter of update", refused(update().filter(expr.clone()).exec(&cx).await)),
                ("filter of update, returning", refused(update().filter(expr.clone()).exec_with_returning(&cx).await)),
                ("assignment", refused(update().col_expr(Writable::Question, expr.clone()).exec(&cx).await)),
                ("filter of delete", refused(ResearchPlan::delete_many().filter(expr.clone()).exec(&cx).await)),
                (
                    "filter of delete, returning",
                    refused(ResearchPlan::delete_many().filter(expr).exec_with_returning(&cx).await),
                ),
            ];
            let_through.extend(
                tried
                    .into_iter()
                    .filter_map(|(place, tried)| Some(format!("{what}, {how}, {place}: {}", tried.err()?))),
            );
        }
    }
    for values in [Values(vec![enum_value()]), Values(vec![Value::Bytes(Some(vec![1]))])] {
        let ordered = ResearchPlan::find().order_by(Column::Title, Order::Field(values)).all(&cx).await;
        let_through.extend(refused(ordered).err());
    }
    assert!(let_through.is_empty(), "{let_through:#?}");

    // The server has seen nothing since the message that opened the context.
    let mut owner = f.database.owner().await;
    let last: Vec<String> = query_scalar(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(last.len() == 1 && last[0].starts_with("BEGIN; SELECT"), "{last:?}");

    // And the context goes on.
    assert_eq!(ResearchPlan::find().count(&cx).await.unwrap(), 1);
    cx.commit().await.unwrap();
    assert_eq!((rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await), before);
}

/// The twin: the same characters as a value are nothing but a value.
#[tokio::test]
async fn text_in_a_value_is_only_a_value() {
    let f = world().await;
    let texts = [ESCAPE, "'", "\\", "\\') OR (1=1", "' OR '1'='1", "\"", "$1", "x\u{8}\n' OR 1=1 --", "𝕏'"];
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        for text in texts {
            for value in [Expr::val(text), Expr::Constant(text.into())] {
                let found = ResearchPlan::find().filter(Column::Title.into_expr().eq(value.clone()));
                assert!(!found.exists(cx).await?, "{text}");
                let assigned = ResearchPlan::update_many().col_expr(Writable::Question, value);
                let assigned = assigned.exec_with_returning(cx).await?;
                assert_eq!(assigned.len(), 1);
                assert_eq!(assigned[0].question, text);
            }
        }
        Ok(())
    })
    .await
    .unwrap();
}

/// Functions that take SQL as a value run it with no predicate: layer 2 does not let them in, so that it holds alone.
#[tokio::test]
async fn a_function_that_runs_sql_is_refused_as_raw_text() {
    let f = world().await;
    switch_row_level_security_off(&f).await;
    let table = || Expr::val("research_plan").cast_as("regclass");
    let [yes, no] = [true, false].map(Expr::val);
    let functions = [
        Func::cust("query_to_xml").args([
            Expr::val("SELECT * FROM research_plan"),
            yes.clone(),
            no.clone(),
            Expr::val(""),
        ]),
        Func::cust("QUERY_TO_XML_AND_XMLSCHEMA").args([
            Expr::val("SELECT * FROM research_plan"),
            yes.clone(),
            no.clone(),
            Expr::val(""),
        ]),
        Func::cust("table_to_xml").args([table(), yes.clone(), no.clone(), Expr::val("")]),
        Func::cust("schema_to_xml").args([Expr::val("public").cast_as("name"), yes.clone(), no.clone(), Expr::val("")]),
        Func::cust("database_to_xml").args([yes, no, Expr::val("")]),
    ];
    for function in functions {
        let all = Expr::from(function.clone()).cast_as("text");
        let assigned: Result<_, Error> =
            f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
                let assign = ResearchPlan::update_many().col_expr(Writable::Question, all.clone());
                assign.exec_with_returning(cx).await
            })
            .await;
        let assigned = assigned.map(|rows| rows.iter().any(|row| row.question.contains("acme")));
        refused(assigned).unwrap_or_else(|seen| panic!("{function:?}: a foreign row is seen: {seen}"));
    }
}
