//! A dump has all that the seal needs: there is no secret to make anew.

use std::process::Command;

use db::{Db, DbOptions};
use entity::ResearchPlan;
use tests::{Fixture, PATIENCE, TestDatabase, program};

/// Returns the owner's URL as PostgreSQL's own programs take it.
fn url(database: &TestDatabase) -> String {
    database.owner_url().split('?').next().unwrap().to_owned()
}

/// Dumps a database as the superuser; `None` where the program is older than the server, which it then refuses.
fn dump(database: &TestDatabase) -> Option<String> {
    let mut command = Command::new(program("pg_dump").unwrap());
    let output = command.arg(url(database)).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("server version mismatch") {
        eprintln!("SKIPPED: dumps are not looked at, as pg_dump is older than the server");
        return None;
    }
    assert!(output.status.success(), "{said}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn contexts_are_opened_in_a_database_that_was_restored() {
    let f = Fixture::new().await;
    let Some(dumped) = dump(&f.database) else { return };
    let restored = TestDatabase::empty().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &dumped).unwrap();
    let mut psql = Command::new(program("psql").unwrap());
    let output =
        psql.args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file.path()).arg(url(&restored)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Its roles and its settings have the first one's names. What is granted on a database is not part of its dump.
    restored.execute(&format!("GRANT CONNECT ON DATABASE {} TO {}", restored.name, f.database.login())).await;
    let url = restored.url(Some((&f.database.login(), tests::PASSWORD)));
    let options = DbOptions::from_url(&url).unwrap().prefix(&f.database.prefix).unwrap();
    let db = Db::connect(options.acquire_timeout(PATIENCE)).await.unwrap();
    let plans = db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await).await;
    assert_eq!(plans.unwrap(), 1);
    db.close().await;
    // Before the roles go with the first one.
    drop(restored);
}
