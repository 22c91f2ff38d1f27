//! Expansion: quoting only. What it emits names nothing but `::db` and the entity's own module.

use heck::ToSnakeCase;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, ItemStruct, Visibility, spanned::Spanned};

use crate::{
    attribute::{Attribute, Scope},
    check::{self, Declared, Scoped, Update},
    entity::{self, Below, Column, Kind, Relation, TakenOff},
    errors::Errors,
};

pub(crate) fn expand(scope: Scope, arguments: TokenStream, tokens: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let first = Attribute::parse(scope, Span::call_site(), arguments, &mut errors);
    let Ok(mut item) = syn::parse2::<ItemStruct>(tokens.clone()) else {
        errors.at_span(Span::call_site(), entity::not_an_entity(scope.attribute()));
        let errors = errors.check();
        return quote!(#errors #tokens);
    };
    let entity = match entity::parse(&mut item, first, &mut errors) {
        Below::Entity(entity) => entity,
        Below::ModelEx => {
            errors.check();
            return quote!(#item);
        }
        Below::Other(taken_off) => {
            let (errors, imports) = (errors.check(), imports(&taken_off));
            return quote!(#errors #item #imports);
        }
    };
    let scoped = check::check(&entity, &mut errors);
    let (errors, imports) = (errors.check(), imports(&entity.taken_off));
    // Where there are errors, the names that the rest of the crate uses are there all the same, so that no others
    // follow from them.
    let parts = [
        facade(&scoped),
        relations(&scoped),
        scopes(&scoped),
        draft(&scoped),
        writable(&scoped),
        scope_columns(&scoped),
    ];
    quote!(#errors #item #(#parts)* #imports)
}

fn imports(taken_off: &TakenOff) -> TokenStream {
    quote!(#(const _: () = { use #taken_off as _; };)*)
}

fn facade(scoped: &Scoped<'_>) -> TokenStream {
    let (vis, facade) = (&scoped.entity.vis, &scoped.facade);
    let table = scoped.entity.table.value();
    let doc = format!("Where the queries of table `{table}` start; its scopes: {}.", scope_names(scoped));
    let declarations = scoped.scopes.iter().map(declaration);
    let verbs = verbs(scoped);
    let rows = models(scoped).map(|model| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::Row for #model {
                type Facade = #facade;
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, Default)]
        #vis struct #facade;

        #[automatically_derived]
        impl ::db::__private::Facade for #facade {
            type Entity = Entity;
            type Draft = Draft;
            type Writable = Writable;
            const SCOPES: &'static [::db::__private::ScopeDeclaration] = &[#(#declarations),*];
        }

        #[automatically_derived]
        impl ::db::__private::Scoped for Entity {
            type Facade = #facade;
        }

        #(#rows)*

        #[automatically_derived]
        impl #facade {
            #verbs
        }
    }
}

/// The relations that the model declares.
fn relations(scoped: &Scoped<'_>) -> TokenStream {
    let relations = &scoped.entity.relations;
    let related = relations.iter().filter(|relation| relation.related).map(related);
    let named = named_relations(scoped);
    quote!(#(#related)* #named)
}

/// A relation that is the only one to its entity: the facade of that is its name.
fn related(relation: &Relation) -> TokenStream {
    let Relation { entity, kind, via, .. } = relation;
    let through = via
        .as_ref()
        .map_or_else(|| quote!(()), |module| quote!(<super::#module::Entity as ::db::__private::Scoped>::Facade));
    let nest = nest(relation);
    let parent = (*kind != Kind::BelongsTo && via.is_none()).then(|| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::Parent<#entity> for Entity {}
        }
    });
    quote! {
        #[automatically_derived]
        impl ::db::__private::Relates<#entity> for Entity {
            type Through = #through;
            #nest
        }

        #parent
    }
}

/// Puts related rows into the field, and takes them out of it.
fn nest(Relation { field, entity, kind, .. }: &Relation) -> TokenStream {
    let (related, held, ty) = match kind {
        Kind::HasMany => (
            quote!(related),
            quote!(::core::option::Option::unwrap_or_default(held)),
            quote!(::std::vec::Vec<<#entity as ::db::__private::EntityTrait>::ModelEx>),
        ),
        Kind::HasOne | Kind::BelongsTo => (
            quote!(::db::__private::first(related)),
            quote!(::db::__private::only(held)),
            quote!(::std::boxed::Box<<#entity as ::db::__private::EntityTrait>::ModelEx>),
        ),
    };
    quote! {
        fn nest(row: &mut ModelEx, related: ::std::vec::Vec<<#entity as ::db::__private::EntityTrait>::ModelEx>) {
            row.#field = ::core::convert::From::from(#related);
        }

        fn take(row: &mut ModelEx) -> ::std::vec::Vec<<#entity as ::db::__private::EntityTrait>::ModelEx> {
            let held: ::core::option::Option<#ty> =
                ::core::convert::From::from(::core::mem::take(&mut row.#field));
            #held
        }
    }
}

/// The relations that have a name: each is a facade of the table at its other end, in the module `relation`.
fn named_relations(scoped: &Scoped<'_>) -> TokenStream {
    let relations = &scoped.entity.relations;
    let named: Vec<_> = relations.iter().filter_map(|relation| Some((relation, relation.name.as_ref()?))).collect();
    if named.is_empty() {
        return TokenStream::new();
    }
    let table = scoped.entity.table.value();
    let doc = format!("The relations of `{table}` that have a name.");
    let vis = &scoped.entity.vis;
    // One module deeper.
    let inner = match vis {
        Visibility::Inherited => quote!(pub(super)),
        vis => quote!(#vis),
    };
    let structs = named.iter().map(|(_, name)| {
        let doc = format!("The relation `{name}` of `{table}`: a facade of the table at its other end.");
        quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug, Default)]
            #inner struct #name;
        }
    });
    let impls = named.iter().map(|(relation, name)| named_relation(scoped, relation, name));
    quote! {
        #[doc = #doc]
        #vis mod relation {
            #(#structs)*
        }

        #(#impls)*
    }
}

fn named_relation(scoped: &Scoped<'_>, relation: &Relation, name: &Ident) -> TokenStream {
    let (facade, entity) = (&scoped.facade, &relation.entity);
    let alias = name.to_string().to_snake_case();
    let target = quote!(<#entity as ::db::__private::Scoped>::Facade);
    let nest = nest(relation);
    let parent = (relation.kind != Kind::BelongsTo).then(|| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::ParentOf<relation::#name> for #facade {}
        }
    });
    quote! {
        #[automatically_derived]
        impl ::db::__private::Facade for relation::#name {
            type Entity = #entity;
            type Draft = <#target as ::db::__private::Facade>::Draft;
            type Writable = <#target as ::db::__private::Facade>::Writable;
            const SCOPES: &'static [::db::__private::ScopeDeclaration] =
                <#target as ::db::__private::Facade>::SCOPES;
            const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(#alias);
        }

        #[automatically_derived]
        impl relation::#name {
            /// Starts a `SELECT` of the rows of the context's scope.
            pub fn find() -> ::db::Select<Self> {
                ::db::__private::find()
            }

            /// Starts a `SELECT` of the rows of the context's scope, with those that they are related to.
            pub fn load() -> ::db::Load<Self> {
                ::db::__private::load()
            }
        }

        #[automatically_derived]
        impl<S: ::db::Scope> ::db::__private::ScopedTo<S> for relation::#name
        where
            #target: ::db::__private::ScopedTo<S>,
        {
            const COLUMN: ::core::option::Option<<#entity as ::db::__private::EntityTrait>::Column> =
                <#target as ::db::__private::ScopedTo<S>>::COLUMN;
        }

        #[automatically_derived]
        impl<S: ::db::Scope, By> ::db::__private::Insertable<S, By> for relation::#name
        where
            #target: ::db::__private::Insertable<S, By>,
        {
        }

        #[automatically_derived]
        impl<S: ::db::Scope> ::db::__private::Updatable<S> for relation::#name
        where
            #target: ::db::__private::Updatable<S>,
        {
        }

        #[automatically_derived]
        impl ::db::__private::RelatedTo<relation::#name> for #facade {
            type Through = ();

            fn relation() -> ::db::__private::Relation {
                ::db::__private::Relation::direct(::db::__private::RelationTrait::def(&Relation::#name))
            }

            #nest
        }

        #parent
    }
}

/// The types of a row: `Model`, and `ModelEx` where there is one.
fn models(scoped: &Scoped<'_>) -> impl Iterator<Item = Ident> {
    let ex = scoped.entity.has_model_ex.then_some("ModelEx");
    std::iter::once("Model").chain(ex).map(|name| Ident::new(name, Span::call_site()))
}

fn scope_names(scoped: &Scoped<'_>) -> String {
    scoped.scopes.iter().map(|declared| format!("`{}`", declared.scope.marker())).collect::<Vec<_>>().join(", ")
}

fn declaration(declared: &Declared<'_>) -> TokenStream {
    let scope = declared.scope.marker();
    let column = option(declared.column.map(|Column { name, .. }| quote!(#name)));
    let (insert, delete) = (declared.insert, declared.delete);
    let update = match &declared.update {
        Update::None => quote!(None),
        Update::Writable => quote!(Writable),
        Update::Only(columns) => {
            let names = columns.iter().map(|column| &column.name);
            quote!(Only(&[#(#names),*]))
        }
    };
    quote! {
        ::db::__private::ScopeDeclaration::new(
            ::db::__private::ScopeKind::#scope,
            #column,
            ::db::__private::Verbs {
                insert: #insert,
                update: ::db::__private::UpdateColumns::#update,
                delete: #delete,
            },
        )
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(::core::option::Option::None), |value| quote!(::core::option::Option::Some(#value)))
}

/// The facade's functions, as far as any scope allows them.
fn verbs(scoped: &Scoped<'_>) -> TokenStream {
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

/// The traits by which a context of each scope knows what it may do.
fn scopes(scoped: &Scoped<'_>) -> TokenStream {
    scoped.scopes.iter().map(|declared| scope(scoped, declared)).collect()
}

fn scope(scoped: &Scoped<'_>, declared: &Declared<'_>) -> TokenStream {
    let facade = &scoped.facade;
    let scope = declared.scope.marker();
    let column = option(declared.column.map(|Column { variant, .. }| quote!(Column::#variant)));
    let key = declared.column.map(|Column { ty, .. }| {
        // At the field's type, so that a column of another type is reported there.
        quote_spanned!(ty.span()=> const _: () = ::db::__private::assert_key::<#ty, ::db::__private::#scope>();)
    });
    let by =
        if scoped.fills_scope_columns(declared) { format_ident!("FromContext") } else { format_ident!("FromCaller") };
    let insert = declared.insert.then(|| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::Insertable<::db::__private::#scope, ::db::__private::#by> for #facade {}
        }
    });
    let update = (!matches!(declared.update, Update::None)).then(|| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::Updatable<::db::__private::#scope> for #facade {}
        }
    });
    let delete = declared.delete.then(|| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::Deletable<::db::__private::#scope> for #facade {}
        }
    });
    quote! {
        #key

        #[automatically_derived]
        impl ::db::__private::ScopedTo<::db::__private::#scope> for #facade {
            const COLUMN: ::core::option::Option<Column> = #column;
        }

        #insert
        #update
        #delete
    }
}

fn draft(scoped: &Scoped<'_>) -> TokenStream {
    let vis = &scoped.entity.vis;
    let doc = format!(
        "The columns of a row of `{}` without its scope columns, each set or not.",
        scoped.entity.table.value()
    );
    let (scope, own): (Vec<_>, Vec<_>) =
        scoped.entity.columns.iter().partition(|column| scoped.is_scope_column(column));
    let scope = scope.iter().map(|column| &column.field);
    let fields: Vec<_> = own.iter().map(|column| &column.field).collect();
    let types = own.iter().map(|column| &column.ty);
    let docs = own.iter().map(|column| format!("Column `{}`.", column.name));
    let from = models(scoped).map(|model| {
        quote! {
            #[automatically_derived]
            impl ::core::convert::From<#model> for Draft {
                fn from(row: #model) -> Self {
                    Self {
                        #(#fields: ::db::__private::ActiveValue::Unchanged(row.#fields),)*
                    }
                }
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, Default)]
        #vis struct Draft {
            #(#[doc = #docs] pub #fields: ::db::__private::ActiveValue<#types>,)*
        }

        #[automatically_derived]
        impl ::core::convert::From<Draft> for ActiveModel {
            fn from(draft: Draft) -> Self {
                Self {
                    #(#fields: draft.#fields,)*
                    #(#scope: ::db::__private::ActiveValue::NotSet,)*
                }
            }
        }

        #(#from)*
    }
}

fn writable(scoped: &Scoped<'_>) -> TokenStream {
    let vis = &scoped.entity.vis;
    let doc =
        format!("The columns of `{}` that an assignment may name: neither scope nor key.", scoped.entity.table.value());
    let variants: Vec<_> = scoped.writable().map(|column| &column.variant).collect();
    let docs = scoped.writable().map(|column| format!("Column `{}`.", column.name));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #vis enum Writable {
            #(#[doc = #docs] #variants,)*
        }

        #[automatically_derived]
        impl ::core::convert::From<Writable> for Column {
            fn from(column: Writable) -> Self {
                match column {
                    #(Writable::#variants => Self::#variants,)*
                }
            }
        }
    }
}

/// `ScopeColumns`, where a context cannot fill all of them.
fn scope_columns(scoped: &Scoped<'_>) -> TokenStream {
    let columns = scoped.scope_columns();
    if !scoped.scopes.iter().any(|declared| declared.insert && !scoped.fills_scope_columns(declared)) {
        return TokenStream::new();
    }
    let vis = &scoped.entity.vis;
    let doc = format!("The scope columns of a row of `{}`, for `insert_into`.", scoped.entity.table.value());
    let fields = columns.iter().map(|column| &column.field);
    let types = columns.iter().map(|column| &column.ty);
    let docs = columns.iter().map(|column| format!("Column `{}`.", column.name));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #vis struct ScopeColumns {
            #(#[doc = #docs] pub #fields: #types,)*
        }
    }
}
