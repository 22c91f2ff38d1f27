//! A database of one test's own.

use db::{Db, DbOptions};
use migration::{Migrator, MigratorTraitSelf};
use sea_orm::{
    Database,
    sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions, raw_sql},
};

use crate::{
    PATIENCE, Proxy,
    server::{Server, server},
};

/// The password of the login role of every test database.
pub const PASSWORD: &str = "a'pass\\word";

/// A database of one test's own, with roles of its own, both dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static Server,
    /// The name of the database; also the prefix of its schema, roles and settings.
    pub name: String,
}

impl TestDatabase {
    /// Makes a database and migrates it.
    pub async fn new() -> Self {
        let database = Self::empty().await;
        database.migrate().await;
        database
    }

    /// Makes a database on a server other than the one that tests share, and migrates it.
    pub async fn on(server: &'static Server) -> Self {
        let database = Self::empty_on(server).await;
        database.migrate().await;
        database
    }

    /// Makes a database without a table.
    pub async fn empty() -> Self {
        Self::empty_on(server().await).await
    }

    /// Makes a database without a table on a server other than the one that tests share.
    pub async fn empty_on(server: &'static Server) -> Self {
        let name = format!("t{}", &uuid::Uuid::new_v4().simple().to_string()[..16]);
        execute(&server.url, &format!("CREATE DATABASE {name}")).await;
        Self { server, name }
    }

    /// Makes a database that belongs to a role which is no superuser, as on managed PostgreSQL; returns the role's URL too.
    pub async fn plainly_owned() -> (Self, String) {
        let database = Self::empty().await;
        let owner = database.role("owner");
        database
            .execute(&format!(
                "CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'owner';
                 ALTER DATABASE {name} OWNER TO {owner};
                 ALTER SCHEMA public OWNER TO {owner};",
                name = database.name
            ))
            .await;
        let url = database.url(Some((&owner, "owner")));
        (database, url)
    }

    /// Returns the migrator of this database.
    #[must_use]
    pub fn migrator(&self) -> Migrator {
        Migrator::new(&self.name, &self.login(), Some(PASSWORD.to_owned())).unwrap()
    }

    /// Brings the database to the application's schema.
    pub async fn migrate(&self) {
        let connection = self.migration_connection(&self.owner_url()).await;
        self.migrator().up(&connection, None).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Connects as SeaORM's migrations do.
    pub async fn migration_connection(&self, url: &str) -> sea_orm::DatabaseConnection {
        let options = sea_orm::ConnectOptions::new(url).max_connections(1).sqlx_logging(false).to_owned();
        Database::connect(options).await.unwrap()
    }

    /// Returns the name of the login role.
    #[must_use]
    pub fn login(&self) -> String {
        format!("{}_login", self.name)
    }

    /// Returns the name of the role of a scope: `tenant`, `user`, `identity`.
    #[must_use]
    pub fn role(&self, scope: &str) -> String {
        format!("{}_{scope}", self.name)
    }

    /// Returns the owner's URL.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.url(None)
    }

    /// Returns the URL of the login role.
    #[must_use]
    pub fn login_url(&self) -> String {
        self.url(Some((&self.login(), PASSWORD)))
    }

    /// Returns a URL for this database, for the server's own role or another.
    #[must_use]
    pub fn url(&self, role: Option<(&str, &str)>) -> String {
        let mut options: PgConnectOptions = self.server.url.parse().unwrap();
        options = options.database(&self.name);
        if let Some((role, password)) = role {
            options = options.username(role).password(password);
        }
        options.to_url_lossy().into()
    }

    /// Returns options for a pool of the login role. It waits for a connection for longer than a pool does by default: on a
    /// busy machine it takes a while to make one.
    pub fn options(&self) -> DbOptions {
        self.options_at(&self.login_url())
    }

    fn options_at(&self, url: &str) -> DbOptions {
        DbOptions::from_url(url).unwrap().prefix(&self.name).unwrap().acquire_timeout(PATIENCE)
    }

    /// Starts a proxy before the server, and returns it with options for a pool of the login role that uses it.
    pub async fn proxy(&self) -> (Proxy, DbOptions) {
        let server: PgConnectOptions = self.login_url().parse().unwrap();
        let proxy = Proxy::start(format!("{}:{}", server.get_host(), server.get_port())).await;
        let url = server.host("127.0.0.1").port(proxy.port).to_url_lossy();
        (proxy, self.options_at(url.as_str()))
    }

    /// Connects a pool as the login role, which is not privileged: [`Db::connect`] has checked.
    pub async fn db(&self) -> Db {
        Db::connect(self.options()).await.unwrap()
    }

    /// Connects as the owner, past the pool.
    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect(&self.owner_url()).await.unwrap()
    }

    /// Connects as the login role, past the pool. The role's timeouts are lifted: an attack takes as long as the machine
    /// needs for it.
    pub async fn stranger(&self) -> PgConnection {
        let options: PgConnectOptions = self.login_url().parse().unwrap();
        let options = options.options([("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0")]);
        PgConnection::connect_with(&options).await.unwrap()
    }

    /// Makes a function `slow(seconds)` that takes so long, and returns the empty text: what a filter can call, as
    /// `pg_sleep` is refused.
    pub async fn make_slow(&self) {
        self.execute(
            "CREATE FUNCTION slow(seconds double precision) RETURNS text LANGUAGE plpgsql
             AS $$ BEGIN PERFORM pg_sleep(seconds); RETURN ''; END $$",
        )
        .await;
    }

    /// Runs statements as the owner.
    pub async fn execute(&self, sql: &str) {
        execute(&self.owner_url(), sql).await;
    }
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.unwrap();
}

/// Drops the database and its roles, whoever is still connected.
impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.server.url.clone(), self.name.clone());
        // A runtime of its own: the test's may be the one that waits here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                execute(&url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                for role in ["tenant", "user", "identity", "login", "gate", "owner"] {
                    execute(&url, &format!("DROP ROLE IF EXISTS {name}_{role}")).await;
                }
            });
        })
        .join();
        // A panic within a panic would abort, and hide the first one.
        assert!(dropped.is_ok() || std::thread::panicking(), "database {} was not dropped", self.name);
    }
}
