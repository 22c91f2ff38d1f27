//! Taking a connection from the pool, and why there was none.

use std::{
    pin::pin,
    sync::{PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};
use sea_orm::sqlx::{self, Postgres, pool::PoolConnection};
use tracing::Span;

use super::Db;
use crate::{
    Error, Result,
    context::transaction::{Connection, Given, milliseconds},
    error::Kind,
    pool::reach::{Reached, reach},
};

const STRANGER: &str = "what answers there does not speak PostgreSQL's protocol";

impl Db {
    /// Takes a connection from the pool.
    pub(crate) async fn acquire(&self, span: Span) -> Result<Connection> {
        let start = Instant::now();
        let (exhausted, handed_out) = (self.exhausted(), self.inner.handed_out.load(Ordering::Relaxed));
        let acquired = self.acquire_pooled().await;
        span.record("wait_ms", milliseconds(start));
        match acquired {
            Ok((connection, since)) => {
                self.inner.handed_out.fetch_add(1, Ordering::Relaxed);
                Ok(Connection::new(connection, since, self.inner.shared.clone(), span))
            }
            Err(sqlx::Error::PoolTimedOut) => {
                span.record("outcome", "no connection");
                // Contexts held all of them at the beginning, or others were given some while this one waited: a
                // connection that is on its way from one to the next is in nobody's use. Had this one been about to
                // connect, the pool would not be full now.
                let full = self.inner.pool.size() >= self.inner.options.max_connections;
                let others = handed_out != self.inner.handed_out.load(Ordering::Relaxed);
                let exhausted = self.exhausted() || (full && (exhausted || others));
                Err(self.timed_out(start.elapsed(), exhausted).await)
            }
            Err(error) => {
                span.record("outcome", "no connection");
                Err(self.acquire_error(error))
            }
        }
    }

    /// Takes a connection that a context has just given back, or one from the pool; with when the pool looked at it last.
    async fn acquire_pooled(&self) -> Result<(PoolConnection<Postgres>, Instant), sqlx::Error> {
        let (pool, handover) = (&self.inner.pool, &self.inner.shared.handover);
        let from_pool = async { Ok((pool.acquire().await?, Instant::now())) };
        if pool.is_closed() {
            return from_pool.await;
        }
        if let Some(taken) = handover.take().and_then(Given::into_parts) {
            return Ok(taken);
        }
        // Where the pool may connect once more, that is not to be cut off by what others give back meanwhile.
        if pool.size() < self.inner.options.max_connections {
            return from_pool.await;
        }
        match select(pin!(from_pool), pin!(handover.wait())).await {
            Either::Left((acquired, _)) => acquired,
            Either::Right((given, _)) => given.into_parts().ok_or(sqlx::Error::PoolClosed),
        }
    }

    /// Says why no connection was to be had for as long as the acquire timeout.
    async fn timed_out(&self, waited: Duration, exhausted: bool) -> Error {
        let options = &self.inner.options;
        if exhausted {
            return Kind::PoolTimeout { max: options.max_connections, waited }.into();
        }
        if let Some(error) = self.inner.refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return self.acquire_error(error);
        }
        let server = options.server();
        let unreachable = |why| Kind::Unreachable { server: options.server(), why: Some(why), waited: Some(waited) };
        match self.reach().await {
            Reached::Nobody(why) => unreachable(why),
            Reached::Stranger => unreachable(STRANGER.to_owned()),
            Reached::Refuses(sqlstate) => Kind::NoSession { server, why: why(&sqlstate), sqlstate, waited },
            Reached::Listens => Kind::ServerBusy { server, waited },
        }
        .into()
    }

    /// Asks what answers; once for all who wait for that, and not again within a second.
    async fn reach(&self) -> Reached {
        let mut reached = self.inner.reached.lock().await;
        if let Some((_, reached)) = reached.as_ref().filter(|(asked, _)| asked.elapsed() < Duration::from_secs(1)) {
            return reached.clone();
        }
        let (user, database) = self.inner.options.login();
        let (_, answer) = reached.insert((Instant::now(), reach(&self.inner.options.address(), user, database).await));
        answer.clone()
    }

    fn acquire_error(&self, error: sqlx::Error) -> Error {
        let server = self.inner.options.server();
        match error {
            sqlx::Error::Tls(error) => Kind::NotEncrypted { server, why: error.to_string() }.into(),
            // What does not fit TLS, such as a certificate.
            sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Kind::NotEncrypted { server, why: error.to_string() }.into()
            }
            sqlx::Error::Io(error) => Kind::Unreachable { server, why: Some(error.to_string()), waited: None }.into(),
            sqlx::Error::Protocol(why) => {
                Kind::Unreachable { server, why: Some(format!("{STRANGER}: {why}")), waited: None }.into()
            }
            // Of the files with certificates and keys.
            sqlx::Error::Configuration(why) => Kind::Configuration(why.to_string().into()).into(),
            sqlx::Error::Database(error) => self.refused(error.code().unwrap_or_default().into_owned()),
            error => error.into(),
        }
    }

    fn refused(&self, sqlstate: String) -> Error {
        let options = &self.inner.options;
        let (server, login, why) = (options.server(), options.login().0.to_owned(), why(&sqlstate));
        Kind::LoginRefused { server, login, why, sqlstate }.into()
    }
}

/// Says why a server refuses a login.
fn why(sqlstate: &str) -> &'static str {
    match sqlstate {
        "28P01" => "wrong password, or no such role",
        "28000" => "the role may not log in from here; the migration makes it",
        "3D000" => "no such database",
        "42501" => "the role may not connect to this database; the migration grants it",
        "53300" => "it has no connection left",
        "57P03" => "it is starting up or shutting down",
        "22023" | "42704" => "`DbOptions::session_authorization` names no role",
        _ => "it gives no reason that is known here",
    }
}
