//! What a database URL says, and what a program is told where it leads nowhere.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use db::{Db, DbOptions, Error, TlsMode};
use entity::{PlanStep, ResearchPlan};
use sea_orm::sqlx::{self, ConnectOptions, postgres::PgConnectOptions};
use tests::{Fixture, PASSWORD, PATIENCE, TestDatabase};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

async fn refused_within(timeout: Duration, url: &str) -> Error {
    let options = DbOptions::from_url(url).unwrap().acquire_timeout(timeout);
    let error = Db::connect(options).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    error
}

/// Refused by what may pass, and so is tried again for a while.
async fn refused(url: &str) -> Error {
    refused_within(Duration::from_secs(2), url).await
}

/// Refused by what will not pass, and so is not tried again.
async fn refused_at_once(url: &str) -> Error {
    refused_within(PATIENCE, url).await
}

/// Refused by a server that says why. On a busy machine it may say so too late, and is then asked again.
async fn refused_by_server(url: &str) -> Error {
    let since = Instant::now();
    loop {
        let error = refused(url).await;
        if !error.is_pool_timeout() {
            return error;
        }
        assert!(since.elapsed() < PATIENCE, "{error}");
    }
}

/// Listens, and answers whatever comes with some bytes; keeps the connection open. Returns where.
async fn impostor(answers: &'static [&'static [u8]]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut said = vec![0; 4096];
                for answer in answers {
                    if !matches!(client.read(&mut said).await, Ok(1..)) || client.write_all(answer).await.is_err() {
                        return;
                    }
                }
                while matches!(client.read(&mut said).await, Ok(1..)) {}
            });
        }
    });
    format!("127.0.0.1:{port}")
}

/// Each way in which there is no PostgreSQL, or none that is to be had, has a name of its own.
#[tokio::test]
async fn what_answers_is_called_what_it_is() {
    const STARTING: &[u8] = b"E\0\0\0\x27SFATAL\0VFATAL\0C57P03\0Mstarting up\0\0\0\0";
    const FULL: &[u8] = b"E\0\0\0\x27SFATAL\0VFATAL\0C53300\0Mtoo many....\0\0\0\0";
    let url = |at: &str, parameters: &str| format!("postgres://app:hunter2@{at}/x?{parameters}");

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = refused(&url(&format!("127.0.0.1:{port}"), "")).await;
    assert!(nobody.is_unreachable() && nobody.to_string().contains("refused"), "{nobody}");

    let unknown = refused(&url("no-such-host.invalid", "")).await;
    assert!(unknown.is_unreachable() && unknown.to_string().contains("no-such-host.invalid:5432: "), "{unknown}");
    let no_socket = refused(&url("%2Fno%2Fsuch%2Ffolder", "")).await;
    assert!(
        no_socket.is_unreachable() && no_socket.to_string().contains("/no/such/folder/.s.PGSQL.5432"),
        "{no_socket}"
    );

    let web = impostor(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
    let web = refused_at_once(&url(&web, "")).await;
    assert!(web.is_unreachable() && web.to_string().contains("does not speak PostgreSQL's protocol"), "{web}");

    let starting = impostor(&[b"N", STARTING]).await;
    refused_by_server(&url(&starting, "sslmode=prefer")).await;
    let starting = refused_by_server(&url(&impostor(&[STARTING]).await, "sslmode=disable")).await;
    assert!(starting.is_unreachable() && starting.to_string().contains("starting up"), "{starting}");
    assert_eq!(starting.sqlstate(), Some("57P03"));
    let full = refused_by_server(&url(&impostor(&[FULL]).await, "sslmode=disable")).await;
    assert!(full.is_unreachable() && full.to_string().contains("no connection left"), "{full}");

    // One that is too busy to say anything is not called absent.
    let silent = refused(&url(&impostor(&[]).await, "")).await;
    assert!(silent.is_pool_timeout() && !silent.is_unreachable(), "{silent}");
    assert!(silent.to_string().contains("too busy"), "{silent}");

    for mode in ["require", "verify-ca", "verify-full"] {
        let plain = refused_at_once(&url(&impostor(&[b"N"]).await, &format!("sslmode={mode}"))).await;
        assert!(plain.is_not_encrypted() && !plain.is_unreachable(), "{plain}");
        assert!(plain.to_string().contains("does not support TLS"), "{plain}");
    }
    let garbled = impostor(&[b"S", b"this is no TLS record at all, is it?"]).await;
    let garbled = refused_at_once(&url(&garbled, "sslmode=require")).await;
    assert!(garbled.is_not_encrypted(), "{garbled}");
    let missing = "sslmode=verify-full&sslrootcert=/no/such/file";
    let missing = refused_at_once(&url(&impostor(&[b"S"]).await, missing)).await;
    assert!(missing.is_configuration() && missing.to_string().contains("sslrootcert"), "{missing}");
    let half = refused_at_once(&url(&impostor(&[b"S"]).await, "sslmode=require&sslcert=/no/such/file")).await;
    assert!(half.is_configuration(), "{half}");
}

/// A connection that cannot be set up says so, and not that nobody answers.
#[tokio::test]
async fn an_authorization_that_is_refused_says_so() {
    let (database, since) = (TestDatabase::new().await, Instant::now());
    let options = DbOptions::from_url(&database.owner_url()).unwrap().prefix(&database.prefix).unwrap();
    let options = options.acquire_timeout(Duration::from_secs(2)).session_authorization("no \"such\" role");
    let error = loop {
        let error = Db::connect(options.clone()).await.unwrap_err();
        // On a busy machine there may be no connection yet that could be set up.
        if !error.is_pool_timeout() {
            break error;
        }
        assert!(since.elapsed() < PATIENCE, "{error}");
    };
    assert!(error.is_login_refused() && error.to_string().contains("session_authorization"), "{error}");
}

/// Named statements are the server's to keep until they are closed.
#[tokio::test]
async fn no_statement_stays_on_the_server_beyond_what_the_url_says() {
    let f = Fixture::alone().await;
    for (capacity, kept) in [(0, 0), (1, 1), (2, 2), (100, 3)] {
        let server: PgConnectOptions = f.database.login_url().parse().unwrap();
        let (proxy, _) = f.database.proxy().await;
        let url = server.host("127.0.0.1").port(proxy.port).to_url_lossy();
        let url = url.as_str().replace("statement-cache-capacity=100", &format!("statement-cache-capacity={capacity}"));
        assert!(url.ends_with(&format!("={capacity}")), "the URL says so");
        let options = DbOptions::from_url(&url).unwrap().prefix(&f.database.prefix).unwrap().max_connections(1);
        let db = Db::connect(options.acquire_timeout(PATIENCE)).await.unwrap();
        for _ in 0..20 {
            db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
                ResearchPlan::find().count(cx).await?;
                PlanStep::find().count(cx).await?;
                ResearchPlan::find().all(cx).await.map(drop)
            })
            .await
            .unwrap();
        }
        let (named, closed) = (proxy.named_statements(), proxy.closed_statements());
        assert_eq!(named - closed, kept, "capacity {capacity}: {named} named, {closed} closed");
        assert_eq!(named == 0, capacity == 0);
    }
}

/// Where the server says its sockets are: by the parameter, and as a host.
#[tokio::test]
async fn a_folder_of_sockets_is_a_host() {
    let f = Fixture::alone().await;
    let mut owner = f.database.owner().await;
    let folders: String = sqlx::query_scalar("SHOW unix_socket_directories").fetch_one(&mut owner).await.unwrap();
    let port: String = sqlx::query_scalar("SHOW port").fetch_one(&mut owner).await.unwrap();
    let folder =
        folders.split(',').map(str::trim).find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists());
    let Some(folder) = folder else {
        eprintln!("SKIPPED: the sockets of this server are elsewhere");
        return;
    };
    let encoded = |text: &str| text.bytes().fold(String::new(), |url, byte| url + &format!("%{byte:02X}"));
    let (login, password, name) = (encoded(&f.database.login()), encoded(PASSWORD), &f.database.prefix);
    for url in [
        format!("postgres://{login}:{password}@/{name}?host={folder}&port={port}"),
        format!("POSTGRESQL://{login}:{password}@{}:{port}/{name}", encoded(folder)),
        format!("postgres:///{name}?host={}&port={port}&user={login}&password={password}", encoded(folder)),
    ] {
        let options = DbOptions::from_url(&url).unwrap().prefix(name).unwrap();
        let db = Db::connect(options.acquire_timeout(PATIENCE)).await.unwrap();
        let read = db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
        assert_eq!(read.await.unwrap(), 1);
    }
}

/// Runs this test again as a child for each `PGOPTIONS`.
#[test]
fn what_a_context_relies_on_is_set_neither_by_the_url_nor_by_the_environment() {
    let name = "what_a_context_relies_on_is_set_neither_by_the_url_nor_by_the_environment";
    if std::env::var_os("IN_CHILD").is_some() {
        let read = DbOptions::from_url("postgres://app:hunter2@h/x");
        let Ok(expected) = std::env::var("REFUSED") else { return drop(read.unwrap()) };
        let error = read.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("PGOPTIONS"), "{error}");
        assert!(error.to_string().contains(&expected), "{error}");
        return;
    }
    let here = std::env::current_exe().unwrap();
    for (options, refused) in [
        ("-c role=app_tenant", Some("`role`")),
        ("--search_path=other", Some("`search_path`")),
        ("-c app.user_id=x", Some("a setting with a dot")),
        ("-c statement_timeout=5s", None),
    ] {
        let url = format!("postgres://app:hunter2@h/x?options={}", options.replace(' ', "%20").replace('=', "%3D"));
        let error = DbOptions::from_url(&url).err();
        assert_eq!(error.is_some(), refused.is_some(), "{url}");
        assert!(error.is_none_or(|error| error.is_configuration() && !error.to_string().contains("hunter2")));

        let mut child = Command::new(&here);
        child.args(["--exact", name]).env("IN_CHILD", "1").env("PGOPTIONS", options);
        if let Some(refused) = refused {
            child.env("REFUSED", refused);
        }
        let child = child.output().unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
    }
    // As sqlx spells it.
    assert!(DbOptions::from_url("postgres://app@h/x?options[role]=app_tenant").unwrap_err().is_configuration());
    assert!(DbOptions::from_url("postgres://app@h/x?options[work_mem]=8MB").is_ok());
}

/// A NUL would end the name in the message that opens a connection, and begin another parameter.
#[tokio::test]
async fn a_name_of_the_application_sets_nothing_else() {
    let f = Fixture::with(|options| options.application_name("api\0row_security\0off")).await;
    let read = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
    assert_eq!(read.await.unwrap(), 1);
}

/// The pool takes any role that PostgreSQL takes, by the URL and by `session_authorization`.
#[tokio::test]
async fn a_login_role_may_have_any_name() {
    let f = Fixture::alone().await;
    let name = &f.database.prefix;
    // Dropped by name at the end.
    let logins = [format!("{name}-app"), format!("{name} App \"x\""), format!("{name}'; --")];
    for login in &logins {
        let quoted = format!("\"{}\"", login.replace('"', "\"\""));
        f.database
            .execute(&format!(
                "CREATE ROLE {quoted} LOGIN NOINHERIT PASSWORD 'x';
                 GRANT {name}_tenant, {name}_user, {name}_identity TO {quoted};
                 GRANT CONNECT ON DATABASE {name} TO {quoted};
                 GRANT USAGE ON SCHEMA {name} TO {quoted};
                 GRANT EXECUTE ON FUNCTION {name}.enter_tenant(uuid, uuid), {name}.enter_tenant_as_system(uuid),
                   {name}.enter_user(uuid), {name}.enter_identity() TO {quoted}"
            ))
            .await;
        let by_url = DbOptions::from_url(&f.database.url(Some((login, "x")))).unwrap();
        let by_authorization =
            DbOptions::from_url(&f.database.owner_url()).unwrap().tls(TlsMode::Disable).session_authorization(login);
        let mut read = Vec::new();
        for options in [by_url, by_authorization] {
            let db = Db::connect(options.prefix(name).unwrap().acquire_timeout(PATIENCE)).await;
            let db = db.unwrap_or_else(|error| panic!("{login}: {error}"));
            let plans =
                db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
            read.push(plans.await.map_err(|error| error.to_string()));
            db.close().await;
        }
        f.database.execute(&format!("DROP OWNED BY {quoted}; DROP ROLE {quoted}")).await;
        assert_eq!(read, [Ok(1), Ok(1)], "{login}");
    }
}
