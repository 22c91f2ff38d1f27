//! Tenant isolation for [SeaORM](https://www.sea-ql.org/SeaORM/) on PostgreSQL, in three rings.
#![doc(html_no_source)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod authenticated;
mod context;
pub mod contract;
mod db;
mod delete;
mod error;
mod expression;
mod facade;
mod health;
mod id;
mod insert;
mod login;
mod open;
mod options;
mod predicate;
pub mod prelude;
mod returning;
mod scope;
mod select;
mod transaction;
mod update;

pub use crate::{
    authenticated::Authenticated,
    context::{
        Context, IdentityContext, IdentityReader, Mode, ReadOnly, ReadWrite, TenantContext, TenantReader, UserContext,
        UserReader,
    },
    db::Db,
    delete::{Delete, DeleteMany},
    error::{Error, Result},
    facade::{Facade, ScopeDeclaration, UpdateColumns, Verbs},
    health::{Health, HealthStatus},
    id::{OrganizationId, UserId},
    insert::{Insert, InsertMany, OnConflict},
    open::Open,
    options::{DbOptions, TlsMode},
    returning::Affected,
    scope::{Deletable, Identity, Insertable, KeyOf, Scope, ScopeKind, ScopedTo, Tenant, Updatable, User},
    select::Select,
    update::{Update, UpdateMany},
};
pub use db_macros::{identity_scoped, tenant_scoped, user_scoped};
pub use sea_orm::IsolationLevel;

pub(crate) use crate::predicate::predicate;
