//! Bad input and bad days get a clear error, and nothing is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../faults/hasty.rs"]
mod hasty;
mod outdated;
mod sqlstates;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use db::{Db, Error, Health, HealthStatus, prelude::*};
use entity::{
    ResearchPlan,
    research_plan::{Column, Draft},
};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection};
use tests::{Cut, Fixture, PATIENCE, TestDatabase};

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

fn patient(url: &str) -> DbOptions {
    DbOptions::from_url(url).unwrap().acquire_timeout(PATIENCE)
}

async fn refused(options: DbOptions) -> Error {
    Db::connect(options).await.unwrap_err()
}

/// Runs this test again as a child, whose environment has no `DATABASE_URL`.
#[tokio::test]
async fn a_missing_database_url_says_so() {
    let name = "a_missing_database_url_says_so";
    if std::env::var_os("IN_CHILD").is_some() {
        let error = Db::from_env().await.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("DATABASE_URL is not set"), "{error}");
        return;
    }
    let here = std::env::current_exe().unwrap();
    let child = Command::new(here).args(["--exact", name]).env("IN_CHILD", "1").env_remove("DATABASE_URL").output();
    let child = child.unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

#[test]
fn a_malformed_url_says_so_and_is_not_quoted() {
    for url in [
        "",
        "trovella",
        "localhost/secret",
        "mysql://app:secret@localhost/x",
        "postgres://app:secret@localhost:port/x",
        "postgres://app:secret@localhost/x?sslmode=secret-ish",
        "postgres://app:secret@[::1/x",
    ] {
        let error = DbOptions::from_url(url).unwrap_err();
        assert!(error.is_configuration(), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("app:secret"), "{error:?}");
    }
}

#[test]
fn options_do_not_show_the_password() {
    let options = DbOptions::from_url("postgres://app:hunter2@db.example:5433/x?password=hunter2").unwrap();
    let debug = format!("{options:?}");
    assert!(!debug.contains("hunter2") && debug.contains("db.example:5433"), "{debug}");
    assert!(options.prefix("Bad; DROP SCHEMA public").unwrap_err().is_configuration());
}

#[tokio::test]
async fn an_unreachable_server_says_so() {
    // Nobody listens there: the port was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://app:secret@127.0.0.1:{port}/x");
    let error = refused(DbOptions::from_url(&url).unwrap().acquire_timeout(Duration::from_secs(2))).await;
    assert!(error.is_unreachable() && !error.is_pool_timeout(), "{error}");
    let text = format!("{error} {error:?}");
    assert!(text.contains(&format!("127.0.0.1:{port}")) && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_refused_login_says_so() {
    let database = TestDatabase::new().await;
    let options =
        |role: &str, password: &str| patient(&database.url(Some((role, password)))).prefix(&database.prefix).unwrap();
    let error = refused(options("nobody_at_all", "hunter2")).await;
    assert!(error.is_login_refused() && !format!("{error:?}").contains("hunter2"), "{error}");

    let wrong = Db::connect(options(&database.login(), "hunter2")).await;
    match wrong {
        Err(error) => {
            assert!(error.is_login_refused() && error.to_string().contains("wrong password"), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        Ok(_) => eprintln!("this server trusts whoever connects, so that no password is wrong"),
    }

    let url = database.login_url().replace(&format!("/{}?", database.name), "/no_such_db?");
    let error = refused(patient(&url)).await;
    assert!(error.is_login_refused() && error.to_string().contains("no such database"), "{error}");
}

/// Each way in which the database would not hold the login role.
#[tokio::test]
async fn a_privileged_login_is_refused_unless_it_is_allowed() {
    let database = TestDatabase::new().await;
    let (login, tenant) = (database.login(), database.role("tenant"));

    let owner = || patient(&database.owner_url()).prefix(&database.prefix).unwrap();
    let error = refused(owner()).await;
    assert!(error.is_privileged_login() && error.to_string().contains("superuser"), "{error}");
    Db::connect(owner().allow_privileged_login()).await.unwrap().with_identity_context(async |_| Ok(())).await.unwrap();

    let inherit = |yes: bool| {
        format!(
            "DO $$ BEGIN
               IF current_setting('server_version_num')::int >= 160000 THEN
                 EXECUTE 'GRANT {tenant} TO {login} WITH INHERIT {yes}';
               ELSE
                 ALTER ROLE {login} {inherit};
               END IF;
             END $$",
            inherit = if yes { "INHERIT" } else { "NOINHERIT" },
        )
    };
    let own = |by: &str| format!("ALTER TABLE research_plan OWNER TO {by}");
    for (grant, take_back, why) in [
        (format!("ALTER ROLE {login} BYPASSRLS"), format!("ALTER ROLE {login} NOBYPASSRLS"), "BYPASSRLS"),
        (inherit(true), inherit(false), "inherits"),
        (own(&login), own("CURRENT_USER"), "owns table"),
    ] {
        database.execute(&grant).await;
        let error = refused(database.options()).await;
        assert!(error.is_privileged_login() && error.to_string().contains(why), "{error}");
        Db::connect(database.options().allow_privileged_login()).await.unwrap();
        database.execute(&take_back).await;
        database.db().await;
    }
}

#[tokio::test]
async fn a_database_that_is_not_migrated_says_so() {
    let database = TestDatabase::empty().await;
    let error = refused(patient(&database.owner_url()).prefix(&database.prefix).unwrap()).await;
    assert!(error.is_not_migrated() && error.to_string().contains("run the migration"), "{error}");

    let database = TestDatabase::new().await;
    let (login, user) = (database.login(), database.role("user"));
    database.execute(&format!("REVOKE {user} FROM {login}")).await;
    let error = refused(database.options()).await;
    assert!(error.is_not_migrated() && error.to_string().contains(&user), "{error}");
    database.execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}")).await;
    let error = refused(database.options()).await;
    assert!(error.is_not_migrated() && error.to_string().contains(&user), "{error}");
}

/// Who is no member is not told whether the organization exists.
#[tokio::test]
async fn a_non_member_and_an_unknown_organization_are_refused_alike() {
    let f = Fixture::new().await;
    let mut messages = Vec::new();
    for organization in [f.globex.id, OrganizationId::new()] {
        let error = f.db.with_tenant_context(organization, &f.acme.owner, async |_| Ok(())).await.unwrap_err();
        assert!(error.is_not_a_member(), "{error}");
        messages.push(format!("{error} {error:?}"));
    }
    assert_eq!(messages[0], messages[1]);
    assert!(!messages[0].contains(&f.globex.id.to_string()));
}

#[tokio::test]
async fn an_exhausted_pool_says_how_many_connections_there_are() {
    let f = Fixture::new().await;
    let db = hasty::connect_whole(f.database.options().acquire_timeout(Duration::from_secs(3)), 2).await;
    let one = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let other = db.user(&f.acme.owner).begin().await.unwrap();
    let error = db.identity().begin().await.unwrap_err();
    assert!(error.is_pool_timeout() && !error.is_unreachable(), "{error}");
    assert!(error.to_string().contains("all 2 connections"), "{error}");

    let health = db.check_database().await;
    assert_eq!((health.ok, health.status, health.connections_in_use), (false, HealthStatus::PoolExhausted, 2));
    one.rollback().await.unwrap();
    other.rollback().await.unwrap();
    is_well_again(&db).await;
}

/// Checks until all is well: on a busy machine the answer may take longer than a check waits.
async fn is_well_again(db: &Db) -> Health {
    let since = Instant::now();
    loop {
        let health = db.check_database().await;
        if health.ok {
            return health;
        }
        assert!(since.elapsed() < PATIENCE, "{health:?}");
    }
}

#[tokio::test]
async fn a_health_check_has_a_deadline_and_is_never_an_error() {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options).await.unwrap();
    let health = is_well_again(&db).await;
    assert_eq!((health.ok, health.status), (true, HealthStatus::Ok));
    let json = serde_json::to_value(&health).unwrap();
    assert_eq!((&json["ok"], &json["status"]), (&true.into(), &"ok".into()));
    assert!(json["latency_ms"].is_f64());

    proxy.set_open(false);
    let start = Instant::now();
    let health = db.check_database().await;
    assert_eq!((health.ok, health.status), (false, HealthStatus::ServerDown));
    assert!(start.elapsed() < PATIENCE / 2, "it does not wait for a connection: {:?}", start.elapsed());
    proxy.set_open(true);
    // The first check may still find the connection that was cut.
    is_well_again(&db).await;
}

#[tokio::test]
async fn a_server_that_dies_within_a_context_loses_that_context_alone() {
    let f = Fixture::new().await;
    let result: Result<(), Error> =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ResearchPlan::insert(titled("lost")).exec(cx).await?;
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = $2";
            let mut owner = f.database.owner().await;
            sqlx::query(kill).bind(&f.database.name).bind(f.database.login()).execute(&mut owner).await.unwrap();
            let error = ResearchPlan::find().count(cx).await.unwrap_err();
            assert!(error.is_connection_lost(), "{error}");
            let next = ResearchPlan::find().count(cx).await.unwrap_err();
            assert!(next.is_connection_lost(), "{next}");
            Ok(())
        })
        .await;
    let error = result.unwrap_err();
    assert!(error.is_connection_lost(), "{error}");

    // Idle connections of the pool were killed as well; a context that gets one of them may fail, no more.
    let plans = async || {
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await).await
    };
    let mut tries = 0;
    while let Err(error) = plans().await {
        assert!(error.is_connection_lost() && tries < 5, "{error}");
        tries += 1;
    }
    assert_eq!(plans().await.unwrap(), 1);
}

/// The answer to the commit is lost, whether it took place or not.
#[tokio::test]
async fn a_commit_that_is_cut_off_says_that_its_outcome_is_unknown() {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    for (title, forward) in [("committed", true), ("lost", false)] {
        let error = db
            .with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
                ResearchPlan::insert(titled(title)).exec(cx).await?;
                proxy.cut_at(Cut { text: "COMMIT", forward });
                Ok(())
            })
            .await
            .unwrap_err();
        assert!(error.is_outcome_unknown(), "{error}");
        // The next context works, and tells.
        let made = ResearchPlan::find().filter(Column::Title.eq(title));
        let made = db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| made.exists(cx).await).await.unwrap();
        assert_eq!(made, forward, "{title}");
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_says_so() {
    let (f, since) = (Fixture::new().await, Instant::now());
    f.database.make_slow().await;
    let options = f.database.options().statement_timeout(Duration::from_millis(150));
    let db = loop {
        match Db::connect(options.clone()).await {
            Ok(db) => break db,
            // On a busy machine that happens to what is asked as the pool connects, too.
            Err(error) => assert!(error.is_statement_timeout() && since.elapsed() < PATIENCE, "{error}"),
        }
    };
    let slow = || {
        let sleep = Expr::expr(Func::cust("slow").arg(5.0));
        ResearchPlan::find().filter(sleep.eq(""))
    };
    let error = db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| slow().all(cx).await).await.unwrap_err();
    assert!(error.is_statement_timeout(), "{error}");

    let other = f.database.db().await;
    let open = other.tenant(f.acme.id, &f.acme.owner).statement_timeout(Duration::from_millis(150));
    let error = open.run(async |cx| slow().all(cx).await).await.unwrap_err();
    assert!(error.is_statement_timeout(), "{error}");
    // It was that context's alone.
    let quick = Expr::expr(Func::cust("slow").arg(0.3));
    other
        .with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ResearchPlan::find().filter(quick.eq("")).all(cx).await
        })
        .await
        .unwrap();
}

/// The limits of the login role are the migration's.
#[tokio::test]
async fn the_login_role_has_limits_of_its_own() {
    let database = TestDatabase::new().await;
    let mut stranger = sqlx::PgConnection::connect(&database.login_url()).await.unwrap();
    for (setting, value) in [
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("client_connection_check_interval", "100ms"),
    ] {
        let sql = format!("SHOW {setting}");
        let found: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut stranger).await.unwrap();
        assert_eq!(found, value, "{setting}");
    }
    stranger.close().await.unwrap();
}

#[tokio::test]
async fn connections_have_the_name_that_was_given() {
    let database = TestDatabase::new().await;
    let db = Db::connect(database.options().application_name("named by a test")).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'named by a test'";
    let mut owner = database.owner().await;
    let named: i64 = sqlx::query_scalar(sql).bind(&database.name).fetch_one(&mut owner).await.unwrap();
    assert_eq!(named, 1);
    db.close().await;
    assert!(db.identity().begin().await.unwrap_err().to_string().contains("closed"));
    owner.close().await.unwrap();
}

/// The test servers have no certificate: who requires encryption is not connected without it.
#[tokio::test]
async fn a_client_that_requires_encryption_gets_it_or_no_connection() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let offered: String = sqlx::query_scalar("SHOW ssl").fetch_one(&mut owner).await.unwrap();
    let connected = Db::connect(database.options().tls(db::TlsMode::Require)).await;
    assert_eq!(connected.is_ok(), offered == "on");
    if let Err(error) = connected {
        assert!(error.is_not_encrypted() && !error.is_unreachable(), "{error}");
        assert!(error.to_string().contains("does not support TLS"), "{error}");
    }
    for mode in [db::TlsMode::Disable, db::TlsMode::Prefer] {
        Db::connect(database.options().tls(mode)).await.unwrap();
    }
}
