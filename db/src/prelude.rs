//! What an application needs, so that it needs no dependency on `sea-orm`.
//!
//! ```
//! use db::prelude::*;
//! ```
//!
//! The scope markers are left out: `User` is also a facade's name.

pub use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, IsolationLevel, Order,
    prelude::{DateTimeUtc, Uuid},
    sea_query::{Expr, ExprTrait, Func, NullOrdering},
};

pub use crate::{
    Authenticated, Db, DbOptions, IdentityContext, IdentityReader, OnConflict, OrganizationId, TenantContext,
    TenantReader, UserContext, UserId, UserReader,
};
