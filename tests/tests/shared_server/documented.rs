//! The roles that `docs/operating.md` names for backups, vacuum, replication and an old application: the statements that are
//! run are those of the page.

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use db::{
    Db, Registry,
    audit::{Audit, Severity},
};
use entity::ResearchPlan;
use migration::{MigratorTraitSelf, seed};
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions, query_scalar, raw_sql};
use tests::{Fixture, PASSWORD, PATIENCE, TestDatabase, program};

const PAGE: &str = include_str!("../../../docs/operating.md");

/// The statements of the page under this title, for the names of a test's own.
fn documented(title: &str, database: &TestDatabase) -> Vec<String> {
    let (_, rest) = PAGE.split_once(&format!("```sql {title}\n")).unwrap();
    let (sql, _) = rest.split_once("\n```").unwrap();
    let name = &database.name;
    let sql = sql.replace("app_", &format!("{name}_")).replace("trovella_", &format!("{name}_"));
    let sql = sql.replace("DATABASE trovella", &format!("DATABASE {name}"));
    sql.split(';').map(str::trim).filter(|sql| !sql.is_empty()).map(str::to_owned).collect()
}

pub(crate) async fn run_documented(title: &str, database: &TestDatabase) {
    for sql in documented(title, database) {
        database.execute(&sql).await;
    }
}

/// Drops roles of a test's own once the database is gone.
pub(crate) struct Roles<'a>(pub(crate) &'a TestDatabase, pub(crate) &'static [&'static str]);

impl Roles<'_> {
    pub(crate) async fn drop(self) {
        let Self(database, roles) = self;
        for role in roles {
            let role = database.role(role);
            database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
        }
    }
}

pub(crate) fn url(database: &TestDatabase, role: Option<(&str, &str)>) -> String {
    database.url(role).split('?').next().unwrap().to_owned()
}

pub(crate) fn output(command: &mut Command) -> Output {
    command.env_remove("PGOPTIONS").output().unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = output(command);
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    output
}

/// Returns one of PostgreSQL's programs, where it is there and not older than the server, which it then refuses.
pub(crate) async fn not_older(name: &str, database: &TestDatabase) -> Option<Command> {
    let found = program(name)?;
    let version = String::from_utf8(run(Command::new(&found).arg("--version")).stdout).unwrap();
    let major: i32 = version.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok()).unwrap();
    if major < server_version(database).await {
        eprintln!("SKIPPED: {name} is of version {major}, and older than the server");
        return None;
    }
    Some(Command::new(found))
}

async fn server_version(database: &TestDatabase) -> i32 {
    let mut owner = database.owner().await;
    let sql = "SELECT current_setting('server_version_num')::int / 10000";
    query_scalar(sql).fetch_one(&mut owner).await.unwrap()
}

pub(crate) async fn assert_clean(database: &TestDatabase) {
    let registry = Registry::collect();
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    let report = Audit::new(&registry).contract(migrator.contract()).run(&owner).await.unwrap();
    assert!(report.is_clean(Severity::Warn), "{report}");
    owner.close().await.unwrap();
}

#[tokio::test]
async fn tables_are_vacuumed_by_the_documented_roles() {
    let (database, owner_url) = TestDatabase::plainly_owned().await;
    let owner = database.migration_connection(&owner_url).await;
    database.migrator().up(&owner, None).await.unwrap();
    owner.close().await.unwrap();
    let Some(vacuumdb) = program("vacuumdb") else {
        eprintln!("SKIPPED: there is no vacuumdb");
        return;
    };
    let (set_config, name) = ("EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)", &database.name);
    database.execute(&format!("REVOKE {set_config} FROM PUBLIC; GRANT {set_config} TO {name}_gate")).await;
    let vacuum = |role: &str, password: &str| {
        let url = url(&database, Some((role, password)));
        output(Command::new(&vacuumdb).args(["--analyze", "--table=public.research_plan", "--dbname"]).arg(url))
    };
    let owner = database.role("owner");
    assert!(said(&vacuum(&owner, "owner")).contains("set_config"));
    run_documented("vacuum-owner", &database).await;
    let vacuumed = async || -> i64 {
        let sql = "SELECT coalesce(vacuum_count, 0) FROM pg_stat_user_tables WHERE relname = 'research_plan'";
        let since = Instant::now();
        loop {
            let mut owner = database.owner().await;
            let count: i64 = query_scalar(sql).fetch_one(&mut owner).await.unwrap();
            if count > 0 || since.elapsed() > PATIENCE {
                return count;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let by_owner = vacuum(&owner, "owner");
    assert!(by_owner.status.success() && !said(&by_owner).contains("WARNING"), "{}", said(&by_owner));
    assert!(vacuumed().await > 0);
    if server_version(&database).await >= 17 {
        run_documented("vacuum", &database).await;
        database.execute("SELECT pg_stat_reset()").await;
        let by_role = vacuum(&database.role("vacuum"), "secret");
        assert!(by_role.status.success() && !said(&by_role).contains("WARNING"), "{}", said(&by_role));
        assert!(vacuumed().await > 0);
        let registry = Registry::collect();
        let connection = database.migration_connection(&database.owner_url()).await;
        let report = Audit::new(&registry).contract(database.migrator().contract()).run(&connection).await.unwrap();
        assert!(report.is_clean(Severity::Error), "{report}");
        connection.close().await.unwrap();
        Roles(&database, &["vacuum"]).drop().await;
    }
}

/// With its initial copy, and with what comes later.
#[tokio::test]
async fn a_subscription_by_the_documented_role_carries_rows() {
    let (f, copy) = (Fixture::alone().await, TestDatabase::empty().await);
    let database = &f.database;
    let mut first = database.owner().await;
    let level: String = query_scalar("SHOW wal_level").fetch_one(&mut first).await.unwrap();
    if level != "logical" {
        eprintln!("SKIPPED: nothing is replicated, as the server's wal_level is {level}");
        return;
    }
    // The roles are the server's, and so the same.
    let migrations = copy.migration_connection(&copy.owner_url()).await;
    database.migrator().up(&migrations, None).await.unwrap();
    run_documented("replication", database).await;
    let registry = Registry::collect();
    let report = Audit::new(&registry).contract(database.migrator().contract()).run(&migrations).await.unwrap();
    assert!(report.is_clean(Severity::Warn), "{report}");
    migrations.close().await.unwrap();

    // Within one server the slot is made beforehand, or the two would wait for each other.
    let slot = format!("{}_slot", database.name);
    let make: String = format!("SELECT slot_name::text FROM pg_create_logical_replication_slot('{slot}', 'pgoutput')");
    query_scalar::<_, String>(AssertSqlSafe(make)).fetch_one(&mut first).await.unwrap();
    let [subscribe] = &documented("subscription", database)[..] else { panic!("one statement") };
    let server: PgConnectOptions = database.owner_url().parse().unwrap();
    let mut subscribe = subscribe
        .replace("host=first port=5432", &format!("host={} port={}", server.get_host(), server.get_port()))
        .replace("dbname=trovella", &format!("dbname={}", database.name))
        .replace("run_as_owner = true", &format!("run_as_owner = true, create_slot = false, slot_name = {slot}"));
    if server_version(database).await < 16 {
        subscribe = subscribe.replace("run_as_owner = true, ", "");
    }
    copy.execute(&subscribe).await;
    let mut second = copy.owner().await;
    assert_eq!(rows(&mut second, 2).await, 2, "the initial copy");
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        use db::prelude::*;
        let draft = entity::research_plan::Draft {
            title: Set("later".to_owned()),
            question: Set("when?".to_owned()),
            ..Default::default()
        };
        ResearchPlan::insert(draft).exec(cx).await
    })
    .await
    .unwrap();
    assert_eq!(rows(&mut second, 3).await, 3, "what came later");

    // In the copy contexts are as isolated as in the first.
    let options = db::DbOptions::from_url(&copy.url(Some((&database.login(), PASSWORD)))).unwrap();
    let options = options.prefix(&database.name).unwrap().acquire_timeout(PATIENCE);
    let db = Db::connect(options).await.unwrap();
    let count = db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
    assert_eq!(count.await.unwrap(), 2);
    db.close().await;
    copy.execute(&format!("DROP SUBSCRIPTION {}_copy", database.name)).await;
    second.close().await.unwrap();
    drop(copy);
    database.execute(&format!("DROP PUBLICATION {}_changes", database.name)).await;
    Roles(database, &["replication"]).drop().await;
}

/// Waits until there are as many plans.
async fn rows(connection: &mut PgConnection, expected: i64) -> i64 {
    let since = Instant::now();
    loop {
        let found = query_scalar("SELECT count(*) FROM research_plan").fetch_one(&mut *connection).await.unwrap();
        if found == expected || since.elapsed() > PATIENCE {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The application that was there before goes on, and the new one is isolated.
#[tokio::test]
async fn an_old_role_goes_on_beside_the_new_one() {
    let database = TestDatabase::empty().await;
    let legacy = database.role("legacy");
    database.execute(&format!("CREATE ROLE {legacy} LOGIN PASSWORD 'secret'")).await;
    let mut old = PgConnection::connect(&database.url(Some((&legacy, "secret")))).await.unwrap();
    let owner = database.migration_connection(&database.owner_url()).await;
    let contract = database.migrator().contract().clone().keep_for(&[&legacy, "nobody's role"]);
    for sql in contract.install(Some(PASSWORD)) {
        sea_orm::ConnectionTrait::execute_unprepared(&owner, &sql).await.unwrap();
    }
    database.migrate().await;
    seed::run(&database.db().await).await.unwrap();
    // What it had by PUBLIC it has by itself: to connect, temporary tables, settings.
    let mut again = PgConnection::connect(&database.url(Some((&legacy, "secret")))).await.unwrap();
    for connection in [&mut old, &mut again] {
        raw_sql("CREATE TEMPORARY TABLE mine (id int); SELECT set_config('my.setting', '1', false)")
            .execute(connection)
            .await
            .unwrap();
    }
    let plans = "SELECT count(*) FROM research_plan";
    database.execute(&format!("GRANT SELECT ON research_plan TO {legacy}")).await;
    assert_eq!(query_scalar::<_, i64>(plans).fetch_one(&mut old).await.unwrap(), 0, "no policy is for it");
    run_documented("legacy-policy", &database).await;
    assert_eq!(query_scalar::<_, i64>(plans).fetch_one(&mut old).await.unwrap(), 4);
    database.execute("DROP POLICY legacy ON research_plan").await;
    run_documented("legacy", &database).await;
    assert_eq!(query_scalar::<_, i64>(plans).fetch_one(&mut again).await.unwrap(), 4);
    assert_clean(&database).await;

    // The control: who was not named is cut off.
    let other = database.role("owner");
    database.execute(&format!("CREATE ROLE {other} LOGIN PASSWORD 'secret'")).await;
    let refused = PgConnection::connect(&database.url(Some((&other, "secret")))).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    old.close().await.unwrap();
    again.close().await.unwrap();
    owner.close().await.unwrap();
    Roles(&database, &["legacy"]).drop().await;
}
