//! The door for raw SQL, through which ring 3 alone holds.

use db::{AssertSqlSafe, RawSelect, prelude::*};
use sea_orm::{FromQueryResult, JsonValue};

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
    // The control: without ring 3 it sees everybody's.
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
    ] {
        let refused = RawSelect::<JsonValue>::from_sql_and_values(sql, []).all(&cx).await.unwrap_err();
        assert!(refused.is_raw_sql_refused(), "{sql}: {refused}");
    }
    assert_eq!(world.statements(), [""; 0]);
    cx.commit().await.unwrap();
}
