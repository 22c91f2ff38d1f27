//! Reads a statement as PostgreSQL would, and says whether each of its tables carries the predicate of its scope.

use std::ops::ControlFlow;

use sqlparser::{
    ast::{
        self, AssignmentTarget, BinaryOperator, Expr, FromTable, JoinConstraint, JoinOperator, OnInsert, Query, Select,
        SetExpr, Statement, TableFactor, TableObject, Value, Visit, Visitor,
    },
    dialect::PostgreSqlDialect,
    parser::Parser,
};

/// Returns what is wrong with a statement, if anything is.
///
/// A table is scoped where `alias.key = $n` is one of the conditions that all have to hold: of the `WHERE` for the first
/// table, of the join's `ON` for a joined one. In an outer join that keeps the rows of its right side neither would do, so
/// there every table has to be a derived one.
pub(crate) fn unscoped(sql: &str) -> Option<String> {
    let sql = sql.split_once(" CURSOR FOR ").map_or(sql, |(_, select)| select);
    if sql.starts_with("FETCH ") {
        return None;
    }
    // Of PostgreSQL's four locks the parser knows two.
    let sql = &sql.replace("FOR NO KEY UPDATE", "FOR UPDATE").replace("FOR KEY SHARE", "FOR SHARE");
    let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, sql) else { return Some(format!("no SQL: {sql}")) };
    let [statement] = &statements[..] else { return Some("not one statement".to_owned()) };
    if let Err(why) = written(statement) {
        return Some(format!("{why} in {sql}"));
    }
    let mut queries = Queries::default();
    match statement.visit(&mut queries) {
        ControlFlow::Break(why) => Some(format!("{why} in {sql}")),
        ControlFlow::Continue(()) => None,
    }
}

/// Checks the table that a statement writes.
fn written(statement: &Statement) -> Result<(), String> {
    match statement {
        Statement::Query(_) => Ok(()),
        Statement::Update(update) => {
            let key = key(&update.table.relation)?;
            for assignment in &update.assignments {
                if let AssignmentTarget::ColumnName(column) = &assignment.target
                    && column.to_string() == format!("\"{}\"", key.1)
                {
                    return Err("the key is assigned".to_owned());
                }
            }
            holds(&key, update.selection.as_ref())
        }
        Statement::Delete(delete) => match &delete.from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => match &from[..] {
                [table] => holds(&key(&table.relation)?, delete.selection.as_ref()),
                _ => Err("not one table".to_owned()),
            },
        },
        Statement::Insert(insert) => {
            let TableObject::TableName(table) = &insert.table else { return Err("no table".to_owned()) };
            let column = column_of(&table.to_string());
            let named = |names: &[ast::Ident]| names.iter().any(|name| name.value == column);
            if !insert.columns.iter().any(|name| name.to_string().trim_matches('"') == column) {
                return Err(format!("{table} is inserted into without {column}"));
            }
            match &insert.on {
                None => Ok(()),
                Some(OnInsert::OnConflict(conflict)) => match &conflict.conflict_target {
                    Some(ast::ConflictTarget::Columns(columns)) if named(columns) => Ok(()),
                    _ => Err(format!("the key of the conflict has no {column}")),
                },
                Some(_) => Err("an insert that is not known here".to_owned()),
            }
        }
        _ => Err("a statement that is not known here".to_owned()),
    }
}

/// The queries of a statement.
#[derive(Default)]
struct Queries {
    /// The names under which its inserts return rows.
    inserted: Vec<String>,
}

impl Visitor for Queries {
    type Break = String;

    /// Each query, the nested ones included.
    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        let checked = match &*query.body {
            _ if query.with.is_some() => inserts(query).map(|names| self.inserted = names),
            // Within a `WITH`, whose rows are checked as a whole.
            SetExpr::Insert(insert) => written(insert),
            body @ SetExpr::Select(_) if returned(body, &self.inserted).is_ok() => Ok(()),
            SetExpr::Select(select) => selected(select),
            SetExpr::Values(_) => Ok(()),
            _ => Err("a query that is not known here".to_owned()),
        };
        match checked {
            Ok(()) => ControlFlow::Continue(()),
            Err(why) => ControlFlow::Break(why),
        }
    }
}

/// Checks that a query is of inserts, and reads nothing but what they return; returns the names of that.
fn inserts(query: &Query) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for insert in query.with.iter().flat_map(|with| &with.cte_tables) {
        match &*insert.query.body {
            SetExpr::Insert(statement @ Statement::Insert(_)) => written(statement)?,
            _ => return Err("a WITH of something else than inserts".to_owned()),
        }
        names.push(insert.alias.name.value.clone());
    }
    returned(&query.body, &names).map(|()| names)
}

/// Checks that rows are what one of the names denotes.
fn returned(rows: &SetExpr, names: &[String]) -> Result<(), String> {
    match rows {
        SetExpr::SetOperation { left, right, .. } => returned(left, names).and_then(|()| returned(right, names)),
        SetExpr::Query(query) if query.with.is_none() => returned(&query.body, names),
        SetExpr::Select(select) => match &select.from[..] {
            [from] if from.joins.is_empty() && names.iter().any(|name| is_named(&from.relation, name)) => Ok(()),
            _ => Err("it reads what no insert of its own returns".to_owned()),
        },
        _ => Err("a query that is not known here".to_owned()),
    }
}

fn is_named(table: &TableFactor, name: &str) -> bool {
    matches!(table, TableFactor::Table { name: found, .. } if found.to_string().trim_matches('"') == name)
}

/// Checks the tables of one `SELECT`.
fn selected(select: &Select) -> Result<(), String> {
    let from = match &select.from[..] {
        // Of the values that are bound, and not of a table.
        [] if select.projection.iter().all(is_bound) => return Ok(()),
        [from] => from,
        _ => return Err("not one table in FROM".to_owned()),
    };
    let mut keeps_right = false;
    for join in &from.joins {
        let on = match &join.join_operator {
            JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
                on
            }
            JoinOperator::Right(on) | JoinOperator::RightOuter(on) | JoinOperator::FullOuter(on) => {
                keeps_right = true;
                on
            }
            _ => return Err("a join that is not known here".to_owned()),
        };
        let JoinConstraint::On(on) = on else { return Err("a join without a condition".to_owned()) };
        if !is_derived(&join.relation) {
            holds(&key(&join.relation)?, Some(on))?;
        }
    }
    if is_derived(&from.relation) {
        return Ok(());
    }
    if keeps_right {
        return Err("a table that is no derived one beside a right or full join".to_owned());
    }
    holds(&key(&from.relation)?, select.selection.as_ref())
}

/// Whether an item of a select list is a value that is bound, or the values of an array that is; cast or not.
fn is_bound(item: &ast::SelectItem) -> bool {
    let (ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. }) = item else { return false };
    let bound = match expr {
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("unnest") => match &function.args {
            ast::FunctionArguments::List(list) => match &list.args[..] {
                [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(argument))] => argument,
                _ => return false,
            },
            _ => return false,
        },
        expr => expr,
    };
    let value = if let Expr::Cast { expr, .. } = bound { expr } else { bound };
    matches!(value, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}

fn is_derived(table: &TableFactor) -> bool {
    matches!(table, TableFactor::Derived { .. })
}

/// The name of a table in the query, and its scope's column.
fn key(table: &TableFactor) -> Result<(String, &'static str), String> {
    let TableFactor::Table { name, alias, .. } = table else { return Err(format!("{table} is no table")) };
    let alias = alias.as_ref().map_or_else(|| name.to_string(), |alias| alias.name.to_string());
    Ok((alias.trim_matches('"').to_owned(), column_of(&name.to_string())))
}

fn column_of(table: &str) -> &'static str {
    match table.trim_matches('"') {
        "organization" => "id",
        "bookmark" | "personal_access_token" | "session" => "user_id",
        _ => "organization_id",
    }
}

/// Whether the predicate is one of the conditions that all have to hold.
fn holds((table, column): &(String, &'static str), condition: Option<&Expr>) -> Result<(), String> {
    if condition.is_some_and(|condition| is_conjunct(table, column, condition)) {
        Ok(())
    } else {
        Err(format!("{table} has no predicate on {column}"))
    }
}

fn is_conjunct(table: &str, column: &str, expr: &Expr) -> bool {
    match expr {
        Expr::Nested(expr) => is_conjunct(table, column, expr),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            is_conjunct(table, column, left) || is_conjunct(table, column, right)
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            matches!(&**left, Expr::CompoundIdentifier(names) if matches!(&names[..], [of, name] if of.value == table && name.value == column))
                && matches!(&**right, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
        }
        _ => false,
    }
}

/// The control: the oracle sees each kind of fault.
#[test]
fn a_statement_without_its_predicate_is_seen() {
    for scoped in [
        r#"SELECT 1 FROM "task" WHERE ("task"."title" = $1 OR true) AND "task"."organization_id" = $2"#,
        r#"SELECT 1 FROM "task" LEFT JOIN "tag" AS "x" ON "a" = "b" AND ("x"."organization_id" = $1) WHERE "task"."organization_id" = $2"#,
        r#"SELECT 1 FROM (SELECT * FROM "task" WHERE "task"."organization_id" = $1) AS "task"
           RIGHT JOIN (SELECT * FROM "tag" WHERE "tag"."organization_id" = $1) AS "tag" ON "a" = "b""#,
        r#"UPDATE "task" SET "title" = $1 WHERE "task"."organization_id" = $2"#,
        r#"DELETE FROM "task" WHERE "task"."organization_id" = $2"#,
        r#"INSERT INTO "task" ("id", "organization_id") VALUES ($1, $2) ON CONFLICT ("organization_id", "id") DO NOTHING"#,
        r#"DECLARE s NO SCROLL CURSOR FOR SELECT 1 FROM "task" WHERE "task"."organization_id" = $1"#,
        r#"WITH "a" AS (INSERT INTO "task" ("id", "organization_id") VALUES ($1, $2) RETURNING "id"),
           "b" AS (INSERT INTO "task" ("organization_id") VALUES ($3) RETURNING "id")
           SELECT 0 AS "n", "a".* FROM "a" UNION ALL (SELECT 1 AS "n", "b".* FROM "b")"#,
    ] {
        assert_eq!(unscoped(scoped), None);
    }
    for unscoped_statement in [
        r#"SELECT 1 FROM "task""#,
        r#"SELECT 1 FROM "task" WHERE "task"."organization_id" = $1 OR true"#,
        r#"SELECT 1 FROM "task" WHERE "organization_id" = $1"#,
        r#"SELECT 1 FROM "task" WHERE "tag"."organization_id" = $1"#,
        r#"SELECT 1 FROM "task" WHERE "task"."organization_id" <> $1"#,
        r#"SELECT 1 FROM "task" WHERE "task"."organization_id" = "task"."organization_id""#,
        r#"SELECT 1 FROM "task" LEFT JOIN "tag" ON "a" = "b" WHERE "task"."organization_id" = $2 AND "tag"."organization_id" = $2"#,
        r#"SELECT 1 FROM "task" RIGHT JOIN "tag" ON "tag"."organization_id" = $2 WHERE "task"."organization_id" = $2"#,
        r#"SELECT 1 FROM "task", "tag" WHERE "task"."organization_id" = $1"#,
        r#"SELECT 1 FROM "task" CROSS JOIN "tag" WHERE "task"."organization_id" = $1"#,
        r#"SELECT 1 FROM "task" WHERE "task"."organization_id" = $1 UNION SELECT 1 FROM "task""#,
        r#"SELECT 1 FROM "task" WHERE "task"."organization_id" = $1 AND EXISTS(SELECT 1 FROM "tag")"#,
        r#"SELECT (SELECT 1 FROM "tag") FROM "task" WHERE "task"."organization_id" = $1"#,
        r#"SELECT 1 FROM (SELECT * FROM "task") AS "task""#,
        r#"UPDATE "task" SET "title" = $1"#,
        r#"UPDATE "task" SET "organization_id" = $1 WHERE "task"."organization_id" = $2"#,
        r#"DELETE FROM "task" WHERE "task"."id" = $1"#,
        r#"INSERT INTO "task" ("id") VALUES ($1)"#,
        r#"INSERT INTO "task" ("id", "organization_id") VALUES ($1, $2) ON CONFLICT ("id") DO NOTHING"#,
        r#"INSERT INTO "task" ("id", "organization_id") VALUES ($1, $2) ON CONFLICT DO NOTHING"#,
        r#"DECLARE s NO SCROLL CURSOR FOR SELECT 1 FROM "task""#,
        r#"WITH "a" AS (INSERT INTO "task" ("id") VALUES ($1) RETURNING "id") SELECT "a".* FROM "a""#,
        r#"WITH "a" AS (INSERT INTO "task" ("organization_id") VALUES ($1) RETURNING "id") SELECT * FROM "task""#,
        r#"WITH "a" AS (INSERT INTO "task" ("organization_id") VALUES ($1) RETURNING "id")
           SELECT "a".* FROM "a" UNION ALL SELECT "tag".* FROM "tag""#,
        r#"WITH "a" AS (DELETE FROM "task" RETURNING "id") SELECT "a".* FROM "a""#,
        "SET ROLE postgres",
        "SELECT 1; SELECT 2",
    ] {
        assert!(unscoped(unscoped_statement).is_some(), "{unscoped_statement}");
    }
}
