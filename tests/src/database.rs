//! A database of one test's own.

use std::{any::Any, sync::Arc};

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

/// A database of one test's own, dropped with the value; also its roles, unless it is a copy.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static Server,
    /// The name of the database.
    pub name: String,
    /// The prefix of its schema, roles and settings: the name of the database, or that of the one that it is a copy of.
    pub prefix: String,
    /// Keeps what this is a copy of.
    template: Option<Arc<dyn Any + Send + Sync>>,
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
        let name = new_name();
        execute(&server.url, &format!("CREATE DATABASE {name}")).await;
        Self { server, prefix: name.clone(), name, template: None }
    }

    /// Copies the database, to which nobody may be connected, with what is granted on it, which PostgreSQL does not copy.
    pub(crate) async fn copy(&self, template: Arc<dyn Any + Send + Sync>) -> Self {
        let name = new_name();
        let mut connection = PgConnection::connect(&self.server.url).await.unwrap();
        let grants = format!(
            "DO $$ DECLARE granted record; BEGIN
               REVOKE ALL ON DATABASE {name} FROM PUBLIC;
               FOR granted IN
                 SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS to_whom
                 FROM pg_database, aclexplode(datacl) WHERE datname = '{template}'
               LOOP
                 EXECUTE format('GRANT %s ON DATABASE {name} TO %s', granted.privilege_type, granted.to_whom);
               END LOOP;
             END $$",
            template = self.name
        );
        for sql in [format!("CREATE DATABASE {name} TEMPLATE {}", self.name), grants] {
            execute_on(&mut connection, &sql).await;
        }
        connection.close().await.unwrap();
        Self { server: self.server, name, prefix: self.prefix.clone(), template: Some(template) }
    }

    /// Returns whether the server ends with this process.
    pub(crate) fn is_private(&self) -> bool {
        self.server.is_private()
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
        Migrator::new(&self.prefix, &self.login(), Some(PASSWORD.to_owned())).unwrap()
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
        format!("{}_login", self.prefix)
    }

    /// Returns the name of the role of a scope: `tenant`, `user`, `identity`.
    #[must_use]
    pub fn role(&self, scope: &str) -> String {
        format!("{}_{scope}", self.prefix)
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
        DbOptions::from_url(url).unwrap().prefix(&self.prefix).unwrap().acquire_timeout(PATIENCE)
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

fn new_name() -> String {
    format!("t{}", &uuid::Uuid::new_v4().simple().to_string()[..16])
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    execute_on(&mut connection, sql).await;
    connection.close().await.unwrap();
}

async fn execute_on(connection: &mut PgConnection, sql: &str) {
    let result = connection.execute(raw_sql(AssertSqlSafe(sql.to_owned()))).await;
    result.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Drops the database, whoever is still connected, and its roles.
impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.server.url.clone(), self.name.clone());
        let roles: &[&str] = match self.template {
            Some(_) => &[],
            None => &["tenant", "user", "identity", "login", "gate", "owner"],
        };
        // A runtime of its own: the test's may be the one that waits here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                execute_on(&mut connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                for role in roles {
                    execute_on(&mut connection, &format!("DROP ROLE IF EXISTS {name}_{role}")).await;
                }
                connection.close().await.unwrap();
            });
        })
        .join();
        // A panic within a panic would abort, and hide the first one.
        assert!(dropped.is_ok() || std::thread::panicking(), "database {} was not dropped", self.name);
    }
}
