//! What the seal costs: contexts with it and without it, in turns.
//!
//! `cargo bench -p tests --bench seal`. The client is a plain connection, so that what is measured is the database's.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures, and says what")]

use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, AssertSqlSafe, Executor, PgConnection, query_scalar, raw_sql};
use tests::Fixture;

const ROUNDS: usize = 15;
const CONTEXTS: u32 = 400;

/// What a context reads.
const QUERIES: [(&str, &str); 3] = [
    ("a plan by its id", "SELECT * FROM research_plan WHERE id = '{plan}'"),
    ("the 20 latest of 100,000 plans", "SELECT * FROM research_plan ORDER BY created_at DESC LIMIT 20"),
    (
        "the 20 latest, with steps and makers",
        "SELECT p.*, s.title, m.role FROM research_plan p
           LEFT JOIN plan_step s ON s.organization_id = p.organization_id AND s.plan_id = p.id
           LEFT JOIN member m ON m.organization_id = p.organization_id AND m.user_id = p.created_by
         ORDER BY p.created_at DESC LIMIT 20",
    ),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let f = Fixture::new().await;
    prepare(&f).await;
    println!("{:<40} {:>10} {:>10} {:>12} {:>7}", "a context that reads", "without", "with", "difference", "ratio");
    for (name, query) in QUERIES {
        let query = query.replace("{plan}", &f.acme.plan.to_string());
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(round(&f, false, &query).await);
            with.push(round(&f, true, &query).await);
        }
        let (without, with) = (typical(without), typical(with));
        println!(
            "{name:<40} {:>7.0} µs {:>7.0} µs {:>9.0} µs {:>7.2}",
            micros(without),
            micros(with),
            micros(with) - micros(without),
            with.as_secs_f64() / without.as_secs_f64()
        );
    }
    for (name, query) in QUERIES {
        let query = query.replace("{plan}", &f.acme.plan.to_string());
        println!("\n{name}:\n{}", plan(&f, &query).await);
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// The lower quartile: what else the machine does makes a round slower, never faster.
fn typical(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort();
    rounds[rounds.len() / 4]
}

/// Fills the tables, and makes an entry function that does not seal.
async fn prepare(f: &Fixture) {
    let (app, login, gate) = (&f.database.prefix, f.database.login(), f.database.role("gate"));
    for org in [&f.acme, &f.globex] {
        f.database
            .execute(&format!(
                "INSERT INTO research_plan (organization_id, id, title, question, created_by, created_at)
                 SELECT '{}', gen_random_uuid(), 'plan ' || n, '', '{}', now() - n * interval '1 minute'
                 FROM generate_series(1, 100000) n",
                org.id,
                org.owner.user_id()
            ))
            .await;
    }
    f.database.execute("ANALYZE").await;
    let sql = format!("SELECT pg_get_functiondef('{app}.enter_tenant(uuid, uuid)'::regprocedure)");
    let sealing: String = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut f.database.owner().await).await.unwrap();
    let plain: Vec<_> = sealing.lines().filter(|line| line.contains("DECLARE") || !line.contains("seal")).collect();
    assert_eq!(sealing.lines().count() - plain.len(), 3, "the seal is three statements");
    let plain = plain.join("\n").replace("enter_tenant(", "enter_plainly(");
    f.database
        .execute(&format!(
            "{plain}; ALTER FUNCTION {app}.enter_plainly(uuid, uuid) OWNER TO {gate};
             GRANT EXECUTE ON FUNCTION {app}.enter_plainly(uuid, uuid) TO {login}"
        ))
        .await;
}

/// Puts the seal into the boundaries, or takes it out.
async fn seal(f: &Fixture, sealed: bool) {
    let app = &f.database.prefix;
    let key = format!("organization_id = {app}.current_organization_id()");
    let rows = if sealed {
        format!(
            "{key} AND (CASE WHEN organization_id = (SELECT {app}.current_organization_id() \
               WHERE {app}.context_is_genuine()) THEN true END) IS NOT NULL"
        )
    } else {
        key
    };
    for table in ["research_plan", "plan_step", "member"] {
        let [boundary, access] = ["boundary", "access"]
            .map(|policy| format!("ALTER POLICY tenant_{policy} ON {table} USING ({rows}) WITH CHECK ({rows})"));
        f.database.execute(&format!("{boundary}; {access}")).await;
    }
}

fn opening(f: &Fixture, sealed: bool) -> String {
    let (app, organization, user) = (&f.database.prefix, f.acme.id, f.acme.owner.user_id());
    let enter = if sealed { "enter_tenant" } else { "enter_plainly" };
    format!("BEGIN; SELECT {app}.{enter}('{organization}', '{user}'); SET LOCAL ROLE {}", f.database.role("tenant"))
}

/// Opens contexts one after the other, with one query each, and returns how long one took.
async fn round(f: &Fixture, sealed: bool, query: &str) -> Duration {
    seal(f, sealed).await;
    let opening = opening(f, sealed);
    let mut login = f.database.stranger().await;
    for _ in 0..20 {
        context(&mut login, &opening, query).await;
    }
    let start = Instant::now();
    for _ in 0..CONTEXTS {
        context(&mut login, &opening, query).await;
    }
    start.elapsed() / CONTEXTS
}

async fn context(login: &mut PgConnection, opening: &str, query: &str) {
    login.execute(raw_sql(AssertSqlSafe(opening.to_owned()))).await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut *login).await.unwrap();
    assert!(!rows.is_empty());
    login.execute("COMMIT").await.unwrap();
}

/// Returns the plan of a query in a sealed context.
async fn plan(f: &Fixture, query: &str) -> String {
    seal(f, true).await;
    let mut login = f.database.stranger().await;
    login.execute(raw_sql(AssertSqlSafe(opening(f, true)))).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {query}"));
    let lines: Vec<String> = query_scalar(explain).fetch_all(&mut login).await.unwrap();
    lines.join("\n")
}
