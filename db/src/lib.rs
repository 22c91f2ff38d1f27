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
//! made with a secret that the login cannot read, and the policies ask for it. Nor does it stop side channels of
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
mod authenticated;
#[cfg(feature = "axum")]
pub mod axum;
mod behavior;
mod context;
pub mod contract;
mod db;
mod delete;
mod error;
mod expression;
mod facade;
mod for_each_tenant;
mod health;
mod hooks;
mod id;
mod insert;
mod load;
mod login;
mod open;
mod options;
mod outdated;
mod predicate;
pub mod prelude;
mod progress;
#[cfg(feature = "raw")]
mod raw;
mod reach;
mod registry;
mod relation;
mod retry;
mod returning;
mod save;
mod scope;
mod select;
mod sql;
mod table_name;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod update;

#[cfg(feature = "raw")]
pub use crate::raw::{AssertSqlSafe, RawSelect, SqlSafeStr, raw_functions};
pub use crate::{
    authenticated::{Authenticated, Credential},
    context::{
        Context, IdentityContext, IdentityReader, Mode, ReadOnly, ReadWrite, TenantContext, TenantReader, UserContext,
        UserReader,
    },
    db::Db,
    delete::{Delete, DeleteMany},
    error::{Error, Result},
    facade::{Facade, Rows, ScopeDeclaration, SelectColumns, UpdateColumns, Verbs, Via},
    for_each_tenant::{ForEachTenant, TenantFailure, TenantReport},
    health::{Health, HealthStatus},
    id::{OrganizationId, UserId},
    insert::{Insert, InsertMany, OnConflict},
    load::{IntoLoad, IntoSelect, Load, LoadOf, LoadRelated, Row, SelectRelated, With},
    open::Open,
    options::{DbOptions, TlsMode},
    registry::{Acceptance, RegisteredEntity, Registry},
    relation::{Beside, Many, Number, One, ParentOf, RelatedTo, Sub, Takes, Through, TogetherWith},
    retry::Retry,
    returning::Affected,
    save::{Children, Save},
    scope::{Deletable, Identity, Insertable, KeyOf, Scope, ScopeKind, ScopedTo, Tenant, Updatable, User},
    select::{
        And, AsJson, AsModel, AsTuple, Columns, Cursor, ItemsAndPages, Maybe, Paged, Paginator, Part, Projected,
        Select, Shape, Shapes, Whole, WithMany,
    },
    table_name::TableName,
    update::{Update, UpdateMany},
};
pub use db_macros::{identity_scoped, tenant_scoped, user_scoped};
pub use sea_orm::IsolationLevel;

pub(crate) use crate::predicate::predicate;
