//! Whoever migrates is told what others lose by it, and what it could not do.

use std::process::Command;

use db::contract::Plan;
use migration::MigratorTraitSelf;
use sea_orm::sqlx::{Connection, PgConnection};
use tests::{OwnServer, PASSWORD, TestDatabase};

#[tokio::test]
async fn a_plan_names_who_has_a_right_by_public_alone() {
    let database = TestDatabase::empty().await;
    let (name, legacy) = (&database.name, database.role("legacy"));
    database
        .execute(&format!(
            "CREATE ROLE {legacy} LOGIN PASSWORD 'secret'; CREATE ROLE {name}_owner; CREATE ROLE {name}_other LOGIN; CREATE ROLE {name}_idle LOGIN;
             CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO {name}_owner;
             GRANT CONNECT ON DATABASE {name} TO {name}_other"
        ))
        .await;
    let connected = PgConnection::connect(&database.url(Some((&legacy, "secret")))).await.unwrap();
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    let plan = migrator.contract().plan(&owner).await.unwrap();
    let right = |right: &str| plan.rights.iter().find(|found| found.right.contains(right)).unwrap();
    let loses = |of: &str, role: &str| right(of).roles.iter().find(|loses| loses.name == role).cloned();
    let connect = loses("CONNECT", &legacy).unwrap();
    assert_eq!((connect.sessions, connect.used), (1, false));
    assert_eq!(
        right("CONNECT").roles[0].sessions.max(1),
        right("CONNECT").roles[0].sessions,
        "who is connected comes first"
    );
    assert!(loses("CONNECT", &format!("{name}_owner")).unwrap().used, "it owns a table");
    assert!(loses("CONNECT", &format!("{name}_idle")).is_some());
    assert!(loses("CONNECT", &format!("{name}_other")).is_none(), "it has that by itself");
    assert!(loses("TEMPORARY", &format!("{name}_other")).is_some());
    assert!(loses("set_config", &legacy).is_some());
    assert!(loses("CONNECT", "postgres").is_none() && loses("CONNECT", &database.login()).is_none());
    let said = plan.to_string();
    assert!(said.contains(&format!("`{legacy}` (connected now)")) && said.contains("CONNECT on database"), "{said}");
    // It says so for what it will do, and changes nothing. Roles of other databases come and go on the server meanwhile.
    let again = migrator.contract().plan(&owner).await.unwrap();
    let rights = |plan: &Plan| plan.rights.iter().map(|right| right.right.clone()).collect::<Vec<_>>();
    assert_eq!(rights(&again), rights(&plan));

    // Who is told of is kept where that is asked for, and then not told of.
    let kept = migrator.contract().clone().keep_for(&[&legacy]);
    let plan = kept.plan(&owner).await.unwrap();
    assert!(plan.rights.iter().all(|right| right.roles.iter().all(|role| role.name != legacy)), "{plan}");
    let left = migrator.contract().clone().leave_public().plan(&owner).await.unwrap();
    assert_eq!((left.to_string(), left.taken().count()), (String::new(), 0));

    migrator.up(&owner, None).await.unwrap();
    let after = migrator.contract().plan(&owner).await.unwrap();
    assert_eq!((after.rights.len(), after.warnings(), after.to_string()), (0, String::new(), String::new()));
    connected.close().await.unwrap();
    owner.close().await.unwrap();
    for role in ["owner", "other", "idle", "legacy"] {
        database.execute(&format!("DROP OWNED BY {name}_{role}; DROP ROLE {name}_{role}")).await;
    }
}

/// What an owner who is no superuser cannot close is said with all that a superuser has to run: then contexts go on.
#[tokio::test]
async fn what_could_not_be_closed_is_said_with_what_closes_it() {
    let (database, url) = TestDatabase::plainly_owned().await;
    let owner = database.migration_connection(&url).await;
    let migrator = database.migrator();
    let before = migrator.contract().plan(&owner).await.unwrap();
    assert!(before.taken().any(|right| right.right.contains("CONNECT")));
    assert!(before.not_closed().any(|right| right.right.contains("set_config")));
    migrator.up(&owner, None).await.unwrap();
    let warnings = migrator.contract().plan(&owner).await.unwrap().warnings();
    assert!(warnings.starts_with("warning:") && warnings.contains("set_config"), "{warnings}");
    let statements = warnings.lines().filter_map(|line| line.strip_prefix("  "));
    for sql in statements {
        database.execute(sql).await;
    }
    assert_eq!(migrator.contract().plan(&owner).await.unwrap().warnings(), "");
    migration::seed::run(&database.db().await).await.unwrap();
    owner.close().await.unwrap();
}

/// A contract that is told to leave PUBLIC alone takes nothing from anybody, and the audit says what that leaves open.
#[tokio::test]
async fn what_is_left_to_public_is_found() {
    use db::audit::{Audit, Code};

    let database = TestDatabase::empty().await;
    let owner = database.migration_connection(&database.owner_url()).await;
    let contract = database.migrator().contract().clone().leave_public();
    let before = contract.plan(&owner).await.unwrap().rights.len();
    for sql in contract.install(Some(PASSWORD)) {
        sea_orm::ConnectionTrait::execute_unprepared(&owner, &sql).await.unwrap();
    }
    let after = contract.plan(&owner).await.unwrap();
    assert_eq!(after.rights.len(), before);
    assert!(after.warnings().contains("PUBLIC keeps"), "{}", after.warnings());
    let registry = db::Registry::collect();
    let report = Audit::new(&registry).contract(&contract).run(&owner).await.unwrap();
    for code in [Code::TemporaryTables, Code::SetConfigExecutable] {
        assert!(report.findings.iter().any(|finding| finding.code == code), "{code}: {report}");
    }
    owner.close().await.unwrap();
}

/// The program says so by itself, on standard error, and its exit code is that of the migration.
#[tokio::test]
async fn the_migration_program_says_it() {
    let Some(own) = OwnServer::start().await else {
        eprintln!("SKIPPED: there are no binaries of PostgreSQL");
        return;
    };
    let url = own.server().url.clone();
    let run = |database: &str, arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_migration-program"));
        command.args(arguments).current_dir(folder.path());
        for variable in ["DATABASE_URL", "DATABASE_SCHEMA", "APP_DATABASE_ROLE", "APP_DATABASE_KEEP"] {
            command.env_remove(variable);
        }
        command.env("APP_DATABASE_PASSWORD", PASSWORD).env("MIGRATION_DATABASE_URL", database);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let mut superuser = PgConnection::connect(&url).await.unwrap();
    for sql in [
        "CREATE ROLE legacy LOGIN PASSWORD 'secret'",
        "CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'secret'",
        "CREATE DATABASE mine OWNER plain",
    ] {
        sea_orm::sqlx::raw_sql(sql).execute(&mut superuser).await.unwrap();
    }
    superuser.close().await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let mine = format!("{server}/mine").replace("postgres:password@", "plain:secret@");
    let mut owns = PgConnection::connect(&format!("{server}/mine")).await.unwrap();
    sea_orm::sqlx::raw_sql("ALTER SCHEMA public OWNER TO plain").execute(&mut owns).await.unwrap();
    owns.close().await.unwrap();

    let (code, planned) = run(&mine, &["plan"]);
    assert_eq!(code, Some(0), "{planned}");
    assert!(planned.contains("PUBLIC loses") && planned.contains("`legacy`"), "{planned}");
    let (code, said) = run(&mine, &["up"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("PUBLIC loses") && said.contains("`legacy`"), "{said}");
    assert!(said.contains("warning:") && said.contains("REVOKE EXECUTE ON FUNCTION pg_catalog.set_config"), "{said}");
    assert!(
        said.contains("GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO app_gate"),
        "{said}"
    );
    let (code, again) = run(&mine, &["up"]);
    assert_eq!(code, Some(0), "{again}");
    assert!(!again.contains("PUBLIC loses") && again.contains("warning:"), "{again}");
}
