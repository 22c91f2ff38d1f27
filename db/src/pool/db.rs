//! The pool, and the contexts it opens.

mod acquire;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use sea_orm::sqlx::{self, PgPool};
use tracing::Span;

use crate::{
    Authenticated, DbOptions, ForEachTenant, Identity, IdentityContext, Open, OrganizationId, Result, Tenant,
    TenantContext, User, UserContext,
    context::transaction::Shared,
    pool::{open::Subject, reach::Reached},
    prefix::Prefix,
    scope::TenantIds,
};

/// The database: one pool of connections, on which contexts are opened.
///
/// It corresponds to SeaORM's `DatabaseConnection`, and withholds it: a `Db` is no `ConnectionTrait`, and the
/// pool cannot be reached through it. A clone shares the pool. The connections are closed when the last clone
/// and the last context are dropped.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    options: DbOptions,
    shared: Arc<Shared>,
    /// How many connections the pool has handed out so far.
    handed_out: AtomicU64,
    /// Why a new connection could not be set up.
    refused: Arc<Mutex<Option<sqlx::Error>>>,
    /// What answered last where the server should be, and when.
    reached: tokio::sync::Mutex<Option<(Instant, Reached)>>,
}

impl Db {
    /// Connects to the PostgreSQL that the environment variable `DATABASE_URL` names.
    ///
    /// # Errors
    ///
    /// Those of [`DbOptions::from_env`] and of [`connect`](Self::connect).
    pub async fn from_env() -> Result<Self> {
        Self::connect(DbOptions::from_env()?).await
    }

    /// Connects, and checks in one round trip that the database is migrated, that contexts of each kind open, and that
    /// its row-level security holds for the login role.
    ///
    /// # Errors
    ///
    /// `is_unreachable` if no server answers within the acquire timeout; `is_pool_timeout` if one is too busy for that;
    /// `is_not_encrypted`; `is_login_refused`; `is_configuration`; `is_not_migrated`, also where a right is missing that all
    /// contexts need; `is_privileged_login`, unless the options allow it; `is_audit_failed` where they ask for a clean
    /// audit.
    pub async fn connect(options: DbOptions) -> Result<Self> {
        options.check_root_certificate()?;
        let (refused, shared) = (Arc::default(), Arc::<Shared>::default());
        let pool = options.pool(Arc::clone(&refused), shared.clone()).connect_lazy_with(options.connect_options());
        let db = Self {
            inner: Arc::new(Inner {
                pool,
                options,
                shared,
                handed_out: AtomicU64::new(0),
                refused,
                reached: tokio::sync::Mutex::default(),
            }),
        };
        let mut connection = db.acquire(Span::none()).await?;
        crate::pool::login::check(&mut connection, &db.inner.options).await?;
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

    /// Returns whether contexts hold every connection that the pool may have.
    pub(crate) fn exhausted(&self) -> bool {
        self.in_use() >= self.inner.options.max_connections
    }

    pub(crate) fn in_use(&self) -> u32 {
        self.inner.shared.in_use.load(Ordering::Relaxed)
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
