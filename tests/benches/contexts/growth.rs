//! How the cost grows: with tenants, with the rows of one, with partitions and with tables.

use std::{fmt::Write, sync::Arc, time::Instant};

use db::Db;
use entity::ResearchPlan;

use crate::{
    case::{Case, Way},
    cases,
    link::{Link, Path},
    options::Options,
    report::Report,
    runner::{Series, measure},
    world::{Tenant, World},
};

const SECTION: &str = "growth";
const TENANTS: [u32; 5] = [10, 100, 1_000, 10_000, 100_000];
const ROWS: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
const PARTITIONS: [u32; 5] = [2, 8, 32, 128, 512];
const TABLES: [u32; 4] = [10, 100, 1_000, 5_000];

/// Measures each kind of growth.
pub(crate) async fn run(options: &Options, report: &mut Report) {
    for tenants in TENANTS.into_iter().filter(|tenants| wanted(options, "tenants", *tenants)) {
        let world = Arc::new(World::new(tenants, 10).await);
        each(&world, "tenants", tenants, options, report).await;
    }
    for rows in ROWS.into_iter().filter(|rows| wanted(options, "rows of the tenant", *rows)) {
        let mut world = World::new(1_000, 100).await;
        world.enlarge(rows).await;
        each(&Arc::new(world), "rows of the tenant", rows, options, report).await;
    }
    for partitions in PARTITIONS.into_iter().filter(|partitions| wanted(options, "partitions", *partitions)) {
        let world = World::new(1_000, 100).await;
        world.partition(partitions).await;
        each(&Arc::new(world), "partitions", partitions, options, report).await;
    }
    for tables in TABLES.into_iter().filter(|tables| wanted(options, "tables", *tables)) {
        let world = World::new(1_000, 100).await;
        world.make_tables(tables).await;
        let world = Arc::new(world);
        each(&world, "tables", tables, options, report).await;
        connect(&world, tables, options, report).await;
    }
}

/// Of the long ones the first two, where it is only to be seen that all of it runs.
fn wanted(options: &Options, of: &str, size: u32) -> bool {
    let quick = !options.quick || size <= 100;
    quick && options.wants(SECTION, &named(of, size, ""))
}

fn named(of: &str, size: u32, what: &str) -> String {
    format!("{size} {of}: {what}")
}

async fn each(world: &Arc<World>, of: &str, size: u32, options: &Options, report: &mut Report) {
    let link = Link::new(world, Path::default()).await;
    for case in cases::growing() {
        let mut compared = measure(SECTION, &case, &link, options).await;
        compared.name = named(of, size, case.name);
        report.compared(compared);
    }
}

/// Measures what `Db::connect` takes, which looks at the tables that there are.
async fn connect(world: &World, tables: u32, options: &Options, report: &mut Report) {
    let mut series = Series::new([Way::Ours]);
    for _ in 0..options.rounds(Case::new("").rounds) {
        let start = Instant::now();
        let db = Db::connect(world.options(None)).await.unwrap();
        series.push(0, start.elapsed().as_secs_f64() * 1e6);
        db.close().await;
    }
    report.compared(series.compare(SECTION, &named("tables", tables, "Db::connect"), "µs each", "1".to_owned()));
}

impl World {
    /// Gives one tenant so many plans, and makes it the one that is measured.
    async fn enlarge(&mut self, plans: u32) {
        let org = &self.fixture.acme;
        let fill = format!(
            "SET session_replication_role = replica;
             INSERT INTO research_plan (organization_id, id, title, question, created_at)
             SELECT '{}', gen_random_uuid(), 'plan ' || n, 'what?', now() - n * interval '1 second'
             FROM generate_series(2, {plans}) n",
            org.id
        );
        self.fixture.database.execute(&fill).await;
        self.tenants = vec![Tenant { organization: org.id, owner: org.owner.clone(), plan: org.plan }];
        self.settle().await;
    }

    /// Makes the table of the plans one of so many partitions.
    async fn partition(&self, partitions: u32) {
        let mut sql = "DROP TABLE plan_step;
            ALTER TABLE research_plan RENAME TO whole;
            CREATE TABLE research_plan (LIKE whole INCLUDING ALL) PARTITION BY HASH (organization_id);"
            .to_owned();
        for n in 0..partitions {
            write!(
                sql,
                "CREATE TABLE research_plan_{n} PARTITION OF research_plan
                   FOR VALUES WITH (MODULUS {partitions}, REMAINDER {n});"
            )
            .unwrap();
        }
        sql.push_str("INSERT INTO research_plan SELECT * FROM whole; DROP TABLE whole;");
        self.fixture.database.execute(&sql).await;
        for sql in self.protect_as("research_plan") {
            self.fixture.database.execute(&sql).await;
        }
        self.let_in_by_hand_to("research_plan").await;
        self.settle().await;
    }

    /// Makes tables like that of the plans, until there are so many beside the application's.
    async fn make_tables(&self, tables: u32) {
        for first in (0..tables).step_by(100) {
            let mut sql = String::new();
            for n in first..tables.min(first + 100) {
                write!(sql, "CREATE TABLE plan_{n} (LIKE research_plan INCLUDING ALL);").unwrap();
                sql.push_str(&self.protect_as(&format!("plan_{n}")).join(";"));
                sql.push(';');
            }
            self.fixture.database.execute(&sql).await;
        }
        self.settle().await;
    }

    /// Returns the statements that protect a table like that of the plans.
    fn protect_as(&self, table: &str) -> Vec<String> {
        let migrator = self.fixture.database.migrator();
        let contract = migrator.contract();
        let mut statements = contract.protect::<ResearchPlan>();
        statements.push(contract.keep_updated_at::<ResearchPlan>());
        statements.into_iter().map(|sql| sql.replace("research_plan", table)).collect()
    }
}
