//! Raw text, and statements of the caller's own, are put wherever a query takes something of the caller's: at random
//! depths of random expressions, in a random place. None is sent. The same queries without them are, and each table in
//! them carries its predicate.

use std::borrow::Cow;

use db::{Context, Error, Result, Select, Tenant, prelude::*};
use sea_orm::{
    Identity,
    sea_query::{
        Alias, ArrayType, BinOper, CaseStatement, Enum, Iden, Keyword, OptionEnum, Query, SelectExpr,
        SubQueryStatement, Value,
    },
};

use crate::{
    oracle::unscoped,
    tables::{
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
    },
    world::{World, id},
};

/// A name that says of itself that it need not be escaped.
#[derive(Clone, Copy)]
struct Unescaped;

const SMUGGLED: &str = "smuggled";
const NAME: &str = "points\" = 1 OR \"smuggled";

impl Iden for Unescaped {
    fn quoted(&self) -> Cow<'static, str> {
        Cow::Borrowed(NAME)
    }
    fn unquoted(&self) -> &'static str {
        NAME
    }
}

fn points() -> Expr {
    Expr::col((Alias::new("task"), Alias::new("points")))
}

/// Every way there is to write text of one's own, or a statement of one's own, into an expression.
fn smuggled(random: &mut fastrand::Rng) -> Expr {
    let select = || Query::select().expr(Expr::col("smuggled")).from("task").to_owned();
    let enumerated = || Enum { type_name: "t\" OR \"smuggled".into(), value: "x".into() };
    match random.u8(..24) {
        0 => Expr::cust("1=1) OR (smuggled"),
        1 => Expr::cust_with_values("$1) OR (smuggled", [1]),
        2 => Expr::cust_with_exprs("$1) OR (smuggled", [points()]),
        3 => Expr::Keyword(Keyword::Custom(Alias::new("smuggled) OR (1=1").into())),
        4 => points().binary(BinOper::Custom("= 1) OR smuggled ="), 1),
        5 => Func::cust(Alias::new("now() OR smuggled")).arg(1).into(),
        6 => points().cast_as(Alias::new("text) OR (smuggled")),
        7 => points().as_enum(Alias::new("t\") OR (\"smuggled")),
        8 => Expr::exists(select()),
        9 => points().in_subquery(select()),
        10 => Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(select()))),
        11 => Expr::SubQuery(
            None,
            Box::new(SubQueryStatement::DeleteStatement(Query::delete().from_table("smuggled").to_owned())),
        ),
        12 => Expr::Case(Box::new(CaseStatement::new().case(Expr::cust("smuggled"), 1))),
        13 => Expr::col(Unescaped),
        14 => Expr::col((Unescaped, Alias::new("points"))),
        15 => Expr::col((Alias::new("task"), Unescaped)),
        16 => points().eq(Value::Enum(OptionEnum::Some(Box::new(enumerated())))),
        17 => points().eq(Value::Enum(OptionEnum::None("t\" OR \"smuggled".into()))),
        18 => Value::Array(ArrayType::Enum(Box::new("t\" OR \"smuggled".into())), None).into(),
        19 => Expr::Constant(Value::Bytes(Some(b"smuggled".to_vec()))),
        20 => Func::count(points()).filter(Expr::cust("smuggled")).into(),
        21 => Func::cust("query_to_xml").arg("select 'smuggled'").into(),
        22 => points().in_subquery(select()).not(),
        _ => points().not_in_subquery(select()),
    }
}

/// An expression with `leaf` somewhere in it; of type boolean where `leaf` is.
fn around(random: &mut fastrand::Rng, leaf: Expr, depth: u8) -> Expr {
    if depth == 0 {
        return leaf;
    }
    let other = || points().gt(1);
    let wrapped = match random.u8(..14) {
        0 => leaf.and(other()),
        1 => other().or(leaf),
        2 => leaf.not(),
        3 => Condition::any().add(other()).add(Condition::all().add(leaf).not()).into(),
        4 => Condition::all().add(leaf).add(other()).not().into(),
        5 => Func::coalesce([leaf, Expr::val(true)]).into(),
        6 => Func::coalesce([other(), leaf]).into(),
        7 => leaf.cast_as("boolean"),
        8 => leaf.eq(true),
        9 => Expr::val(true).is_in([leaf, other()]),
        10 => leaf.is_null(),
        11 => Expr::tuple([leaf, Expr::val(1)]).eq(Expr::tuple([Expr::val(true), Expr::val(1)])),
        12 => Expr::val(true).between(Expr::tuple([leaf]), true),
        _ => leaf.ne(false),
    };
    around(random, wrapped, depth - 1)
}

const PLACES: usize = 26;

/// Runs a query that has the expression in one of the places that take one.
async fn run(cx: &mut Context<Tenant>, place: usize, expr: Expr) -> Result<()> {
    let tasks = Task::find;
    let grouped = || tasks().select_only().column_as(task::Column::Id.count(), "n").group_by(task::Column::Points);
    let count = |select: Select<Task, ()>| async { select.count(&*cx).await.map(drop) };
    match place {
        0 => count(tasks().filter(expr)).await,
        1 => tasks().order_by_asc(expr).all(cx).await.map(drop),
        2 => tasks().order_by_with_nulls(expr, Order::Desc, NullOrdering::Last).one(cx).await.map(drop),
        3 => tasks().select_only().expr_as(expr, "x").into_tuple::<Option<bool>>().all(cx).await.map(drop),
        4 => tasks().select_only().column_as(expr, "x").into_json().all(cx).await.map(drop),
        5 => tasks().expr(SelectExpr { expr, alias: None, window: None }).into_json().one(cx).await.map(drop),
        6 => tasks().select_only().exprs([expr]).distinct().into_json().all(cx).await.map(drop),
        7 => {
            let grouped = tasks().select_only().column_as(task::Column::Id.count(), "n").group_by(expr);
            grouped.into_tuple::<i64>().all(cx).await.map(drop)
        }
        8 => grouped().having(expr).into_tuple::<i64>().all(cx).await.map(drop),
        9 => tasks().inner_join(Project).filter(expr).count(cx).await.map(drop),
        10 => tasks().find_also_related(Project).filter(expr).all(cx).await.map(drop),
        11 => Project::find().find_with_related(Task).filter(expr).all(cx).await.map(drop),
        12 => Project::find().has_related(Task, Condition::all().add(expr)).all(cx).await.map(drop),
        13 => Tag::find().has_no_related(Task, Condition::all().add(expr)).all(cx).await.map(drop),
        14 => {
            let sub = tasks().filter(expr).select_only().column(task::Column::ProjectId);
            Project::find().in_subquery(project::Column::Id, sub).all(cx).await.map(drop)
        }
        15 => {
            let ids = Project::find().select_only().expr(Expr::val(true));
            tasks().not_in_subquery(expr, ids).all(cx).await.map(drop)
        }
        16 => Task::load().filter(expr).with(Project).all(cx).await.map(drop),
        17 => Project::load().with(Task::load().filter(expr).with(Tag)).all(cx).await.map(drop),
        18 => {
            let projects = Project::find().all(cx).await?;
            projects.load_many(tasks().filter(expr), cx).await.map(drop)
        }
        19 => tasks().filter(expr).paginate(&*cx, 2).fetch_and_next().await.map(drop),
        20 => tasks().filter(expr).cursor_by(task::Column::Id).first(2).all(cx).await.map(drop),
        21 => tasks().filter(expr).stream(&*cx).await.map(drop),
        22 => Task::update_many().col_expr(task::Writable::Title, expr.cast_as("text")).exec(cx).await.map(drop),
        23 => Task::update_many().col_expr(task::Writable::Points, 1).filter(expr).exec(cx).await.map(drop),
        24 => Task::delete_many().filter(expr).exec(cx).await.map(drop),
        _ => tasks().filter(expr).exists(cx).await.map(drop),
    }
}

/// Runs it in a context that is rolled back.
async fn tried(world: &World, place: usize, expr: Expr) -> Result<()> {
    let mut cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await?;
    run(&mut cx, place, expr).await
}

fn seed() -> u64 {
    std::env::var("SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap())
}

#[tokio::test]
async fn no_text_of_the_callers_own_is_sent_from_anywhere() {
    let (world, seed) = (World::new().await, seed());
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..PLACES * 40 {
        let (place, depth) = (round % PLACES, random.u8(..5));
        let leaf = smuggled(&mut random);
        let expr = around(&mut random, leaf, depth);
        let what = format!("SEED={seed}, place {place}: {expr:?}");
        let refused: Error = tried(&world, place, expr).await.expect_err(&what);
        assert!(refused.is_raw_text(), "{refused}, {what}");
        for statement in world.statements() {
            assert!(!statement.contains(SMUGGLED), "{statement}, {what}");
            assert_eq!(unscoped(&statement), None, "{what}");
        }
    }
}

/// The control: without the text nothing is refused, and what is sent carries its predicates.
#[tokio::test]
async fn structured_expressions_are_sent_from_everywhere() {
    let (world, seed) = (World::new().await, seed());
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..PLACES * 8 {
        let (place, depth) = (round % PLACES, random.u8(..5));
        // Grouped, a condition is on what it is grouped by; elsewhere it is on any column.
        let expr = around(&mut random, points().lt(7), depth);
        let what = format!("SEED={seed}, place {place}: {expr:?}");
        match tried(&world, place, expr).await {
            Ok(()) => {}
            // `Tag` has no column of that name in its `NOT EXISTS`, and so on: PostgreSQL's to say.
            Err(error) => assert!(error.sqlstate().is_some(), "{error}, {what}"),
        }
        let statements = world.statements();
        assert!(!statements.is_empty(), "{what}");
        for statement in statements {
            assert_eq!(unscoped(&statement), None, "{what}");
        }
    }
}

/// A binary expression put together by hand, with operands that its operator may not take.
fn odd(random: &mut fastrand::Rng, depth: u8) -> Expr {
    use BinOper::{
        Add, And, As, Between, BitAnd, Equal, Escape, GreaterThan, In, Is, IsNot, Like, Mod, NotBetween, NotEqual,
        NotIn, NotLike, Or, SmallerThan,
    };

    if depth == 0 {
        return match random.u8(..12) {
            0 => Expr::val(true),
            8 | 9 => points().lt(random.i32(..9)),
            10 | 11 => points().gt(random.i32(..9)),
            1 => Expr::val(1),
            2 => Expr::col((Alias::new("task"), Alias::new("title"))),
            3 => Expr::col((Alias::new("task"), Alias::new("organization_id"))),
            4 => Expr::Keyword(Keyword::Null),
            5 => Expr::tuple([points(), Expr::val(2)]),
            6 => Expr::TypeName("boolean".into()),
            _ => points(),
        };
    }
    let operators = [
        Add,
        And,
        As,
        Between,
        Between,
        BitAnd,
        Equal,
        Escape,
        GreaterThan,
        In,
        Is,
        IsNot,
        Like,
        Mod,
        NotBetween,
        NotEqual,
        NotIn,
        NotLike,
        Or,
        Or,
        SmallerThan,
    ];
    let operator = operators[random.usize(..operators.len())];
    let (left, right) = (odd(random, depth - 1), random.u8(..depth));
    let binary = Expr::Binary(Box::new(left), operator, Box::new(odd(random, right)));
    if random.u8(..4) == 0 { binary.not() } else { binary }
}

/// sea-query brackets by the precedence of operators, and trusts their operands. With layer 2 alone: PostgreSQL may
/// refuse what comes of an odd one, but no row of the other tenant is in it.
#[tokio::test]
async fn no_operator_gets_out_of_its_condition() {
    let (world, seed) = (World::new().await, seed());
    world.switch_row_level_security_off().await;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut answered = 0;
    let mut ask = async |expr: Expr| {
        let what = format!("SEED={seed}: {expr:?}");
        for place in 0..5 {
            let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
            let expr = expr.clone();
            let rows: Result<Vec<task::Model>> = match place {
                0 => Task::find().filter(expr).all(&cx).await,
                1 => Task::find().left_join(Project).filter(points().lt(7)).filter(expr).all(&cx).await,
                2 => Task::find().has_related(Project, Condition::all().add(expr)).all(&cx).await,
                3 => {
                    Task::update_many().col_expr(task::Writable::Points, 1).filter(expr).exec_with_returning(&cx).await
                }
                _ => Task::delete_many().filter(expr).exec_with_returning(&cx).await,
            };
            match rows {
                Ok(rows) => {
                    answered += 1;
                    assert!(rows.iter().all(|row| row.organization_id == world.f.acme.id), "place {place}, {what}");
                }
                Err(error) => assert!(error.sqlstate().is_some() || error.is_raw_text(), "{error}, {what}"),
            }
        }
        answered
    };
    for _ in 0..400 {
        let depth = random.u8(1..4);
        ask(odd(&mut random, depth)).await;
    }
    // What would take the predicate for its upper bound, or its pattern.
    for (left, operator) in
        [(points(), BinOper::Between), (points(), BinOper::NotBetween), (Expr::val(true), BinOper::Or)]
    {
        ask(Expr::Binary(Box::new(left), operator, Box::new(Expr::val(1)))).await;
    }
    // The control: what is sound is answered.
    let before = ask(Expr::val(false)).await;
    assert_eq!(ask(points().gt(0).or(points().lt(0))).await - before, 5);
}

/// Whatever sea-query thinks of the precedence of its operator.
#[tokio::test]
async fn what_is_given_is_between_brackets() {
    let world = World::new().await;
    for place in [0, 9, 12, 15, 18, 23, 24] {
        tried(&world, place, points().lt(7)).await.ok();
        let statements = world.statements();
        let sent = statements.last().unwrap();
        assert!(sent.contains(r#"("task"."points" < $"#), "place {place}: {sent}");
    }
}

/// Names are written between quotes: those of columns, of tables, and of what is selected.
#[tokio::test]
async fn a_name_with_a_quote_in_it_is_refused_everywhere() {
    let world = World::new().await;
    let context = || world.db.tenant(world.f.acme.id, &world.f.acme.owner);
    let refused = context()
        .run(async |cx| {
            let select = || Task::find().select_only();
            let all = |select: Select<Task, (), db::query::Columns>| async {
                select.into_json().all(&*cx).await.unwrap_err()
            };
            Ok::<_, Error>([
                all(select().column_as(task::Column::Id, NAME)).await,
                all(select().column_as(task::Column::Id, Identity::Unary(Unescaped.into()))).await,
                all(select().expr_as(Expr::val(1), NAME)).await,
                all(select().expr(SelectExpr { expr: Expr::val(1), alias: Some(Unescaped.into()), window: None }))
                    .await,
                all(select().tbl_col_as((NAME, "id"), "x")).await,
                all(select().tbl_col_as(("task", Unescaped), "x")).await,
                all(select().expr_as(Expr::val(1), Identity::Binary("a".into(), "b".into()))).await,
                all(select().column(task::Column::Id).distinct_on([Unescaped])).await,
                Task::find().cursor_by(Identity::Unary(Unescaped.into())).all(cx).await.unwrap_err(),
                Task::find().cursor_by(NAME).after(1).all(cx).await.unwrap_err(),
                Task::find().join_as(JoinType::LeftJoin, Project, NAME).all(cx).await.unwrap_err(),
                Project::find().join_as_rev(JoinType::LeftJoin, Task, Unescaped).all(cx).await.unwrap_err(),
                Task::find()
                    .order_by(
                        task::Column::Id,
                        Order::Field(sea_orm::sea_query::Values(vec![Value::Bytes(Some(vec![1]))])),
                    )
                    .all(cx)
                    .await
                    .unwrap_err(),
            ])
        })
        .await
        .unwrap();
    for error in refused {
        assert!(error.is_raw_text(), "{error}");
    }
    assert_eq!(world.statements(), [""; 0]);
    let _ = (id(1), tag::Column::Id);
}

/// What is in a window cannot be inspected.
#[tokio::test]
async fn a_window_is_refused() {
    use sea_orm::sea_query::{WindowSelectType, WindowStatement};

    let world = World::new().await;
    let window = WindowSelectType::Query(WindowStatement::partition_by_custom("smuggled").clone());
    let windowed = SelectExpr { expr: Func::count(points()).into(), alias: None, window: Some(window) };
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    let refused = Task::find().expr(windowed).all(&cx).await.unwrap_err();
    assert!(refused.is_raw_text(), "{refused}");
}
