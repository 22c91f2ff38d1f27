//! Many faults in one database, and its report run as it is printed.

use super::*;
use crate::cases::{Case, cases};

/// Faults whose roles no test would drop, and those whose repair is the whole contract.
fn can_be_beside_others(case: &Case) -> bool {
    let creates_a_role = case.fault.iter().any(|sql| sql.contains("CREATE ROLE") || sql.contains("DROP ROLE"));
    case.mends && !creates_a_role && case.given.iter().all(|sql| !sql.contains("CREATE TABLE plain"))
}

/// A generator that gives the same on every machine.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

/// As many faults at a time, in as many databases.
const FAULTS: usize = 14;
const ROUNDS: u64 = 5;

#[tokio::test]
async fn the_sql_of_a_report_repairs_all_that_statements_can() {
    for round in 0..ROUNDS {
        let mut shop = Shop::open().await;
        let mut all: Vec<_> =
            cases().into_iter().filter(|case| case.since <= shop.version && can_be_beside_others(case)).collect();
        let (mut seed, mut made) = (round, Vec::new());
        while made.len() < FAULTS && !all.is_empty() {
            let case = all.swap_remove(next(&mut seed) % all.len());
            let given = case.given.iter().filter(|sql| !sql.contains("note"));
            let sql: Vec<_> = given.chain(&case.fault).map(String::as_str).collect();
            let sql = sql.join(";\n").replace("$P", &shop.database.prefix.to_uppercase());
            // Some do not go with each other.
            if shop.try_run(&format!("BEGIN;\n{sql};\nCOMMIT")).await.is_ok() {
                made.push(format!("{}: {}", case.code, case.cause));
            }
        }
        let report = shop.audit().await;
        let sql = report.to_sql();
        if let Err(why) = shop.try_run(&sql).await {
            panic!("round {round}, {made:#?}: {why}");
        }
        let after = shop.audit().await;
        let left: Vec<_> = after.findings.iter().filter(|finding| !finding.repair.statements.is_empty()).collect();
        assert!(left.is_empty(), "round {round}, {made:#?}: {left:#?}\nafter {sql}");
        // Each rendering has it as it is to be run.
        for finding in &report.findings {
            let Some(script) = finding.repair.script() else { continue };
            assert!(sql.contains(&script) && report.to_text(false, None).contains(&script), "{script}");
            let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
            let scripts: Vec<_> =
                json["findings"].as_array().unwrap().iter().map(|finding| &finding["repair"]["script"]).collect();
            assert!(scripts.iter().any(|found| *found == &script), "{script}");
            assert!(report.to_sarif().contains(&serde_json::to_string(&script).unwrap()), "{script}");
        }
        shop.close().await;
    }
}

/// Tables of an entity that are missing are made where queries find them, whatever the path of whoever runs it; one with a
/// schema that is not there is left to its migration.
#[tokio::test]
async fn a_missing_table_is_made_where_its_queries_look() {
    let mut shop = Shop::open().await;
    shop.run("CREATE SCHEMA elsewhere; DROP TABLE note").await;
    let script = shop.find(Code::EntityTableMissing).await.repair.script().unwrap();
    shop.run(&format!("SET search_path = elsewhere, public; {script}; RESET search_path")).await;
    let row = shop
        .owner
        .fetch_one("SELECT 'public.note'::regclass::oid::text, to_regclass('elsewhere.note')::text")
        .await
        .unwrap();
    assert_eq!(row.get::<Option<String>, _>(1), None);
    let report = shop.audit().await;
    assert!(report.findings.is_empty(), "{report}");
    shop.close().await;
}

/// Those that point at each other are made in that order.
#[tokio::test]
async fn missing_tables_are_made_one_after_the_other() {
    let mut shop = Shop::open().await;
    shop.run("DROP TABLE plan_step, research_plan, personal_access_token, note CASCADE").await;
    let report = shop.audit().await;
    assert_eq!(report.of(Code::EntityTableMissing).count(), 4, "{report}");
    shop.run(&report.to_sql()).await;
    let left = shop.audit().await;
    assert!(left.of(Code::EntityTableMissing).next().is_none(), "{left}");
    shop.close().await;
}
