//! Finds a server, or starts one.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sea_orm::sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

use crate::{
    PATIENCE,
    held::{folder, is_root, unprivileged},
    search::programs,
};

/// A server on which databases and roles may be made.
#[derive(Debug)]
pub struct Server {
    /// The URL of a role that may make databases and roles.
    pub url: String,
    /// Where the server comes from, and its version.
    pub description: String,
    /// Held for as long as the server is to run.
    process: Option<Child>,
}

/// Logs to standard error what `TESTS_LOG` names, such as `debug,db=trace`: spans and events. CI looks for secrets in it.
fn log() {
    use tracing_subscriber::{fmt::format::FmtSpan, registry, util::SubscriberInitExt};

    if let Ok(filter) = env::var("TESTS_LOG") {
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(FmtSpan::NEW | FmtSpan::CLOSE);
        // Another one may have been set by a test of its own.
        log.with_ansi(false).with_writer(std::io::stderr).try_init().ok();
    } else {
        // Somebody listens, if not to keep it: a span that is first met where nobody does may be off for the test that
        // listens later.
        registry().try_init().ok();
    }
}

/// Returns the server of this test process: the one that `TEST_DATABASE_URL` names, or a private one that is
/// started from installed binaries, or else from those that are fetched. Says once which one it is.
///
/// # Panics
///
/// If there is neither.
pub async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER
        .get_or_init(async || {
            let server = match env::var("TEST_DATABASE_URL") {
                Ok(url) => Server::at(url, "TEST_DATABASE_URL", None).await,
                Err(_) => Server::start(programs().unwrap_or_else(|missing| panic!("{missing}"))).await,
            };
            eprintln!("tests run on {}", server.description);
            log();
            server
        })
        .await
}

impl Server {
    /// Returns whether the server ends with this process.
    pub(crate) fn is_private(&self) -> bool {
        self.process.is_some()
    }

    pub(crate) async fn at(url: String, from: &str, process: Option<Child>) -> Self {
        let mut connection = connect(&url).await;
        let version: String =
            sea_orm::sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await.unwrap();
        connection.close().await.ok();
        Self { description: format!("PostgreSQL {version} ({from})"), url, process }
    }

    /// Starts a private server from binaries. It runs until the value is dropped or this process ends.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn start(binaries: &Path) -> Self {
        let program = sibling("private_postgres");
        // Its own, until it runs: the target folder may be one that its user may not enter.
        let folder = folder();
        let mut command = if is_root() {
            let copy = folder.path().join("private_postgres");
            // By a process of its own, as nothing runs that is open for writing, and what this one has open, others may inherit.
            let copied = Command::new("install").args(["-m", "755"]).args([&program, &copy]).status().unwrap();
            assert!(copied.success(), "{} was not copied", program.display());
            unprivileged(copy.to_str().unwrap())
        } else {
            Command::new(program)
        };
        command.arg(binaries).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("private_postgres is built with the tests");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(!url.is_empty(), "private_postgres did not start; what it says is above");
        let from = format!("private, from {}", binaries.display());
        Self::at(url.trim().to_owned(), &from, Some(process)).await
    }
}

/// Connects, and again while the server is starting.
pub(crate) async fn connect(url: &str) -> PgConnection {
    let since = Instant::now();
    loop {
        match PgConnection::connect(url).await {
            Ok(connection) => return connection,
            Err(error) => assert!(since.elapsed() < PATIENCE, "the test server does not answer: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns a program that cargo has built beside the tests.
fn sibling(program: &str) -> PathBuf {
    // Tests are in `deps`, examples in `examples`.
    let here = env::current_exe().unwrap();
    here.ancestors()
        .skip(1)
        .take(3)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{program} is not beside the tests: `cargo build -p tests --bin {program}`"))
}
