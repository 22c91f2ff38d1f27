//! The secret is in no dump and in no log.

use std::process::{Command, Output};

use db::{Db, DbOptions};
use entity::ResearchPlan;
use tests::{Fixture, PATIENCE, TestDatabase, program};

use crate::rotation::secrets;

/// Whether a text has a secret in it, in one of the ways in which PostgreSQL writes bytes.
fn has_secret(text: &str, secrets: &[String]) -> bool {
    secrets.iter().any(|hex| {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        // Escaped; and as the numbers of a plan that is printed.
        let escaped = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect::<Vec<_>>().concat();
        let numbers = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect::<Vec<_>>().join(" ");
        [hex.clone(), hex.to_uppercase(), escaped, numbers].iter().any(|form| text.contains(form))
    })
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

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
async fn a_dump_has_no_secret_and_what_is_restored_has_its_own() {
    let f = Fixture::new().await;
    let Some(dumped) = dump(&f.database) else { return };
    let secrets = secrets(&f).await;
    assert!(dumped.contains("REFRESH MATERIALIZED VIEW"));
    assert!(!has_secret(&dumped, &secrets));

    let restored = TestDatabase::empty().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &dumped).unwrap();
    run(Command::new(program("psql").unwrap())
        .args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(file.path())
        .arg(url(&restored)));
    // Its roles and its settings have the first one's names. What is granted on a database is not part of its dump.
    restored.execute(&format!("GRANT CONNECT ON DATABASE {} TO {}", restored.name, f.database.login())).await;
    let url = restored.url(Some((&f.database.login(), tests::PASSWORD)));
    let options = DbOptions::from_url(&url).unwrap().prefix(&f.database.prefix).unwrap();
    let db = Db::connect(options.acquire_timeout(PATIENCE)).await.unwrap();
    let plans = async || {
        db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await).await
    };
    assert_eq!(plans().await.unwrap(), 1);
    db.close().await;
    assert!(!has_secret(&dump(&restored).unwrap(), &secrets));

    // The control: in a table of its own it would be found.
    f.database.execute(&format!("CREATE TABLE copied AS TABLE {}.seal_key", f.database.prefix)).await;
    assert!(has_secret(&dump(&f.database).unwrap(), &secrets));
    // Before the roles go with the first one.
    drop(restored);
}

/// As much as PostgreSQL can be made to log: each statement, each query within a function with its parameters, and each
/// query as it is parsed and planned.
#[tokio::test]
async fn a_log_of_everything_has_no_secret() {
    const LOG: &str = "-c log_statement=all -c client_min_messages=log -c log_duration=on -c debug_print_parse=on \
        -c debug_print_rewritten=on -c debug_print_plan=on -c session_preload_libraries=auto_explain \
        -c auto_explain.log_min_duration=0 -c auto_explain.log_nested_statements=on -c auto_explain.log_verbose=on \
        -c auto_explain.log_analyze=on";
    let f = Fixture::new().await;
    let (name, tenant) = (&f.database.prefix, f.database.role("tenant"));
    let psql = |sql: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), sql).unwrap();
        let mut psql = Command::new(program("psql").unwrap());
        psql.args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file.path()).arg(url(&f.database));
        // What a server logs it can send to the client as well.
        let output = run(psql.env("PGOPTIONS", LOG));
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
    };
    let contract = f.database.migrator().contract().clone();
    // Made anew, so that the log has how it is made.
    let log = psql(&format!(
        "DROP MATERIALIZED VIEW {name}.seal_key_previous, {name}.seal_key;
         {};
         BEGIN; SELECT {name}.enter_tenant('{}', '{}'); SET LOCAL ROLE {tenant}; SELECT title FROM research_plan; COMMIT;
         BEGIN; SET {name}.seal = 'x'; SET LOCAL ROLE {tenant};",
        contract.install(None).join(";\n"),
        f.acme.id,
        f.acme.owner.user_id(),
    ));
    let before = secrets(&f).await;
    let rotated = psql(&contract.rotate_seal());
    let after = secrets(&f).await;
    assert_ne!(before[0], after[0]);
    for part in ["CREATE MATERIALIZED VIEW", "Query Text: SELECT FROM", "sha256(", "PLANNEDSTMT", "plan of acme"] {
        assert!(log.contains(part), "the log has {part}");
    }
    assert!(rotated.contains("REFRESH MATERIALIZED VIEW CONCURRENTLY"), "{rotated}");
    let all = [before, after].concat();
    assert!(!has_secret(&log, &all) && !has_secret(&rotated, &all));

    // The control: a secret in a statement would be found, by any of its forms.
    for form in [format!("'{}'", all[0]), format!("'\\x{}'::bytea", all[0])] {
        assert!(has_secret(&psql(&format!("SELECT {form}")), &all), "{form}");
    }
}
