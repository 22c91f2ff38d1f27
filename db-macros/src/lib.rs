//! The attributes that put a SeaORM entity into a scope; re-exported by `db`, which documents what they make.

mod attribute;
mod check;
mod entity;
mod errors;
mod expand;

use attribute::Scope;
use proc_macro::TokenStream;

/// Puts an entity into the scope `Tenant`: its rows are an organization's.
///
/// It goes **above** `#[sea_orm::model]`, and beside the other two where the entity is in more than one scope.
///
/// ```ignore
/// #[tenant_scoped]
/// #[sea_orm::model]
/// #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #[sea_orm(table_name = "research_plan")]
/// pub struct Model { /* … organization_id: OrganizationId … */ }
/// ```
///
/// | key | meaning | default |
/// |---|---|---|
/// | `column = "…"` | the column that holds the organization's id, of type `OrganizationId` | `organization_id` |
/// | `via = "…"` | the relation, a field of the model, by which the rows are in the scope, in place of a column: those that are related to a row of another table which is in it | |
/// | `name = "…"` | the name of the facade | the table's, in upper camel case |
/// | `allow(…)` | what a context of this scope may do: `select` and any of `insert`, `update`, `delete`; `update(a, b)` allows those columns alone, `select(a, b)` has the scope read those alone | everything; `select` with `via` |
/// | `writers("…", …)` | the roles of a member whose writes the database lets through | every member's |
/// | `accept("…", on = "…", reason = "…")` | what an audit finds of the table, or of the constraint, policy or column that is named, and that is acceptable: see `db::audit`; may be given more than once | |
/// | `ranked = "…"` | the column with a member's role: no write touches or makes a row whose role is above the member's own | |
///
/// It makes, beside the entity, which is left as it is:
///
/// - the facade, a unit struct where queries start: `find`, `find_by_id`, `insert`, `insert_many`,
///   `update_by_id`, `update_many`, `delete_by_id`, `delete_many`, as far as any scope allows them;
/// - `Draft`, the columns of a row without its scope columns, each set or not;
/// - `Writable`, the columns that an assignment may name: neither scope nor key;
/// - where the entity has scope columns that not every context can fill, `ScopeColumns`, and the facade's
///   `insert_into`, which takes them.
///
/// # Through another table
///
/// A person is in an organization by a membership, not by a column of their own:
///
/// ```ignore
/// #[tenant_scoped(name = "Colleague", via = "memberships", allow(select(id, name, email)))]
/// #[user_scoped(column = "id", allow(select, update(name)))]
/// #[sea_orm::model]
/// // …
/// pub struct Model {
///     // … id, name, email, and more
///     #[sea_orm(has_many)]
///     pub memberships: HasMany<super::member::Entity>,
/// }
/// ```
///
/// The entity that `memberships` leads to has the scope's column. Layer 2's predicate and layer 3's policy are
/// `id IN (SELECT user_id FROM member WHERE organization_id = …)`. Such a scope only reads.
///
/// # A part of the columns
///
/// Where a scope reads some columns alone, as above, they have a facade of their own, by the name that is given, and a
/// module (`colleague`) with its `Model` and `Column`, which have no others: to ask for another does not compile. The
/// statement reads from a table of those columns, and the database grants no others. It only reads, too. Keys are always
/// among the columns.
///
/// # By whom
///
/// `writers` and `ranked` are policies of the database, over the role that the member had as the context opened (see
/// `Membership::role` in `db::contract`). Who has not the role is told so: `is_permission_denied`. A row that ranks above
/// the member is for them not there to be written: `is_not_found`. A system context, which no member asked for, is not
/// held by them.
#[proc_macro_attribute]
pub fn tenant_scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Scope::Tenant, arguments.into(), &item.into()).into()
}

/// Puts an entity into the scope `User`: its rows are a person's.
///
/// As [`tenant_scoped`](macro@tenant_scoped), but that the column is `user_id`, of type `UserId`, unless named, and that
/// there are no roles, and so neither `writers` nor `ranked`.
#[proc_macro_attribute]
pub fn user_scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Scope::User, arguments.into(), &item.into()).into()
}

/// Puts an entity into the scope `Identity`: sign-in sees all of its rows.
///
/// As [`tenant_scoped`](macro@tenant_scoped), but that there is no column, and so no key `column` or `via`, and no role.
#[proc_macro_attribute]
pub fn identity_scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Scope::Identity, arguments.into(), &item.into()).into()
}
