//! Tenant isolation for [SeaORM](https://www.sea-ql.org/SeaORM/) on PostgreSQL, in three layers.
//!
//! One database holds every organization's rows. A program built on this crate cannot read or write another
//! organization's rows, and three layers say so, each on its own:
//!
//! 1. **Compile time.** An entity under `#[tenant_scoped]` can be queried only through a [`TenantContext`]. The
//!    pool is private to [`Db`], so there is no other connection to run it on. A forgotten context, the wrong kind
//!    of context, an assignment to the tenant column, a context that leaves its closure: none of them compile.
//! 2. **Query.** Each query carries its scope: the predicate on select, update and delete, the value on insert.
//! 3. **Database.** The pool's login role may read no table at all. A context switches to a role that sees only
//!    what the row-level security policies let through.
//!
//! ```no_run
//! mod research_plan {
//!     use db::{OrganizationId, tenant_scoped};
//!     use sea_orm::entity::prelude::*;
//!
//!     #[tenant_scoped]
//!     #[sea_orm::model]
//!     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "research_plan")]
//!     pub struct Model {
//!         #[sea_orm(primary_key, auto_increment = false)]
//!         pub id: Uuid,
//!         pub organization_id: OrganizationId,
//!         pub title: String,
//!     }
//!
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! use db::prelude::*;
//! use research_plan::{Column, Draft, ResearchPlan};
//!
//! # async fn example(organization_id: OrganizationId, user_id: UserId) -> db::Result<()> {
//! let db = Db::from_env().await?;                      // DATABASE_URL, 5 connections at most
//! let who = Authenticated::assume(user_id);            // sign-in makes it properly; this escape hatch is named for review
//!
//! let plans = db.with_tenant_context(organization_id, &who, async |cx| {
//!     let draft = Draft { title: Set("Gripper market".to_owned()), ..Default::default() };
//!     ResearchPlan::insert(draft).exec(cx).await?;     // the organization is the context's to give
//!
//!     ResearchPlan::find()                             // the organization's plans, and nobody else's
//!         .filter(Column::Title.contains("market"))
//!         .order_by_desc(Column::Id)
//!         .all(cx).await
//! }).await?;                                           // committed; an `Err` rolls back
//! # drop(plans); Ok(()) }
//! ```
//!
//! # Where things are
//!
//! | to | look at |
//! |---|---|
//! | connect | [`Db`], [`DbOptions`], [`Db::check_database`] |
//! | open a context | [`Db::with_tenant_context`], [`Db::with_user_context`], [`Db::with_identity_context`], and with options [`Db::tenant`], [`Db::user`], [`Db::identity`], [`Db::system_tenant`] |
//! | run again what conflicted with another transaction | [`Open::retry`] |
//! | do what cannot be rolled back | [`Context::after_commit`] |
//! | work through all organizations | [`Db::for_each_tenant`] |
//! | say who is asking, and how they have proved it | [`Authenticated`], [`Credential`] |
//! | query | the facade that the macro makes; [`Select`], [`Insert`], [`Update`], [`Delete`] and their `…Many` |
//! | read rows with what they are related to | [`Select::find_with_related`], [`Load`], [`LoadRelated`], [`Row::find_related`] |
//! | read page by page, or row by row | [`Select::paginate`], [`Select::cursor_by`], [`Select::stream`] |
//! | save a row with those that point at it | [`Save`] |
//! | put an entity into a scope | [`tenant_scoped`], [`user_scoped`], [`identity_scoped`] |
//! | write what no builder can | `RawSelect`, behind the feature `raw` |
//! | write a migration | [`contract`] |
//! | handle an error | [`Error`] |
//! | serve it over HTTP | `db::axum`, behind the feature `axum` |
//! | test the isolation of every entity | `db::testing`, behind the feature `testing` |
//!
//! # What each layer does not do
//!
//! **Layer 1 stops honest mistakes**, not code that sets out to defeat it. A public `Model`, and a facade, reach their
//! SeaORM entity by projection (`<Model as ModelTrait>::Entity`); whoever has the password opens a connection of
//! their own; the traits that the macros implement can be implemented by hand. What such code meets is layer 3. A
//! closure is lent its context mutably, so that two contexts can be swapped (`mem::swap`): each goes on as what it was
//! opened for, and neither is committed for the other.
//!
//! **Layer 2 holds for structured expressions.** Raw text can close any bracket, so it is refused wherever it hides
//! ([`Error::is_raw_text`]), and so is what cannot be inspected: a subquery that is no scoped query, a `CASE`.
//! A function is let in by its name, if the name is plain and none of PostgreSQL's own that reach beyond the rows
//! (`pg_…`, `set_config`, `dblink` and the like). What a function of the application's own does is not known here.
//!
//! **Layer 3 does not stop code that holds the login's own connection** and calls the entry functions: that is what the
//! login role is for. What it sets by itself, with `SET ROLE`, `SET` or `set_config`, shows no row: a context has a seal,
//! a cursor that the entry functions alone can open, and the policies ask for it. Nor does it stop side channels of
//! PostgreSQL's own. The functions that count and show what all tenants do are closed, where a superuser has migrated.
//! SQL of one's own in a context still learns other tenants' values by the counts and the estimates of `EXPLAIN`, and
//! something by the time that a statement takes; it can lock a table for all, and make their serializable transactions
//! fail. The names of tables and columns are no secret, nor is how large a table is over all tenants (`reltuples`). Layer
//! 2 keeps queries away from those; `docs/side-channels.md` has each with a test.
//!
//! Writes to identity tables and to tenant tables cannot share a transaction: they are two contexts.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod audit;
#[cfg(feature = "axum")]
pub mod axum;
mod code;
pub mod context;
pub mod contract;
mod error;
pub mod pool;
mod prefix;
pub mod prelude;
pub mod query;
mod registry;
pub mod scope;
mod sql;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "raw")]
pub use crate::query::{AssertSqlSafe, RawSelect, SqlSafeStr, raw_functions};
pub use crate::{
    context::{
        Authenticated, Context, Credential, IdentityContext, IdentityReader, Mode, ReadOnly, ReadWrite, TenantContext,
        TenantReader, UserContext, UserReader,
    },
    error::{Error, Result},
    pool::{Db, DbOptions, ForEachTenant, Health, HealthStatus, Open, Retry, TenantFailure, TenantReport, TlsMode},
    query::{
        Affected, Cursor, Delete, DeleteMany, Insert, InsertMany, Load, LoadRelated, OnConflict, Paginator, Row, Save,
        Select, Update, UpdateMany,
    },
    registry::{RegisteredEntity, Registry},
    scope::{Facade, Identity, OrganizationId, Scope, ScopeKind, ScopedTo, TableName, Tenant, User, UserId},
};
pub use db_macros::{identity_scoped, tenant_scoped, user_scoped};
pub use sea_orm::IsolationLevel;
