//! What an application needs, so that it needs no dependency on `sea-orm`.
//!
//! ```
//! use db::prelude::*;
//! ```
//!
//! The scope markers are left out: `User` is also a facade's name.

pub use futures_util::TryStreamExt as _;
pub use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, Condition, IsolationLevel, JoinType, Order,
    prelude::{DateTimeUtc, Uuid},
    sea_query::{Expr, ExprTrait, Func, LockBehavior, LockType, NullOrdering},
};

pub use crate::{
    Authenticated, Credential, Db, DbOptions, IdentityContext, IdentityReader, LoadRelated as _, OnConflict,
    OrganizationId, Row as _, TenantContext, TenantReader, UserContext, UserId, UserReader,
};
