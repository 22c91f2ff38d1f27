//! Whose rows: the scopes, what an attribute declares of an entity, and the keys.
//!
//! The vocabulary of the crate. What it says is data, and everything else is made from it: the predicates of queries,
//! the policies of tables, what an audit looks for.

mod acceptance;
mod declaration;
pub(crate) mod entity_table;
pub(crate) mod facade;
mod ids;
mod key;
mod kind;
mod table_name;

use std::fmt::Debug;

use sea_orm::{EntityTrait, Value};

pub use self::{
    acceptance::Acceptance,
    declaration::{Rows, ScopeDeclaration, SelectColumns, UpdateColumns, Verbs, Via},
    facade::Facade,
    key::{OrganizationId, UserId},
    kind::ScopeKind,
    table_name::TableName,
};
pub(crate) use self::{ids::TenantIds, key::KEY_TYPE};

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
