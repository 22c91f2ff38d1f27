//! Each finding code has databases with exactly that fault: it is found, and once the printed SQL was run, nothing is.

use std::collections::BTreeSet;

use db::{
    Registry,
    audit::{Audit, AuditReport, Code, Finding, Repair},
};
use migration::Migrator;
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use tests::TestDatabase;

use crate::{
    cases::{Case, cases},
    note::application,
};

/// One case after another, each in a transaction that is rolled back: a database for each would take minutes.
#[tokio::test]
async fn every_fault_is_found_and_its_printed_repair_mends_it() {
    let database = TestDatabase::new().await;
    let migrator = database.migrator();
    let owner = database.migration_connection(&database.owner_url()).await;
    let version = version(&owner).await;
    let (mut shown, mut wrong) = (BTreeSet::new(), Vec::new());
    let transaction = owner.begin().await.unwrap();
    let clean = look(&migrator, &transaction, &application()).await.unwrap();
    assert!(clean.findings.is_empty(), "{clean}");
    transaction.rollback().await.unwrap();
    for case in cases().iter().filter(|case| version >= case.since) {
        let transaction = owner.begin().await.unwrap();
        if let Err(why) = show(&database, &migrator, &transaction, case).await {
            wrong.push(format!("{} ({}): {why}", case.code, case.cause));
        }
        transaction.rollback().await.unwrap();
        shown.insert(case.code);
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    // Those that no statement brings about have tests of their own.
    shown.extend([Code::ServerVersion, Code::AcceptanceUnused, Code::TableWithoutEntity]);
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

async fn show(
    database: &TestDatabase,
    migrator: &Migrator,
    transaction: &DatabaseTransaction,
    case: &Case,
) -> Result<(), String> {
    for sql in &case.given {
        run(database, transaction, sql).await?;
    }
    // Where nothing is given, the database is the one that was looked at before all cases.
    if !case.given.is_empty() {
        let clean = look(migrator, transaction, &case.registry).await?;
        if !clean.findings.is_empty() {
            return Err(format!("before the fault: {clean}"));
        }
    }
    for sql in &case.fault {
        run(database, transaction, sql).await?;
    }
    let report = look(migrator, transaction, &case.registry).await?;
    let [finding] = report.findings.as_slice() else { return Err(format!("one finding, not: {report}")) };
    let Finding { code, severity, object, message, repair, .. } = finding;
    let Repair { statements, advice, .. } = repair;
    if (*code, *severity) != (case.code, case.severity) || object.to_string() != fill(database, case.object) {
        return Err(format!("is found as: {report}"));
    }
    if message.is_empty() || (statements.is_empty() && advice.is_empty()) {
        return Err(format!("says too little: {finding:?}"));
    }
    if statements.is_empty() && case.mends || statements.iter().any(|sql| sql.trim_start().starts_with("--")) {
        return Err(format!("statements or none: {repair:#?}"));
    }
    if advice.iter().any(|sentence| sentence.is_empty() || sentence.ends_with('.')) {
        return Err(format!("no sentence as the others: {advice:?}"));
    }
    if !case.mends {
        return Ok(());
    }
    for sql in statements {
        run(database, transaction, sql).await?;
    }
    let mended = look(migrator, transaction, &case.registry).await?;
    if !mended.findings.is_empty() {
        return Err(format!("after {repair:#?}: {mended}"));
    }
    Ok(())
}

async fn look(
    migrator: &Migrator,
    transaction: &DatabaseTransaction,
    registry: &Registry,
) -> Result<AuditReport, String> {
    let audit = Audit::new(registry).contract(migrator.contract()).rows(true);
    audit.run(transaction).await.map_err(|error| error.to_string())
}

async fn run(database: &TestDatabase, transaction: &DatabaseTransaction, sql: &str) -> Result<(), String> {
    let sql = fill(database, sql);
    transaction.execute_unprepared(&sql).await.map(drop).map_err(|error| format!("{sql}: {error}"))
}

/// The roles, the schema and the settings of a test database have its name as their prefix.
fn fill(database: &TestDatabase, sql: &str) -> String {
    sql.replace("$P", &database.prefix.to_uppercase()).replace("$p", &database.prefix)
}

async fn version(connection: &impl ConnectionTrait) -> i32 {
    let statement = sea_orm::Statement::from_string(
        sea_orm::DbBackend::Postgres,
        "SELECT current_setting('server_version_num')::int / 10000",
    );
    connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}
