//! A context cannot be turned from inside: not by any one statement of the extended protocol, which is all that a
//! public path can send.

use db::prelude::*;
use entity::{
    ResearchPlan,
    research_plan::{self, Column, Writable},
};
use sea_orm::sqlx::{Executor, Row, ValueRef, postgres::PgRow};
use tests::Fixture;

use crate::{
    inside::{Enter, Inside, sqlstate},
    turns::{HARMLESS, OTHERS, TURNS},
    world::{Side, ids, rows_of, tables, world},
};

/// Fills the placeholders in.
fn filled(f: &Fixture, sql: &str) -> String {
    sql.replace("{app}", &f.database.prefix)
        .replace("{login}", &f.database.login())
        .replace("{organization}", &f.acme.id.to_string())
        .replace("{person}", &f.acme.owner.user_id().to_string())
}

/// What acme can be told by: its name, and its ids as text and as bytes.
async fn marks(f: &Fixture) -> Vec<Vec<u8>> {
    let mut marks = vec![b"acme".to_vec()];
    let mut owner = f.database.owner().await;
    let mine = [f.globex.id.0, f.globex.owner.user_id().0, f.globex.member.user_id().0];
    for table in tables() {
        let theirs = format!(
            "to_jsonb(\"{table}\")::text NOT LIKE ALL (ARRAY['%{}%', '%{}%', '%{}%', '%globex%'])",
            mine[0], mine[1], mine[2]
        );
        for id in ids(&mut owner, table, &theirs).await {
            marks.extend([id.as_bytes().to_vec(), id.to_string().into_bytes()]);
        }
    }
    assert!(marks.len() > 30, "acme has rows in every table");
    marks
}

/// Whether any value of the rows, in whatever type, holds a mark.
fn marked(rows: &[PgRow], marks: &[Vec<u8>]) -> bool {
    rows.iter().any(|row| {
        (0..row.len()).any(|column| {
            let value = row.try_get_raw(column).unwrap();
            let bytes = if value.is_null() { &[] } else { value.as_bytes().unwrap() };
            marks.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == mark))
        })
    })
}

/// Asserts that the connection is the login role's, with no setting and no cursor.
async fn assert_clean(f: &Fixture, inside: &mut Inside, after: &str) {
    let rows = inside
        .statement(&filled(
            f,
            "SELECT current_user = '{login}' AND session_user = '{login}' AND current_setting('row_security') = 'on'
               AND coalesce(current_setting('{app}.organization_id', true), '') = ''
               AND coalesce(current_setting('{app}.user_id', true), '') = ''
               AND coalesce(current_setting('{app}.identity', true), '') = ''
               AND pg_my_temp_schema() = 0 AND NOT EXISTS (SELECT FROM pg_cursors WHERE name <> '')",
        ))
        .await
        .unwrap();
    assert!(rows[0].get::<bool, _>(0), "after {after}");
}

/// Asserts that the open transaction still is in the context of globex.
async fn assert_not_turned(f: &Fixture, inside: &mut Inside, after: &str) {
    let rows = inside
        .statement(&format!(
            "SELECT concat_ws(' ', current_setting('{app}.organization_id'), {app}.sealed_organization_id(), {app}.sealed_member_id(),
               {app}.sealed_member_role(), {app}.sealed_user_id(), {app}.sealed_identity(), current_user, current_setting('row_security'))",
            app = f.database.prefix
        ))
        .await
        .unwrap();
    let (globex, owner) = (f.globex.id, f.globex.owner.user_id());
    let expected = format!("{globex} {globex} {owner} owner {} on", f.database.role("tenant"));
    assert_eq!(rows[0].get::<String, _>(0), expected, "after {after}");
}

#[tokio::test]
async fn no_statement_turns_a_context() {
    let f = world().await;
    let before = (rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await);
    let side = Side::owner(&f.globex);
    // Somebody to be terminated.
    let other = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    for (enter, role) in [
        (Enter::Tenant(side.clone()), "tenant"),
        (Enter::System(side.clone()), "tenant"),
        (Enter::User(side), "user"),
        (Enter::Identity, "identity"),
    ] {
        let mut inside = Inside::new(&f, &enter, role).await;
        for (code, sql) in TURNS.iter().chain(OTHERS) {
            let sql = filled(&f, sql);
            assert_eq!(inside.refusal(&sql).await.as_deref(), Ok(*code), "{sql} as {role}");
            assert_clean(&f, &mut inside, &sql).await;
        }
    }
    assert_eq!(ResearchPlan::find().count(&other).await.unwrap(), 1);
    assert_eq!((rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await), before);
}

/// Returns whether the server was built with XML.
async fn knows_xml(f: &Fixture) -> bool {
    let knows = f.database.owner().await.execute("SELECT xmlelement(name x)").await.is_ok();
    if !knows {
        eprintln!("SKIPPED: the server was built without XML");
    }
    knows
}

#[tokio::test]
async fn a_statement_that_runs_sees_and_changes_no_foreign_row() {
    let f = world().await;
    f.database.execute("CREATE STATISTICS s ON title, question FROM research_plan").await;
    f.database.execute("CREATE STATISTICS e ON lower(title), (question || title) FROM research_plan").await;
    f.database.execute("ANALYZE").await;
    let before = rows_of(&f, &f.acme).await;
    let marks = marks(&f).await;
    let other = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    assert_eq!(ResearchPlan::find().filter(Column::Title.eq("plan of acme")).count(&other).await.unwrap(), 1);
    let mut inside = Inside::new(&f, &Enter::Tenant(Side::owner(&f.globex)), "tenant").await;
    let xml = knows_xml(&f).await;
    let is_known = |sql: &&&str| xml || !sql.contains("_to_xml");
    for sql in HARMLESS.iter().filter(is_known) {
        let sql = filled(&f, sql);
        inside.open().await;
        let rows = inside.statement(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(!marked(&rows, &marks), "{sql}: a foreign row");
        assert_not_turned(&f, &mut inside, &sql).await;
        inside.close(true).await;
        assert_clean(&f, &mut inside, &sql).await;
    }
    assert_eq!(rows_of(&f, &f.acme).await, before);

    // The control: acme itself is recognized, in each way of looking that is not of the catalog.
    let mut inside = Inside::new(&f, &Enter::Tenant(Side::owner(&f.acme)), "tenant").await;
    for sql in HARMLESS[2..17].iter().filter(is_known) {
        let rows = inside.send(&filled(&f, sql)).await.unwrap();
        assert!(marked(&rows, &marks), "{sql}: acme is not recognized");
    }
    // Whoever closes the seal has no context any more.
    inside.open().await;
    inside.statement("CLOSE ALL").await.unwrap();
    for sql in ["SELECT * FROM research_plan", "SELECT * FROM member", "UPDATE plan_step SET title = title RETURNING 1"]
    {
        assert_eq!(inside.statement(sql).await.unwrap().len(), 0, "{sql}");
    }
    inside.close(false).await;
}

/// An expression that raises tells of the rows that it is evaluated on: of foreign ones it must not be.
#[tokio::test]
async fn an_expression_that_raises_is_not_evaluated_on_a_foreign_row() {
    let f = world().await;
    f.database.execute("ANALYZE").await;
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        let titled = research_plan::Draft { title: Set("7".to_owned()), ..Default::default() };
        ResearchPlan::update_by_id(f.globex.plan, titled).exec(cx).await
    })
    .await
    .unwrap();
    let mut inside = Inside::new(&f, &Enter::Tenant(Side::owner(&f.globex)), "tenant").await;
    for raises in [
        "title::int = 7",
        "1 / (strpos(title, 'acme') - 9) = 0",
        "title ~ '^7$' AND title::int = 7",
        "CASE WHEN title LIKE '%acme%' THEN 1 / (length(title) - 12) ELSE 1 END = 1",
        "repeat(title, 100000000) <> ''",
        "has_language_privilege(replace(title, '7', 'sql'), 'usage') IS NOT NULL",
    ] {
        for sql in [
            format!("SELECT title FROM research_plan WHERE {raises}"),
            format!("SELECT title FROM research_plan ORDER BY {raises}"),
            format!("UPDATE research_plan SET title = title WHERE {raises} RETURNING title"),
        ] {
            let rows = inside.send(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!(rows.len(), 1, "{sql}");
        }
        // The control: on acme's row it raises.
        let mut acme = Inside::new(&f, &Enter::Tenant(Side::owner(&f.acme)), "tenant").await;
        if !raises.contains('~') && !raises.contains("repeat") {
            acme.refusal(&format!("SELECT title FROM research_plan WHERE {raises}")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn two_statements_in_one_message_are_refused() {
    let f = world().await;
    let mut inside = Inside::new(&f, &Enter::Tenant(Side::owner(&f.globex)), "tenant").await;
    for sql in [
        "SELECT 1; RESET ROLE",
        "SELECT 1; SELECT 2",
        "SELECT 1; COMMIT; SELECT * FROM research_plan",
        "UPDATE research_plan SET title = title; SET LOCAL ROLE NONE",
    ] {
        inside.open().await;
        assert_eq!(sqlstate(&inside.statement(sql).await.unwrap_err()), "42601", "{sql}");
        inside.close(false).await;
    }
}

/// A facade's query can name a function, and no other statement: `SET`, `RESET`, `DO` and `execute_unprepared` are
/// nowhere to be had. A function that reaches out is refused by its name, and never sent; that the database denies it
/// too, where its execution could be revoked, is seen above.
#[tokio::test]
async fn a_function_in_a_filter_cannot_turn_the_context() {
    let f = world().await;
    let before = rows_of(&f, &f.acme).await;
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        let set = |name: &str, value: String| {
            Expr::from(Func::cust("set_config").arg(name.to_owned()).arg(value).arg(true)).is_not_null()
        };
        let organization = format!("{}.organization_id", f.database.prefix);
        let calls = [
            set(&organization, f.acme.id.to_string()),
            set("role", "none".to_owned()),
            set("row_security", "off".to_owned()),
            Expr::from(Func::cust("pg_read_file").arg("PG_VERSION")).is_not_null(),
            Expr::from(Func::cust("lo_creat").arg(-1)).is_not_null(),
            Expr::from(Func::cust("pg_terminate_backend").arg(Func::cust("pg_backend_pid"))).is_not_null(),
            Expr::from(Func::cust("pg_advisory_lock").arg(1_i64)).is_not_null(),
        ];
        for call in calls {
            macro_rules! denied {
                ($query:expr, $run:ident) => {
                    let query = $query;
                    let denied = cx.savepoint(async |cx| query.$run(cx).await).await.unwrap_err();
                    assert!(denied.is_raw_text(), "{call:?}: {denied}");
                    // The context goes on, and is the same.
                    assert_eq!(ResearchPlan::find().one(cx).await?.map(|plan| plan.id), Some(f.globex.plan));
                };
            }
            denied!(ResearchPlan::find().filter(call.clone()), all);
            denied!(ResearchPlan::find().order_by_asc(call.clone()), all);
            denied!(ResearchPlan::update_many().col_expr(Writable::Title, call.clone().cast_as("text")), exec);
            denied!(ResearchPlan::update_many().col_expr(Writable::Title, "x").filter(call.clone()), exec);
            denied!(ResearchPlan::delete_many().filter(call.clone()), exec);
        }
        // The functions of the contract are in a schema of their own, which a function's name cannot name.
        let enter = Expr::from(Func::cust("enter_identity")).is_null();
        let unknown = cx.savepoint(async |cx| ResearchPlan::find().filter(enter).all(cx).await).await.unwrap_err();
        assert_eq!(unknown.sqlstate(), Some("42883"));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(rows_of(&f, &f.acme).await, before);
}
