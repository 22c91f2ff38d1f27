//! Whose rows: the scopes, and which facades have rows in each.

use std::fmt::Debug;

use sea_orm::{EntityTrait, Value};

use crate::{Facade, OrganizationId, UserId};

/// The rows of one organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenant {}

/// The rows of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {}

/// Sign-in: the identity tables, before either an organization or a person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {}

/// A scope: [`Tenant`], [`User`] or [`Identity`]. Sealed: there are no others.
pub trait Scope: sealed::IsScope + Copy + Debug + Send + Sync + Unpin + 'static {
    /// What a context of this scope was opened for.
    #[doc(hidden)]
    type Ids: Copy + Debug + Send + Sync + Unpin + 'static;

    /// The scope as a value.
    const KIND: ScopeKind;

    /// Returns the value that the scope column of every row in the context has; `None` where the scope has
    /// no column.
    #[doc(hidden)]
    fn key(ids: &Self::Ids) -> Option<Value>;
}

/// A [`Scope`] as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeKind {
    /// [`Tenant`].
    Tenant,
    /// [`User`].
    User,
    /// [`Identity`].
    Identity,
}

impl ScopeKind {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::Tenant, Self::User, Self::Identity];

    /// Returns the scope's name in lower case, as in role names and tracing spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Identity => "identity",
        }
    }
}

/// What a [`Tenant`] context was opened for; no user where the work is the system's own.
#[derive(Clone, Copy, Debug)]
#[expect(unnameable_types, reason = "sealed: what a context of this scope holds")]
pub struct TenantIds {
    pub(crate) organization: OrganizationId,
    pub(crate) user: Option<UserId>,
}

impl Scope for Tenant {
    type Ids = TenantIds;
    const KIND: ScopeKind = ScopeKind::Tenant;

    fn key(ids: &TenantIds) -> Option<Value> {
        Some(ids.organization.into())
    }
}

impl Scope for User {
    type Ids = UserId;
    const KIND: ScopeKind = ScopeKind::User;

    fn key(user: &UserId) -> Option<Value> {
        Some((*user).into())
    }
}

impl Scope for Identity {
    type Ids = ();
    const KIND: ScopeKind = ScopeKind::Identity;

    fn key((): &()) -> Option<Value> {
        None
    }
}

/// A facade whose table has rows in the scope `S`, and so can be read in a context of it.
///
/// Implemented by `#[tenant_scoped]`, `#[user_scoped]` and `#[identity_scoped]`, not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no rows in the scope `{S}`",
    label = "the context is of scope `{S}`",
    note = "run the query in a context of a scope that the entity of `{Self}` declares, or declare this one: \
            `#[tenant_scoped]`, `#[user_scoped]` or `#[identity_scoped]`"
)]
pub trait ScopedTo<S: Scope>: Facade {
    /// The column that holds the scope's key; `None` where the scope has no column.
    #[doc(hidden)]
    const COLUMN: Option<<Self::Entity as EntityTrait>::Column>;
}

/// A facade whose rows are in the scope `S` by a column of their own; for generated code.
#[diagnostic::on_unimplemented(
    message = "the rows of `{Self}` are not in the scope `{S}` by a column of their own",
    label = "the relation leads to `{Self}`",
    note = "a scope goes through one table: name a relation to a table that has the scope's column"
)]
pub trait ByColumn<S: Scope>: ScopedTo<S> {
    /// The column.
    const KEY: <Self::Entity as EntityTrait>::Column;
}

/// A facade into whose table a context of the scope `S` may insert. `By` says who gives the scope columns.
#[diagnostic::on_unimplemented(
    message = "a row of `{Self}` cannot be inserted in this way in the scope `{S}`",
    label = "the context is of scope `{S}`",
    note = "either the entity's declaration of that scope does not allow `insert`, or the table has scope columns \
            that the context cannot fill: `insert_into` takes them, `insert` does not"
)]
pub trait Insertable<S: Scope, By>: ScopedTo<S> {}

/// A facade whose rows a context of the scope `S` may update.
#[diagnostic::on_unimplemented(
    message = "rows of `{Self}` cannot be updated in the scope `{S}`",
    label = "the context is of scope `{S}`",
    note = "the entity's declaration of that scope does not allow `update`"
)]
pub trait Updatable<S: Scope>: ScopedTo<S> {}

/// A facade whose rows a context of the scope `S` may delete.
#[diagnostic::on_unimplemented(
    message = "rows of `{Self}` cannot be deleted in the scope `{S}`",
    label = "the context is of scope `{S}`",
    note = "the entity's declaration of that scope does not allow `delete`"
)]
pub trait Deletable<S: Scope>: ScopedTo<S> {}

/// The type that the scope column of `S` has in an entity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the key of the scope `{S}`",
    label = "this is the scope column of `{S}`",
    note = "the scope column of `Tenant` is of type `db::OrganizationId`, that of `User` of type `db::UserId`"
)]
pub trait KeyOf<S: Scope> {}

impl KeyOf<Tenant> for OrganizationId {}
impl KeyOf<User> for UserId {}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: the three scopes are the only ones")]
    pub trait IsScope {}
    impl IsScope for super::Tenant {}
    impl IsScope for super::User {}
    impl IsScope for super::Identity {}
}
