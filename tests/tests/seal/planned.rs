//! What the planner makes of the guide's queries: what it makes of them where nothing restricts the rows.

use sea_orm::sqlx::{AssertSqlSafe, Executor, PgConnection, Row, query_scalar, raw_sql};
use serde_json::Value;
use tests::Fixture;

/// The statements of `docs/queries.md`, as they are sent: with the scope's predicate as a literal on every table.
const QUERIES: [(&str, &str); 10] = [
    ("a row by its id", "SELECT * FROM research_plan p WHERE p.organization_id = '{acme}' AND p.id = '{plan}'"),
    (
        "the latest",
        "SELECT * FROM research_plan p WHERE p.organization_id = '{acme}' ORDER BY p.created_at DESC LIMIT 20",
    ),
    (
        "the latest of some",
        "SELECT * FROM research_plan p WHERE p.organization_id = '{acme}' AND p.status IN ('planning', 'failed')
         ORDER BY p.created_at DESC LIMIT 20",
    ),
    (
        "what comes after the last one seen",
        "SELECT * FROM research_plan p WHERE p.organization_id = '{acme}' AND p.created_at < now() - interval '1 hour'
         ORDER BY p.created_at DESC LIMIT 50",
    ),
    ("how many", "SELECT count(*) FROM (SELECT 1 FROM research_plan p WHERE p.organization_id = '{acme}') AS rows"),
    (
        "the steps of a plan",
        "SELECT * FROM plan_step s WHERE s.organization_id = '{acme}' AND s.plan_id = '{plan}' ORDER BY s.position",
    ),
    (
        "a plan with each of its steps",
        "SELECT * FROM research_plan p LEFT JOIN plan_step s
           ON s.organization_id = p.organization_id AND s.plan_id = p.id AND s.organization_id = '{acme}'
         WHERE p.organization_id = '{acme}' AND p.id = '{plan}'",
    ),
    (
        "plans by their ids",
        "SELECT * FROM research_plan p WHERE p.organization_id = '{acme}' AND p.id = ANY (ARRAY['{plan}', '{acme}']::uuid[])",
    ),
    (
        "an update by id",
        "UPDATE research_plan p SET title = 'x' WHERE p.organization_id = '{acme}' AND p.id = '{plan}'",
    ),
    ("a delete by id", "DELETE FROM plan_step s WHERE s.organization_id = '{acme}' AND s.id = '{plan}'"),
];

/// Five hundred organizations with forty plans each, and three steps for each of those of one.
async fn fixture() -> Fixture {
    let f = Fixture::alone().await;
    let acme = f.acme.id;
    f.database
        .execute(&format!(
            "INSERT INTO organization (id, name, slug)
             SELECT gen_random_uuid(), 'other', 'other ' || n FROM generate_series(1, 498) n;
             INSERT INTO research_plan (organization_id, id, title, question, status, created_at)
             SELECT o.id, gen_random_uuid(), 'x', '', (ARRAY['planning', 'completed', 'failed'])[1 + n % 3], now() - n * interval '1 hour'
             FROM organization o, generate_series(1, 40) n;
             INSERT INTO plan_step (organization_id, id, plan_id, position, title)
             SELECT p.organization_id, gen_random_uuid(), p.id, 10 + n, 'x' FROM research_plan p, generate_series(1, 3) n
             WHERE p.organization_id <> '{acme}' OR p.created_at > now() - interval '20 hours'"
        ))
        .await;
    f.database.owner().await.execute("SET default_statistics_target = 1000; ANALYZE").await.unwrap();
    f
}

async fn plan(connection: &mut PgConnection, sql: &str) -> Value {
    let explain = format!("EXPLAIN (FORMAT JSON) {sql}");
    let row = connection.fetch_one(raw_sql(AssertSqlSafe(explain))).await.unwrap();
    row.get::<Value, _>(0)[0]["Plan"].clone()
}

/// The nodes of a plan that read a table, and how many rows each is expected to give: without what asks for the seal.
fn scans(plan: &Value) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    if plan["Parent Relationship"] == "InitPlan" {
        return found;
    }
    if let Some(index) = plan["Index Name"].as_str() {
        found.push((index.to_owned(), plan["Plan Rows"].as_f64().unwrap()));
    } else if let Some(table) = plan["Relation Name"].as_str()
        && plan["Node Type"].as_str().is_some_and(|kind| kind.ends_with("Seq Scan"))
    {
        found.push((format!("all of {table}"), plan["Plan Rows"].as_f64().unwrap()));
    }
    found.extend(plan["Plans"].as_array().into_iter().flatten().flat_map(scans));
    found
}

/// The same indexes, and the same number of rows within a tenth. The control is a table without its indexes: it is read as a
/// whole.
#[tokio::test]
async fn the_guides_queries_are_planned_as_without_policies() {
    let f = fixture().await;
    let (mut owner, mut login) = (f.database.owner().await, f.database.stranger().await);
    let (app, acme, user) = (&f.database.prefix, f.acme.id, f.acme.owner.user_id());
    let enter =
        format!("BEGIN; SELECT {app}.enter_tenant('{acme}', '{user}'); SET LOCAL ROLE {}", f.database.role("tenant"));
    login.execute(raw_sql(AssertSqlSafe(enter.clone()))).await.unwrap();
    for (name, sql) in QUERIES {
        let sql = sql.replace("{acme}", &acme.to_string()).replace("{plan}", &f.acme.plan.to_string());
        let (free, restricted) = (plan(&mut owner, &sql).await, plan(&mut login, &sql).await);
        let (expected, found) = (scans(&free), scans(&restricted));
        assert!(
            !expected.is_empty() && expected.iter().all(|(scan, _)| !scan.starts_with("all of")),
            "{name}: {free:#}"
        );
        let indexes = |scans: &[(String, f64)]| scans.iter().map(|(index, _)| index.clone()).collect::<Vec<_>>();
        assert_eq!(indexes(&found), indexes(&expected), "{name}: {restricted:#}");
        for ((index, free), (_, restricted)) in expected.iter().zip(&found) {
            let close = (free - restricted).abs() <= free.max(10.0) * 0.1;
            assert!(close, "{name}, {index}: {free} rows without policies, {restricted} with them");
        }
        assert!(restricted.to_string().contains(&format!("'{acme}'::uuid")), "{name}: {restricted:#}");
    }
    login.execute("ROLLBACK").await.unwrap();
    f.database
        .execute("ALTER TABLE research_plan DROP CONSTRAINT research_plan_pkey CASCADE; DROP INDEX research_plan_by_created_at")
        .await;
    login.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap();
    let sql = QUERIES[0].1.replace("{acme}", &acme.to_string()).replace("{plan}", &f.acme.plan.to_string());
    let found = scans(&plan(&mut login, &sql).await);
    assert!(found[0].0.starts_with("all of"), "{found:?}");
}

/// `docs/performance.md` says of which operators an index is used before the policy.
#[tokio::test]
async fn operators_are_leakproof_as_the_page_says() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    let mut leakproof = async |operator: &str, of: &str| -> bool {
        let sql = "SELECT p.proleakproof FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
                   WHERE o.oprname = $1 AND o.oprleft = $2::regtype AND (o.oprright = o.oprleft OR o.oprname IN ('?', '@@'))";
        query_scalar(sql).bind(operator).bind(of).fetch_one(&mut owner).await.unwrap()
    };
    for of in ["uuid", "text", "integer", "bigint", "bytea", "timestamptz"] {
        for operator in ["=", "<"] {
            assert!(leakproof(operator, of).await, "{operator} of {of}");
        }
    }
    // `starts_with`.
    assert!(leakproof("^@", "text").await);
    let slow = [("=", "anyenum"), ("=", "numeric"), ("<", "numeric"), ("~~", "text"), ("~~*", "text")];
    for (operator, of) in slow.into_iter().chain([("@>", "jsonb"), ("?", "jsonb"), ("@@", "tsvector")]) {
        assert!(!leakproof(operator, of).await, "{operator} of {of}");
    }
    let lower: bool = query_scalar("SELECT bool_or(proleakproof) FROM pg_proc WHERE proname = 'lower'")
        .fetch_one(&mut f.database.owner().await)
        .await
        .unwrap();
    assert!(!lower);
}
