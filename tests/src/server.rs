//! Finds a server, or starts one.

use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sea_orm::sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

use crate::PATIENCE;

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
/// started from installed binaries. Says once which one it is.
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
                Err(_) => Server::private().await,
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

    async fn private() -> Self {
        let binaries = binaries().expect(
            "no PostgreSQL to test on: install it (Debian: `apt-get install postgresql`), \
             or set TEST_DATABASE_URL to a server on which the tests may make databases and roles",
        );
        let mut command = Command::new(sibling("private_postgres"));
        command.arg(&binaries).stdin(Stdio::piped()).stdout(Stdio::piped());
        if is_root() && find("sudo").is_none() {
            command.env("PATH", path_with_sudo());
        }
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

/// Returns one of PostgreSQL's own programs, where they are installed.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    binaries().map(|folder| folder.join(name)).filter(|file| file.is_file()).or_else(|| find(name))
}

/// Returns the folder that holds PostgreSQL's own programs: the one that `TEST_POSTGRES_BIN` names, else one that is
/// installed.
///
/// # Panics
///
/// If `TEST_POSTGRES_BIN` names a folder without them: the tests would run on another version than was asked for.
pub(crate) fn binaries() -> Option<PathBuf> {
    if let Some(named) = env::var_os("TEST_POSTGRES_BIN").map(PathBuf::from) {
        let whole = ["initdb", "pg_ctl", "postgres"].iter().all(|program| named.join(program).is_file());
        assert!(whole, "TEST_POSTGRES_BIN is {}, which has no PostgreSQL", named.display());
        return Some(named);
    }
    if let Some(postgres) = find("postgres").filter(|_| find("initdb").is_some()) {
        return postgres.canonicalize().ok()?.parent().map(Path::to_owned);
    }
    // Debian keeps them off the path, a folder for each version.
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop()
}

pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
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

pub(crate) fn is_root() -> bool {
    tempfile::tempfile().and_then(|file| file.metadata()).is_ok_and(|file| file.uid() == 0)
}

/// PostgreSQL does not run as root, so pgtemp runs it by `sudo -u postgres`. Where there is no sudo, this makes
/// one that does as much, and returns a `PATH` with it.
fn path_with_sudo() -> OsString {
    // Kept: the server's own process needs it for as long as it starts.
    let folder = env::temp_dir().join("trovella-tests-sudo");
    std::fs::create_dir_all(&folder).unwrap();
    let sudo = folder.join("sudo");
    let script = "#!/bin/sh\n# sudo -u USER PROGRAM …\nuser=$2\nshift 2\nexec setpriv --reuid \"$user\" --regid \"$user\" --init-groups -- \"$@\"\n";
    let new = folder.join(format!("sudo.{}", std::process::id()));
    std::fs::write(&new, script).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
    // Other test processes may do the same at this moment.
    std::fs::rename(&new, &sudo).unwrap();
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(folder).chain(env::split_paths(&path))).unwrap()
}
