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
/// | `name = "…"` | the name of the facade | the table's, in upper camel case |
/// | `allow(…)` | what a context of this scope may do: `select` and any of `insert`, `update`, `delete`; `update(a, b)` allows those columns alone | everything |
///
/// It makes, beside the entity, which is left as it is:
///
/// - the facade, a unit struct where queries start: `find`, `find_by_id`, `insert`, `insert_many`,
///   `update_by_id`, `update_many`, `delete_by_id`, `delete_many`, as far as any scope allows them;
/// - `Draft`, the columns of a row without its scope columns, each set or not;
/// - `Writable`, the columns that an assignment may name: neither scope nor key;
/// - where the entity has scope columns that not every context can fill, `ScopeColumns`, and the facade's
///   `insert_into`, which takes them.
#[proc_macro_attribute]
pub fn tenant_scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Scope::Tenant, arguments.into(), &item.into()).into()
}

/// Puts an entity into the scope `User`: its rows are a person's.
///
/// As [`tenant_scoped`](macro@tenant_scoped), but that the column is `user_id`, of type `UserId`, unless named.
#[proc_macro_attribute]
pub fn user_scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Scope::User, arguments.into(), &item.into()).into()
}

/// Puts an entity into the scope `Identity`: sign-in sees all of its rows.
///
/// As [`tenant_scoped`](macro@tenant_scoped), but that there is no column, and so no key `column`.
#[proc_macro_attribute]
pub fn identity_scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Scope::Identity, arguments.into(), &item.into()).into()
}
