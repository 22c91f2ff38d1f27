//! The functions of a facade, where its queries start.

use proc_macro2::TokenStream;
use quote::quote;

use crate::check::{Scoped, Update};

/// The facade's functions, as far as any scope allows them.
pub(super) fn verbs(scoped: &Scoped<'_>) -> TokenStream {
    let mut verbs = quote! {
        /// Starts a `SELECT` of the rows of the context's scope.
        pub fn find() -> ::db::Select<Self> {
            ::db::__private::find()
        }

        /// Starts a `SELECT` of the row with the id.
        pub fn find_by_id(id: impl ::core::convert::Into<::db::__private::Key<Entity>>) -> ::db::Select<Self> {
            ::db::__private::find_by_id(id)
        }

        /// Starts a `SELECT` of the rows of the context's scope, with those that they are related to.
        pub fn load() -> ::db::Load<Self> {
            ::db::__private::load()
        }
    };
    if scoped.scopes.iter().any(|declared| declared.insert && scoped.fills_scope_columns(declared)) {
        verbs.extend(quote! {
            /// Starts an `INSERT` of a row into the context's scope.
            pub fn insert(draft: Draft) -> ::db::Insert<Self> {
                ::db::__private::insert(draft)
            }

            /// Starts an `INSERT` of many rows into the context's scope.
            pub fn insert_many(drafts: impl ::core::iter::IntoIterator<Item = Draft>) -> ::db::InsertMany<Self> {
                ::db::__private::insert_many(drafts)
            }
        });
    }
    if scoped.scopes.iter().any(|declared| declared.insert && !scoped.fills_scope_columns(declared)) {
        let fields: Vec<_> = scoped.scope_columns().iter().map(|column| &column.field).collect();
        verbs.extend(quote! {
            /// Starts an `INSERT` of a row whose scope columns the context cannot all fill. Where it has one of
            /// them, that has to be the context's.
            pub fn insert_into(
                scope_columns: ScopeColumns,
                draft: Draft,
            ) -> ::db::Insert<Self, ::db::__private::FromCaller> {
                let mut row: ActiveModel = ::core::convert::From::from(draft);
                #(row.#fields = ::db::__private::ActiveValue::Set(scope_columns.#fields);)*
                ::db::__private::insert_into(row)
            }
        });
    }
    // A draft of a row whose key is the scope's does not say whether the row is there.
    let has_own_key = scoped.entity.columns.iter().any(|column| column.primary_key && !scoped.is_scope_column(column));
    if scoped.scopes.iter().any(|declared| {
        has_own_key
            && declared.insert
            && scoped.fills_scope_columns(declared)
            && !matches!(declared.update, Update::None)
    }) {
        verbs.extend(quote! {
            /// Starts a save of a row, and of rows that point at it: an `UPDATE` where the draft was made from a
            /// model, and an `INSERT` otherwise.
            pub fn save(draft: Draft) -> ::db::Save<Self> {
                ::db::__private::save(draft)
            }
        });
    }
    verbs.extend(changes(scoped));
    verbs
}

/// The functions that change rows which are there.
fn changes(scoped: &Scoped<'_>) -> TokenStream {
    let mut verbs = TokenStream::new();
    if scoped.scopes.iter().any(|declared| !matches!(declared.update, Update::None)) {
        verbs.extend(quote! {
            /// Starts an `UPDATE` of the row with the id.
            pub fn update_by_id(
                id: impl ::core::convert::Into<::db::__private::Key<Entity>>,
                draft: Draft,
            ) -> ::db::Update<Self> {
                ::db::__private::update_by_id(id, draft)
            }

            /// Starts an `UPDATE` of the row that the draft is of: its key is set, as it is in a draft that was made
            /// from a model.
            pub fn update(draft: Draft) -> ::db::Update<Self> {
                ::db::__private::update(draft)
            }

            /// Starts an `UPDATE` of the rows of the context's scope.
            pub fn update_many() -> ::db::UpdateMany<Self> {
                ::db::__private::update_many()
            }
        });
    }
    if scoped.scopes.iter().any(|declared| declared.delete) {
        verbs.extend(quote! {
            /// Starts a `DELETE` of the row with the id.
            pub fn delete_by_id(id: impl ::core::convert::Into<::db::__private::Key<Entity>>) -> ::db::Delete<Self> {
                ::db::__private::delete_by_id(id)
            }

            /// Starts a `DELETE` of a row.
            pub fn delete(row: &Model) -> ::db::Delete<Self> {
                ::db::__private::delete(row)
            }

            /// Starts a `DELETE` of the rows of the context's scope.
            pub fn delete_many() -> ::db::DeleteMany<Self> {
                ::db::__private::delete_many()
            }
        });
    }
    verbs
}
