//! How the server finds the rows of the guide's queries.

mod guide;

use std::sync::Arc;

use db::Db;
use sea_orm::sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, raw_sql};
use serde::Serialize;
use serde_json::Value;

use self::guide::Query;
use crate::{options::Options, report::Report, world::World};

const SECTION: &str = "plans";

/// The plan of one statement.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    query: &'static str,
    /// Why it has no plan.
    unexplained: Option<String>,
    scans: Vec<Scan>,
}

/// How one table is read.
#[derive(Debug, Serialize)]
struct Scan {
    table: String,
    /// What PostgreSQL calls it.
    how: String,
    index: Option<String>,
    /// Whether the predicate of layer 2, whose key is a value of the statement, is a condition of the index.
    by_literal: bool,
}

/// Runs each query of the guide, takes its statements from the wire, and explains them as the scope role, without their
/// values: so a statement is planned that was run a few times.
pub(crate) async fn explain(world: &Arc<World>, options: &Options, report: &mut Report) {
    let (proxy, pool) = world.fixture.database.proxy().await;
    let db = Db::connect(pool.max_connections(1)).await.unwrap();
    for (name, query) in guide::queries() {
        if !options.wants(SECTION, name) {
            continue;
        }
        drop(proxy.statements());
        run(&db, world, query).await;
        // What is fetched of a cursor is the plan of that.
        for statement in proxy.statements().iter().filter(|sql| !sql.starts_with("FETCH")) {
            report.explained(explained(world, name, statement).await);
        }
    }
}

async fn run(db: &Db, world: &World, query: Query) {
    let tenant = &world.tenants[0];
    let cx = db.tenant(tenant.organization, &tenant.owner).begin().await.unwrap();
    query(&cx, tenant.plan).await.unwrap();
    cx.rollback().await.unwrap();
}

async fn explained(world: &World, query: &'static str, statement: &str) -> Explained {
    let mut connection = world.fixture.database.stranger().await;
    let plan = plan(&mut connection, world, statement).await;
    connection.close().await.ok();
    match plan {
        Ok(plan) => {
            let mut scans = Vec::new();
            collect(&plan[0]["Plan"], &mut scans);
            Explained { query, unexplained: None, scans }
        }
        Err(error) => Explained { query, unexplained: Some(error.to_string()), scans: Vec::new() },
    }
}

/// Returns the plan of a statement, in a context that is opened by hand.
async fn plan(connection: &mut PgConnection, world: &World, statement: &str) -> Result<Value, sea_orm::sqlx::Error> {
    let (app, tenant) = (&world.fixture.database.prefix, &world.tenants[0]);
    // A cursor is planned as its query is.
    let select = statement.split_once(" CURSOR FOR ").map_or(statement, |(_, select)| select);
    let prepare = format!(
        "BEGIN; SELECT {app}.enter_tenant('{}', '{}'); SET LOCAL ROLE {}; SET LOCAL plan_cache_mode = force_generic_plan;
         PREPARE explained AS {select}",
        tenant.organization,
        tenant.owner.user_id(),
        world.fixture.database.role("tenant"),
    );
    connection.execute(raw_sql(AssertSqlSafe(prepare))).await?;
    let values = vec!["NULL"; values(select)].join(", ");
    let call = if values.is_empty() { String::new() } else { format!("({values})") };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE explained{call}");
    let plan = connection.fetch_one(raw_sql(AssertSqlSafe(explain))).await?.try_get_unchecked::<String, _>(0)?;
    Ok(serde_json::from_str(&plan).unwrap())
}

/// Returns how many values a statement takes. The catalog would say so, but not to a scope role.
fn values(statement: &str) -> usize {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    statement.split('$').skip(1).filter_map(|text| digits(text).parse().ok()).max().unwrap_or(0)
}

/// Collects how tables are read, in a part of a plan and in those below.
fn collect(node: &Value, scans: &mut Vec<Scan>) {
    let text = |key: &str| node[key].as_str().map(str::to_owned);
    if let (Some(table), Some(how)) = (text("Relation Name"), text("Node Type"))
        && how != "ModifyTable"
    {
        // The scan of a bitmap has its index below.
        let of_index = if text("Index Name").is_none() { &node["Plans"][0] } else { node };
        let index = of_index["Index Name"].as_str().map(str::to_owned);
        let condition = of_index["Index Cond"].as_str().unwrap_or_default();
        let key = if table == "organization" { "id = $" } else { "organization_id = $" };
        scans.push(Scan { by_literal: condition.contains(key), table, how, index });
    }
    for below in node["Plans"].as_array().into_iter().flatten() {
        collect(below, scans);
    }
}

impl Explained {
    pub(crate) fn print(&self) {
        println!("{}", self.query);
        if let Some(why) = &self.unexplained {
            println!("  not explained: {why}");
        }
        if self.scans.is_empty() && self.unexplained.is_none() {
            println!("  reads no table");
        }
        for Scan { table, how, index, by_literal } in &self.scans {
            let index = index.as_deref().unwrap_or("no index");
            let literal = if *by_literal { "by the literal predicate" } else { "NOT by the literal predicate" };
            println!("  {table:<16} {how:<20} {index:<48} {literal}");
        }
    }
}
