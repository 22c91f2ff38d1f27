//! What the options say of one connection: where to, as whom, and what is done as it is made.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::sqlx::{
    self, Connection, Executor,
    postgres::{PgPoolOptions, PgSslMode},
};

use super::{DbOptions, quote};
use crate::{Result, context::transaction::Shared, error::Kind, pool::reach::Address};

/// A connection that has been idle for this long is pinged before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);

impl DbOptions {
    /// Returns where the server is, without the password.
    pub(crate) fn server(&self) -> String {
        self.address().to_string()
    }

    /// Returns where the server is.
    pub(crate) fn address(&self) -> Address {
        let (host, port) = (self.connect.get_host(), self.connect.get_port());
        match self.connect.get_socket() {
            Some(folder) => Address::Socket(folder.join(format!(".s.PGSQL.{port}"))),
            None if host.starts_with('/') => Address::Socket(Path::new(host).join(format!(".s.PGSQL.{port}"))),
            None => Address::Tcp(host.to_owned(), port),
        }
    }

    /// Returns the role to log in as, and the database, where one is named.
    pub(crate) fn login(&self) -> (&str, Option<&str>) {
        (self.connect.get_username(), self.connect.get_database())
    }

    /// Checks that the file with the trusted authorities can be read, where the server is verified by it.
    pub(crate) fn check_root_certificate(&self) -> Result<()> {
        let verifies = matches!(self.connect.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
        // sqlx takes the certificate itself, too.
        let file = self.root_certificate.as_deref().filter(|file| verifies && !file.starts_with("-----BEGIN"));
        match file.map(std::fs::File::open) {
            Some(Err(error)) => {
                Err(Kind::Configuration(format!("the file that `sslrootcert` names cannot be read: {error}").into())
                    .into())
            }
            _ => Ok(()),
        }
    }

    /// Makes the pool's options. What goes wrong as a new connection is set up is kept in `refused`: sqlx only logs it.
    pub(crate) fn pool(&self, refused: Arc<Mutex<Option<sqlx::Error>>>, shared: Arc<Shared>) -> PgPoolOptions {
        let authorization = self.authorization();
        PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(self.acquire_timeout)
            .idle_timeout(self.idle_timeout)
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let outdated = shared.outdated.has(meta.age);
                Box::pin(async move {
                    if outdated {
                        return Ok(false);
                    }
                    if meta.idle_for >= PING_AFTER_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| {
                let (authorization, refused) = (authorization.clone(), refused.clone());
                Box::pin(async move {
                    let Some(sql) = authorization else { return Ok(()) };
                    let done = connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await;
                    done.map(drop).map_err(|error| {
                        *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        sqlx::Error::WorkerCrashed
                    })
                })
            })
    }

    /// Returns the statement that a new connection runs first, where there is one.
    pub(crate) fn authorization(&self) -> Option<String> {
        let role = self.session_authorization.as_deref()?;
        Some(format!("SET SESSION AUTHORIZATION {}", quote(role)))
    }
}
