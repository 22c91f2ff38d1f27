//! How to reach the database.

mod connect;
mod settings;
mod url;

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use sea_orm::sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use self::url::DatabaseUrl;
pub(crate) use crate::sql::quote;
use crate::{Error, Registry, Result, error::Kind, prefix::Prefix};

/// How a [`Db`](crate::Db) connects: where to, and with which limits.
///
/// ```
/// use std::time::Duration;
///
/// let options = db::DbOptions::from_url("postgres://trovella-app@localhost/trovella")?
///     .max_connections(10)
///     .statement_timeout(Duration::from_secs(5))
///     .application_name("api");
/// # Ok::<_, db::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until `Db::connect` is given them"]
pub struct DbOptions {
    connect: PgConnectOptions,
    /// The file with the authorities that are trusted, where one is named.
    root_certificate: Option<String>,
    pub(crate) max_connections: u32,
    pub(crate) acquire_timeout: Duration,
    idle_timeout: Duration,
    pub(crate) prepared_statements: bool,
    pub(crate) allow_privileged_login: bool,
    session_authorization: Option<String>,
    pub(crate) prefix: Prefix,
    pub(crate) clean_audit: Option<Arc<Registry>>,
}

/// Whether the connection is encrypted, and what of the server is verified; corresponds to libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "libpq has had these for twenty years")]
pub enum TlsMode {
    /// Never encrypt.
    Disable,
    /// Encrypt where the server can, verify nothing.
    #[default]
    Prefer,
    /// Encrypt or fail, verify nothing.
    Require,
    /// Encrypt or fail, and verify that a trusted authority signed the server's certificate.
    VerifyCa,
    /// Also verify that the certificate is for the host's name.
    VerifyFull,
}

impl DbOptions {
    /// Takes the connection from a URL, `postgres://role:password@host:port/database`, and the defaults for
    /// the rest: 5 connections, 5 s to acquire one, 10 min before an idle one is closed.
    ///
    /// It is read as libpq reads it: each part may be left out, and is then taken from `PGHOST`, `PGPORT`, `PGUSER`,
    /// `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE` or the password file; a folder of sockets is a host (`%2Frun%2Fpostgresql`, or
    /// `?host=/run/postgresql`). Characters that mean something in a URL are percent-encoded. The parameters are `host`,
    /// `hostaddr`, `port`, `dbname`, `user`, `password`, `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `application_name`,
    /// `options`, and `statement-cache-capacity`, of which 0 is [`prepared_statements(false)`](Self::prepared_statements). Any
    /// other is refused, as are several hosts. `options`, and `PGOPTIONS`, may set no role, no search path and nothing
    /// else that a context relies on.
    ///
    /// # Errors
    ///
    /// `is_configuration` if the URL is malformed. The error does not quote it, as it holds a password.
    pub fn from_url(url: &str) -> Result<Self> {
        let malformed = |why: &str| {
            Error::from(Kind::Configuration(
                format!("the database URL is malformed: {why}; write postgres://role:password@host:port/database")
                    .into(),
            ))
        };
        let url = DatabaseUrl::parse(url).map_err(|why| malformed(&why))?;
        let connect = PgConnectOptions::from_str(&url.to_sqlx()).map_err(|_| malformed("it cannot be parsed"))?;
        if let Some(why) = connect.get_options().and_then(settings::refusal) {
            let why = format!("`options` of the database URL, or PGOPTIONS: {why}");
            return Err(Kind::Configuration(why.into()).into());
        }
        // Of 0 statements sqlx would keep none, and close none on the server.
        let prepared_statements = url.statement_cache_capacity != Some(0);
        let connect = match url.statement_cache_capacity {
            None | Some(0) => connect,
            Some(capacity) => connect.statement_cache_capacity(capacity),
        };
        Ok(Self {
            // The statement's text, which sqlx logs, is ours to log or not.
            connect: connect.disable_statement_logging(),
            root_certificate: url.get("sslrootcert").map(str::to_owned).or_else(|| std::env::var("PGSSLROOTCERT").ok()),
            max_connections: 5,
            acquire_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_mins(10),
            prepared_statements,
            allow_privileged_login: false,
            session_authorization: None,
            prefix: Prefix::default(),
            clean_audit: None,
        })
    }

    /// Takes the connection from the URL in the environment variable `DATABASE_URL`. Reads no `.env` file:
    /// that is for programs to do.
    ///
    /// # Errors
    ///
    /// `is_configuration` if `DATABASE_URL` is not set, or malformed.
    pub fn from_env() -> Result<Self> {
        match std::env::var("DATABASE_URL") {
            Ok(url) => Self::from_url(&url),
            Err(std::env::VarError::NotPresent) => Err(Kind::Configuration(
                "DATABASE_URL is not set; set it to postgres://role:password@host:port/database".into(),
            )
            .into()),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Kind::Configuration("DATABASE_URL is not valid Unicode".into()).into())
            }
        }
    }

    /// Sets how many connections the pool holds at most; 5 unless told otherwise. At least one.
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Sets how long opening a context waits for a connection; 5 s unless told otherwise.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Sets after how long an idle connection is closed; 10 min unless told otherwise.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets PostgreSQL's `statement_timeout` for the whole connection, in place of the login role's own.
    /// One context can have another: see [`Open::statement_timeout`](crate::Open::statement_timeout).
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.connect = self.connect.options([("statement_timeout", milliseconds(timeout).to_string())]);
        self
    }

    /// Sets the name that the connections have in `pg_stat_activity`.
    pub fn application_name(mut self, name: &str) -> Self {
        // A NUL would end the name in the message that opens a connection, and begin another parameter.
        self.connect = self.connect.application_name(&name.replace('\0', ""));
        self
    }

    /// Sets whether the connection is encrypted, and what of the server is verified.
    pub fn tls(mut self, mode: TlsMode) -> Self {
        self.connect = self.connect.ssl_mode(match mode {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        });
        self
    }

    /// Sets whether statements are prepared by name, and so parsed once for a connection; they are unless
    /// told otherwise. Turn it off behind a pooler that cannot keep named statements (PgBouncer before
    /// 1.21 in transaction mode); each query then takes one more round trip.
    ///
    /// The server keeps a statement for the connection until 100 others have been prepared, or as many as
    /// `statement-cache-capacity` in the URL says. One of more than 16 KiB of text it does not keep.
    pub fn prepared_statements(mut self, prepared: bool) -> Self {
        self.prepared_statements = prepared;
        self
    }

    /// Sets the prefix of the contract's schema, roles and settings; `app` unless told otherwise.
    ///
    /// # Errors
    ///
    /// `is_configuration` if it is no lower-case SQL identifier of at most 40 characters.
    pub fn prefix(mut self, prefix: &str) -> Result<Self> {
        self.prefix = Prefix::new(prefix)?;
        Ok(self)
    }

    /// Runs `SET SESSION AUTHORIZATION` to the role on each new connection.
    ///
    /// For an embedded PostgreSQL, which takes every login for its superuser: rights can only be lowered by
    /// this. It is no boundary: code that holds the connection can reset it.
    pub fn session_authorization(mut self, role: &str) -> Self {
        self.session_authorization = Some(role.to_owned());
        self
    }

    /// Lets [`Db::connect`](crate::Db::connect) take a login role that row-level security does not restrict.
    ///
    /// # This widens power
    ///
    /// A superuser, a role with `BYPASSRLS`, an owner of scoped tables or one that inherits a scope role
    /// reads every tenant's rows outside of a context. Inside of one the scope role still holds, and so do
    /// the other two layers. Meant for local development.
    pub fn allow_privileged_login(mut self) -> Self {
        self.allow_privileged_login = true;
        self
    }

    /// Has [`Db::connect`](crate::Db::connect) audit the database, and refuse one in which the audit finds an error;
    /// see [`audit`](crate::audit). It takes two round trips more, and reads the catalog.
    ///
    /// ```
    /// # use db::{DbOptions, Registry};
    /// let options = DbOptions::from_url("postgres://trovella-app@localhost/trovella")?
    ///     .require_clean_audit(Registry::collect());
    /// # Ok::<_, db::Error>(())
    /// ```
    pub fn require_clean_audit(mut self, registry: Registry) -> Self {
        self.clean_audit = Some(Arc::new(registry));
        self
    }

    /// Names another database on the same server.
    #[cfg(feature = "testing")]
    pub(crate) fn on_database(mut self, database: &str) -> Self {
        self.connect = self.connect.database(database);
        self
    }

    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.connect.clone()
    }
}

/// Names the server, the role and the database; leaves the password out.
impl fmt::Debug for DbOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbOptions")
            .field("server", &self.server())
            .field("role", &self.connect.get_username())
            .field("database", &self.connect.get_database())
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("prepared_statements", &self.prepared_statements)
            .field("allow_privileged_login", &self.allow_privileged_login)
            .field("prefix", &self.prefix)
            .field("clean_audit", &self.clean_audit.is_some())
            .finish_non_exhaustive()
    }
}

/// Returns the duration in whole milliseconds, at least one: PostgreSQL takes 0 for "no timeout".
pub(crate) fn milliseconds(timeout: Duration) -> i32 {
    i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX).max(1)
}
