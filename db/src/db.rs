//! The pool, and the contexts it opens.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::sqlx::{self, PgPool};
use tracing::Span;

use crate::{
    Authenticated, DbOptions, Error, ForEachTenant, Identity, IdentityContext, Open, OrganizationId, Result, Tenant,
    TenantContext, User, UserContext,
    contract::Prefix,
    error::Kind,
    open::Subject,
    outdated::Outdated,
    reach::{Reached, reach},
    scope::TenantIds,
    transaction::{Connection, milliseconds},
};

/// The database: one pool of connections, on which contexts are opened.
///
/// It stands for SeaORM's `DatabaseConnection`, and withholds it: a `Db` is no `ConnectionTrait`, and the
/// pool cannot be reached through it. A clone shares the pool. The connections are closed when the last clone
/// and the last context are dropped.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    options: DbOptions,
    /// How many connections contexts and health checks hold.
    in_use: Arc<AtomicU32>,
    /// How many connections the pool has handed out so far.
    handed_out: AtomicU64,
    /// Why a new connection could not be set up.
    refused: Arc<Mutex<Option<sqlx::Error>>>,
    /// What answered last where the server should be, and when.
    reached: tokio::sync::Mutex<Option<(Instant, Reached)>>,
    outdated: Arc<Outdated>,
}

const STRANGER: &str = "what answers there does not speak PostgreSQL's protocol";

impl Db {
    /// Connects to the PostgreSQL that the environment variable `DATABASE_URL` names.
    ///
    /// # Errors
    ///
    /// Those of [`DbOptions::from_env`] and of [`connect`](Self::connect).
    pub async fn from_env() -> Result<Self> {
        Self::connect(DbOptions::from_env()?).await
    }

    /// Connects, and checks in one round trip that the database is migrated, that contexts of each kind open, and that its
    /// row-level security holds for the login role.
    ///
    /// # Errors
    ///
    /// `is_unreachable` if no server answers within the acquire timeout; `is_pool_timeout` if one is too busy for that;
    /// `is_not_encrypted`; `is_login_refused`; `is_configuration`; `is_not_migrated`, also where a right is missing that all
    /// contexts need; `is_privileged_login`, unless the options allow it; `is_audit_failed` where they ask for a clean
    /// audit.
    pub async fn connect(options: DbOptions) -> Result<Self> {
        options.check_root_certificate()?;
        let (refused, outdated) = (Arc::default(), Arc::<Outdated>::default());
        let pool = options.pool(Arc::clone(&refused), outdated.clone()).connect_lazy_with(options.connect_options());
        let db = Self {
            inner: Arc::new(Inner {
                pool,
                options,
                in_use: Arc::new(AtomicU32::new(0)),
                handed_out: AtomicU64::new(0),
                refused,
                reached: tokio::sync::Mutex::default(),
                outdated,
            }),
        };
        let mut connection = db.acquire(Span::none()).await?;
        crate::login::check(&mut connection, &db.inner.options).await?;
        drop(connection);
        if let Some(registry) = db.inner.options.clean_audit.clone() {
            db.require_clean_audit(&registry).await?;
        }
        Ok(db)
    }

    /// Runs `f` in the context of an organization, for one of its members, and commits if it returns `Ok`.
    ///
    /// Whether the person is a member is checked by the database as the context opens, with no round trip of
    /// its own: any organization id may be tried, only a member gets in.
    ///
    /// # Errors
    ///
    /// `is_not_a_member`, also for an unknown organization; what `f` returns; and what [`Open::run`] may fail
    /// with.
    pub async fn with_tenant_context<T>(
        &self,
        organization: OrganizationId,
        who: &Authenticated,
        f: impl AsyncFnOnce(&mut TenantContext) -> Result<T>,
    ) -> Result<T> {
        self.tenant(organization, who).run(f).await
    }

    /// Runs `f` in the context of a person, and commits if it returns `Ok`.
    ///
    /// # Errors
    ///
    /// What `f` returns, and what [`Open::run`] may fail with.
    pub async fn with_user_context<T>(
        &self,
        who: &Authenticated,
        f: impl AsyncFnOnce(&mut UserContext) -> Result<T>,
    ) -> Result<T> {
        self.user(who).run(f).await
    }

    /// Runs `f` in a context for sign-in, and commits if it returns `Ok`.
    ///
    /// # Errors
    ///
    /// What `f` returns, and what [`Open::run`] may fail with.
    pub async fn with_identity_context<T>(&self, f: impl AsyncFnOnce(&mut IdentityContext) -> Result<T>) -> Result<T> {
        self.identity().run(f).await
    }

    /// Opens the context of an organization, for one of its members, with options.
    pub fn tenant(&self, organization: OrganizationId, who: &Authenticated) -> Open<'_, Tenant> {
        let user = who.user_id();
        Open::new(
            self,
            TenantIds { organization, user: Some(user) },
            format!("enter_tenant('{organization}', '{user}')"),
            Subject { organization: Some(organization), user: Some(user), reason: None },
        )
    }

    /// Opens the context of an organization for work that no user asked for, such as a job.
    ///
    /// # This widens power
    ///
    /// No membership is checked: whoever calls this reads and writes the organization's rows. `reason` says
    /// what for; it is in the tracing span. In an organization that does not exist there are no rows, and none
    /// can be written.
    pub fn system_tenant(&self, organization: OrganizationId, reason: &str) -> Open<'_, Tenant> {
        Open::new(
            self,
            TenantIds { organization, user: None },
            format!("enter_tenant_as_system('{organization}')"),
            Subject { organization: Some(organization), user: None, reason: Some(reason.to_owned()) },
        )
    }

    /// Opens the context of a person, with options.
    pub fn user(&self, who: &Authenticated) -> Open<'_, User> {
        let user = who.user_id();
        let subject = Subject { user: Some(user), ..Subject::default() };
        Open::new(self, user, format!("enter_user('{user}')"), subject)
    }

    /// Opens a context for sign-in, with options.
    pub fn identity(&self) -> Open<'_, Identity> {
        Open::new(self, (), "enter_identity()".to_owned(), Subject::default())
    }

    /// Runs a closure for one organization after another, each in a system context of its own; see
    /// [`ForEachTenant`].
    ///
    /// # This widens power
    ///
    /// As [`system_tenant`](Self::system_tenant) does: no membership is checked. `reason` says what for; it is in the
    /// tracing span of each.
    pub fn for_each_tenant(&self, reason: &str) -> ForEachTenant<'_> {
        ForEachTenant::new(self, reason.to_owned())
    }

    /// Closes the pool: waits for the contexts that are open, and closes their connections. Contexts cannot
    /// be opened any more on this `Db` or a clone of it.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }

    /// Takes a connection from the pool.
    pub(crate) async fn acquire(&self, span: Span) -> Result<Connection> {
        let start = Instant::now();
        let (exhausted, handed_out) = (self.exhausted(), self.inner.handed_out.load(Ordering::Relaxed));
        let acquired = self.inner.pool.acquire().await;
        span.record("wait_ms", milliseconds(start));
        match acquired {
            Ok(connection) => {
                self.inner.handed_out.fetch_add(1, Ordering::Relaxed);
                Ok(Connection::new(connection, self.inner.in_use.clone(), self.inner.outdated.clone(), span))
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

    /// Says why no connection was to be had for as long as the acquire timeout.
    async fn timed_out(&self, waited: Duration, exhausted: bool) -> Error {
        let options = &self.inner.options;
        if exhausted {
            return Kind::PoolTimeout { max: options.max_connections, waited }.into();
        }
        if let Some(error) = self.inner.refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return self.acquire_error(error);
        }
        let (server, waited) = (options.server(), Some(waited));
        match self.reach().await {
            Reached::Nobody(why) => Kind::Unreachable { server, why: Some(why), waited }.into(),
            Reached::Stranger => Kind::Unreachable { server, why: Some(STRANGER.to_owned()), waited }.into(),
            Reached::Refuses(sqlstate) => self.refused(sqlstate),
            Reached::Listens => Kind::ServerBusy { server, waited: waited.unwrap_or_default() }.into(),
        }
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
        let why = match sqlstate.as_str() {
            "28P01" => "wrong password, or no such role",
            "28000" => "the role may not log in from here; the migration makes it",
            "3D000" => "no such database",
            "42501" => "the role may not connect to this database; the migration grants it",
            "53300" => "it has no connection left",
            "57P03" => "it is starting up or shutting down",
            "22023" | "42704" => "`DbOptions::session_authorization` names no role",
            _ => "it gives no reason that is known here",
        };
        let options = &self.inner.options;
        Kind::LoginRefused { server: options.server(), login: options.login().0.to_owned(), why, sqlstate }.into()
    }

    /// Whether contexts hold every connection that the pool may have.
    pub(crate) fn exhausted(&self) -> bool {
        self.in_use() >= self.inner.options.max_connections
    }

    pub(crate) fn in_use(&self) -> u32 {
        self.inner.in_use.load(Ordering::Relaxed)
    }

    /// Returns how many connections the pool may have, and how many it has.
    pub(crate) fn connections(&self) -> (u32, u32) {
        (self.inner.options.max_connections, self.inner.pool.size())
    }

    pub(crate) fn prefix(&self) -> &Prefix {
        &self.inner.options.prefix
    }

    pub(crate) fn prepared_statements(&self) -> bool {
        self.inner.options.prepared_statements
    }

    /// Tells one pool from another.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }
}

/// Names the server and the limits; leaves the password out.
impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("options", &self.inner.options)
            .field("in_use", &self.in_use())
            .finish_non_exhaustive()
    }
}
