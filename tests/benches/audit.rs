//! What an audit of many tables costs: `cargo bench -p tests --bench audit`.
//!
//! It makes a database of 500, then of 5,000 tables with keys, policies and grants, audits each as the login role, and
//! prints how long that takes and how much memory this process has at its most.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints")]

use std::{fmt::Write, time::Instant};

use db::{
    Registry,
    audit::{Audit, Severity},
};
use tests::TestDatabase;

const SIZES: [u32; 3] = [500, 2_000, 5_000];
const ROUNDS: u32 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let database = TestDatabase::new().await;
    let (registry, migrator) = (Registry::collect(), database.migrator());
    let owner = database.migration_connection(&database.owner_url()).await;
    let audit = Audit::new(&registry).contract(migrator.contract());
    let mut made = 0;
    let mut first = None;
    println!("{:>7} {:>9} {:>12} {:>10}", "tables", "ms", "µs a table", "MiB more");
    for size in SIZES {
        make(&database, made..size).await;
        made = size;
        let before = peak();
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let report = audit.run(&owner).await.unwrap();
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            // The tables have no entity, and nothing else.
            assert_eq!(report.at_least(Severity::Warn).count(), size as usize, "{report}");
            assert_eq!(report.tables.len(), size as usize + 10);
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let each = median * 1000.0 / f64::from(size);
        println!("{size:>7} {median:>9.0} {each:>12.0} {:>10.0}", (peak() - before) / 1024.0);
        println!("        {:.2} times the cost of a table among {}", each / *first.get_or_insert(each), SIZES[0]);
    }
    owner.close().await.unwrap();
}

/// Makes tables as the contract does, of eight columns, each pointing at the one before.
async fn make(database: &TestDatabase, range: std::ops::Range<u32>) {
    let prefix = &database.prefix;
    for start in range.clone().step_by(100) {
        let mut sql = String::new();
        for i in start..(start + 100).min(range.end) {
            let rows = format!("organization_id = {prefix}.current_organization_id()");
            let boundary = format!(
                "{rows} AND (CASE WHEN organization_id = (SELECT {prefix}.sealed_organization_id()) \
                   THEN true END) IS NOT NULL"
            );
            let parent = i.saturating_sub(1);
            let refers = if i == 0 {
                String::new()
            } else {
                format!(", FOREIGN KEY (organization_id, parent) REFERENCES t{parent} (organization_id, id)")
            };
            write!(
                sql,
                "CREATE TABLE t{i} (organization_id uuid NOT NULL, id uuid NOT NULL, parent uuid, title text NOT NULL,
                   body text, n int, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz,
                   PRIMARY KEY (organization_id, id){refers});
                 ALTER TABLE t{i} ENABLE ROW LEVEL SECURITY; ALTER TABLE t{i} FORCE ROW LEVEL SECURITY;
                 CREATE POLICY tenant_boundary ON t{i} AS RESTRICTIVE TO {prefix}_tenant USING ({boundary}) WITH CHECK ({boundary});
                 CREATE POLICY tenant_access ON t{i} TO {prefix}_tenant USING ({rows}) WITH CHECK ({rows});
                 GRANT SELECT, INSERT, DELETE ON t{i} TO {prefix}_tenant;
                 GRANT UPDATE (title, body, n) ON t{i} TO {prefix}_tenant;"
            )
            .unwrap();
        }
        database.execute(&sql).await;
    }
}

/// Returns the most memory that the process has had so far, in KiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
