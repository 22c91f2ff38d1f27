//! PgBouncer before a test database.

use std::{
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use db::DbOptions;
use sea_orm::sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions, raw_sql,
};
use tempfile::TempDir;

use crate::{
    PASSWORD, PATIENCE, Proxy, TestDatabase,
    held::{Held, folder, free_port, write},
    search::find,
};

/// A PgBouncer in transaction mode, on a port of its own, for as long as the value lives.
#[derive(Debug)]
pub struct PgBouncer {
    url: String,
    start: String,
    stop: String,
    held: Mutex<Option<Held>>,
    /// Of its configuration; dropped last.
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts one with so many connections to the server, where it is installed.
    pub async fn start(database: &TestDatabase, connections: u32) -> Option<Self> {
        Self::start_at(database, database.login_url().parse().unwrap(), connections).await
    }

    /// Starts one before a proxy, which is before the server.
    pub async fn start_before(proxy: &Proxy, database: &TestDatabase, connections: u32) -> Option<Self> {
        let server: PgConnectOptions = database.login_url().parse().unwrap();
        Self::start_at(database, server.host("127.0.0.1").port(proxy.port), connections).await
    }

    async fn start_at(database: &TestDatabase, server: PgConnectOptions, connections: u32) -> Option<Self> {
        let program = find("pgbouncer").or_else(|| {
            // Debian keeps it where only root's path goes.
            let program = Path::new("/usr/sbin/pgbouncer");
            program.is_file().then(|| program.to_owned())
        })?;
        let (folder, port) = (folder(), free_port());
        let file = |name: &str| folder.path().join(name).into_os_string().into_string().unwrap();
        let (name, login) = (&database.name, database.login());
        write(folder.path().join("users").as_path(), &format!("\"{login}\" \"{PASSWORD}\"\n"));
        let configuration = format!(
            "[databases]
             {name} = host={host} port={server_port} dbname={name}
             [pgbouncer]
             listen_addr = 127.0.0.1
             listen_port = {port}
             unix_socket_dir =
             auth_type = scram-sha-256
             auth_file = {users}
             admin_users = {login}
             pool_mode = transaction
             default_pool_size = {connections}
             ignore_startup_parameters = extra_float_digits,options
             server_login_retry = 1
             logfile = {log}
             log_connections = 0
             log_disconnections = 0
             ",
            host = server.get_host(),
            server_port = server.get_port(),
            users = file("users"),
            log = file("log"),
        );
        write(folder.path().join("ini").as_path(), &configuration.replace("\n             ", "\n"));
        let url = server.host("127.0.0.1").port(port).to_url_lossy().to_string();
        let start = format!("{} -q {} >/dev/null 2>&1 & pid=$!", program.display(), file("ini"));
        // At once, whoever is connected.
        let stop = "kill -TERM $pid; wait $pid".to_owned();
        let bouncer = Self { url, start, stop, held: Mutex::new(None), _folder: folder };
        bouncer.restart().await;
        Some(bouncer)
    }

    /// Stops it, connections and all, starts it again, and waits until it takes connections.
    pub async fn restart(&self) {
        let held = self.held.lock().unwrap().take();
        let (start, stop) = (self.start.clone(), self.stop.clone());
        let started = tokio::task::spawn_blocking(move || {
            drop(held);
            Held::start(&start, &stop)
        });
        *self.held.lock().unwrap() = Some(started.await.unwrap());
        let since = Instant::now();
        while let Err(error) = PgConnection::connect(&self.url).await {
            assert!(since.elapsed() < PATIENCE, "PgBouncer does not answer: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets it have so many connections to the server.
    pub async fn set_connections(&self, connections: u32) {
        let console: PgConnectOptions = self.url.parse().unwrap();
        let mut console = PgConnection::connect_with(&console.database("pgbouncer")).await.unwrap();
        let set = format!("SET default_pool_size = {connections}");
        console.execute(raw_sql(AssertSqlSafe(set))).await.unwrap();
    }

    /// Starts a proxy before it, and returns the proxy with options for a pool that uses it.
    pub async fn proxy(&self, database: &TestDatabase) -> (Proxy, DbOptions) {
        let url: PgConnectOptions = self.url.parse().unwrap();
        let proxy = Proxy::start(format!("{}:{}", url.get_host(), url.get_port())).await;
        let options = DbOptions::from_url(url.port(proxy.port).to_url_lossy().as_str()).unwrap();
        (proxy, options.prefix(&database.prefix).unwrap().acquire_timeout(PATIENCE))
    }

    /// Returns options for a pool of the login role that goes through it.
    pub fn options(&self, database: &TestDatabase) -> DbOptions {
        let options = DbOptions::from_url(&self.url).unwrap().prefix(&database.prefix).unwrap();
        options.prepared_statements(false).acquire_timeout(PATIENCE)
    }
}
