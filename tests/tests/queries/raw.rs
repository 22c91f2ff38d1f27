//! The escape hatch for raw SQL, which layer 3 alone isolates.

mod catalog;
mod fuzz;
mod own;
mod record;
mod texts;
mod words;

use db::{AssertSqlSafe, Context, RawSelect, Tenant, TenantReader, prelude::*};
use sea_orm::{
    FromQueryResult, JsonValue,
    sqlx::{Connection, query},
};

use crate::world::{TABLES, World};

/// Whose the rows are that a statement with no predicate sees.
async fn owners(w: &World, sql: &str) -> Vec<Uuid> {
    #[derive(FromQueryResult)]
    struct Owner {
        owner: Uuid,
    }

    let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
    let rows = context
        .run(async |cx| RawSelect::<Owner>::from_sql_and_values(AssertSqlSafe(sql.to_owned()), []).all(cx).await)
        .await
        .unwrap();
    let mut owners: Vec<_> = rows.into_iter().map(|row| row.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

fn statements() -> Vec<String> {
    let mut statements: Vec<_> =
        TABLES[..5].iter().map(|table| format!("SELECT organization_id AS owner FROM {table}")).collect();
    statements.extend(
        [
            "SELECT t.organization_id AS owner FROM project p JOIN task t ON t.project_id = p.id",
            "SELECT t.organization_id AS owner FROM project p LEFT JOIN LATERAL (SELECT * FROM task WHERE project_id = p.id) t ON true
             WHERE t.id IS NOT NULL",
            "SELECT organization_id AS owner FROM task WHERE EXISTS (SELECT 1 FROM task_tag WHERE task_id = task.id)",
            "WITH RECURSIVE all_of AS (SELECT organization_id FROM task UNION ALL SELECT organization_id FROM project)
             SELECT organization_id AS owner FROM all_of",
            "SELECT organization_id AS owner FROM project UNION SELECT organization_id FROM tag",
            "SELECT organization_id AS owner FROM task WHERE true OR organization_id IS NOT NULL ORDER BY random()",
        ]
        .map(str::to_owned),
    );
    statements
}

#[tokio::test]
async fn raw_sql_sees_the_rows_of_the_context_alone() {
    let world = World::new().await;
    for sql in statements() {
        assert_eq!(owners(&world, &sql).await, [world.f.acme.id.0], "{sql}");
    }
    // The control: without layer 3 it sees everybody's.
    world.switch_row_level_security_off().await;
    for sql in statements() {
        assert_eq!(owners(&world, &sql).await.len(), 2, "{sql}");
    }
}

#[tokio::test]
async fn values_are_bound() {
    let world = World::new().await;
    let context = world.db.tenant(world.f.acme.id, &world.f.acme.owner).read_only();
    let row = context
        .run(async |cx| {
            let text = "'; SELECT 1 --";
            RawSelect::<JsonValue>::from_sql_and_values(
                "SELECT $1 AS text, count(*) AS n FROM task WHERE points > $2",
                [text.into(), 2.into()],
            )
            .one(cx)
            .await
        })
        .await
        .unwrap();
    assert_eq!(row, Some(serde_json::json!({ "text": "'; SELECT 1 --", "n": 3 })));
}

/// Refused before anything is sent.
#[tokio::test]
async fn what_is_no_select_is_not_sent() {
    let world = World::new().await;
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    for sql in [
        "SET LOCAL ROLE NONE",
        "RESET ROLE",
        "RESET ALL",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "SELECT 1; SELECT 2",
        "SELECT 1; COMMIT",
        "DELETE FROM task",
        "WITH gone AS (DELETE FROM task RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM task",
        "SELECT set_config('app.organization_id', '', true)",
        "DO $$ BEGIN END $$",
        "SELECT 1 FROM task, LATERAL pg_advisory_lock(42)",
        "SELECT U&\"\\0070g_advisory_lock\"(42)",
        "WITH gone AS (DELETE FROM task RETURNING title::jsonb AS a) SELECT a ->-- '\n 'x' FROM gone",
        "SELECT treat(42 AS pg_advisory_lock)",
        "SELECT own(title) FROM task",
    ] {
        let refused = RawSelect::<JsonValue>::from_sql_and_values(sql, []).all(&cx).await.unwrap_err();
        assert!(refused.is_raw_sql_refused(), "{sql}: {refused}");
    }
    assert_eq!(world.statements(), [""; 0]);
    cx.commit().await.unwrap();
}

/// What a helper that only reads could have done to the rows of a context that writes: an operator that ran into a comment
/// for the server, and into a string for the parser, hid the `DELETE`.
#[tokio::test]
async fn nothing_is_written_through_a_reader() {
    let world = World::new().await;
    let text = "WITH gone AS (DELETE FROM task RETURNING '{}'::jsonb AS a) SELECT a ->-- '\n 'x' AS b FROM gone";
    let read = async |cx: &TenantReader| RawSelect::<JsonValue>::from_sql_and_values(text, []).all(cx).await;
    let context = world.db.tenant(world.f.acme.id, &world.f.acme.owner);
    let refused = context.run(async |cx| read(cx).await).await.unwrap_err();
    assert!(refused.is_raw_sql_refused(), "{refused}");

    // The control: the server takes the text, and writes.
    let mut owner = world.f.database.owner().await;
    assert_eq!(query(text).fetch_all(&mut owner).await.unwrap().len(), 9);
    owner.close().await.unwrap();
}

/// What is sent around each text: with it, the server refuses what writes, whatever the check has thought of it.
#[tokio::test]
async fn the_server_refuses_what_writes_as_well() {
    let world = World::new().await;
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    RawSelect::<JsonValue>::from_sql_and_values("SELECT 1 AS given; -- x", []).all(&cx).await.unwrap();
    let sent = world.statements();
    let [sent] = &sent[..] else { panic!("one round trip: {sent:?}") };
    let (before, after) = sent.split_once("SELECT 1 AS given").unwrap();
    assert_eq!(before, "SELECT * FROM (");
    assert!(after.starts_with(") AS raw_select"), "{sent}");

    let mut owner = world.f.database.owner().await;
    for text in [
        "WITH gone AS (DELETE FROM task RETURNING 1) SELECT 1 FROM gone",
        "(WITH gone AS (UPDATE task SET points = 1 RETURNING 1) SELECT 1 FROM gone)",
        "SELECT (WITH gone AS (INSERT INTO tag SELECT * FROM tag RETURNING 1) SELECT 1 FROM gone)",
        "DELETE FROM task RETURNING 1",
        "SELECT 1 AS a INTO copied",
        "SELECT 1) AS a; DELETE FROM task; SELECT (1",
        "SELECT 1) AS a UNION (WITH gone AS (DELETE FROM task RETURNING 1) SELECT 1 FROM gone",
        "SELECT 1) AS a INTO copied FROM (SELECT 1",
    ] {
        let refused = query(AssertSqlSafe(format!("{before}{text}{after}"))).execute(&mut owner).await.unwrap_err();
        let sqlstate = refused.as_database_error().unwrap().code().unwrap().into_owned();
        assert!(["0A000", "42601"].contains(&sqlstate.as_str()), "{text}: {refused}");
    }
    owner.close().await.unwrap();
}

async fn all(cx: &Context<Tenant>, select: RawSelect<JsonValue>) -> Result<Vec<JsonValue>, db::Error> {
    select.all(cx).await
}

/// Whatever surrounds the text: its columns, their names, its order, its locks.
#[tokio::test]
async fn a_text_answers_as_it_would_alone() {
    let world = World::new().await;
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    let titles = all(
        &cx,
        RawSelect::from_sql_and_values("SELECT title FROM task ORDER BY title DESC LIMIT 2 -- the last ones", []),
    );
    assert_eq!(titles.await.unwrap(), ["acme 14", "acme 13"].map(|title| serde_json::json!({ "title": title })));
    for (text, rows) in [
        ("SELECT 1 AS a, 2 AS a, 3, 4", 1),
        ("SELECT t.id, p.id FROM task t JOIN project p ON p.id = t.project_id FOR UPDATE OF t SKIP LOCKED", 3),
        ("SELECT FROM task", 4),
        ("TABLE task", 4),
        ("(VALUES (1), (2)) UNION ALL (SELECT 3);", 3),
        (
            "WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n FROM t ORDER BY 1",
            3,
        ),
    ] {
        let found = RawSelect::<JsonValue>::from_sql_and_values(AssertSqlSafe(text.to_owned()), []).all(&cx).await;
        assert_eq!(found.unwrap().len(), rows, "{text}");
    }
    // The rows are locked for those who come later.
    let mut owner = world.f.database.owner().await;
    let later = "SELECT FROM task WHERE title IN ('acme 11', 'acme 12', 'acme 13') FOR UPDATE SKIP LOCKED";
    assert_eq!(query(later).fetch_all(&mut owner).await.unwrap().len(), 0);
    owner.close().await.unwrap();
}
