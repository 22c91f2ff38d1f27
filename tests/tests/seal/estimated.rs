//! What the planner makes of the boundary: it counts the rows as it would without the seal.

use sea_orm::sqlx::{AssertSqlSafe, Executor, query_scalar, raw_sql};
use tests::Fixture;

/// Returns how many of the member's plans the planner expects, and the plan.
async fn expected(f: &Fixture) -> (f64, String) {
    let mut login = f.database.stranger().await;
    let (app, organization, user) = (&f.database.prefix, f.acme.id, f.acme.owner.user_id());
    let role = f.database.role("tenant");
    let enter = format!("BEGIN; SELECT {app}.enter_tenant('{organization}', '{user}'); SET LOCAL ROLE {role}");
    login.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap();
    let lines: Vec<String> =
        query_scalar("EXPLAIN SELECT title FROM research_plan").fetch_all(&mut login).await.unwrap();
    let plan = lines.join("\n");
    let rows = plan.split_once("rows=").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
    (rows.parse().unwrap(), plan)
}

/// The control is the same question as a bare comparison, which the planner puts in the place of the other one: it then
/// knows nothing of the value.
#[tokio::test]
async fn the_seal_leaves_the_planner_its_estimates_and_its_index() {
    let f = Fixture::new().await;
    let (app, mut owner) = (&f.database.prefix, f.database.owner().await);
    for (organization, count) in [(f.acme.id, 1_000), (f.globex.id, 99_000)] {
        f.database
            .execute(&format!(
                "INSERT INTO research_plan (organization_id, id, title, question)
                 SELECT '{organization}', gen_random_uuid(), 'x', '' FROM generate_series(1, {count})"
            ))
            .await;
    }
    // Statistics of all rows, not of a sample.
    owner.execute("SET default_statistics_target = 1000; ANALYZE research_plan").await.unwrap();
    let (rows, plan) = expected(&f).await;
    assert!((950.0..1050.0).contains(&rows), "{plan}");
    assert!(plan.contains("Index Cond: (organization_id = "), "{plan}");

    let key = format!("{app}.current_organization_id()");
    let rows = format!("organization_id = {key} AND organization_id = (SELECT {app}.sealed_organization_id())");
    for policy in ["boundary", "access"] {
        f.database.execute(&format!("ALTER POLICY tenant_{policy} ON research_plan USING ({rows})")).await;
    }
    let (rows, plan) = expected(&f).await;
    assert!(rows > 10_000.0, "{plan}");
}
