//! The relations of an entity, as its facade has them.

use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Visibility};

use crate::{
    check::Scoped,
    entity::{Kind, Relation},
};

/// The relations that the model declares.
pub(super) fn relations(scoped: &Scoped<'_>) -> TokenStream {
    let relations = &scoped.entity.relations;
    let related = relations.iter().filter(|relation| relation.related).map(related);
    let named = named_relations(scoped);
    quote!(#(#related)* #named)
}

/// The definition of a relation, which has no junction.
pub(super) fn relation_def(relation: &Relation) -> TokenStream {
    let entity = &relation.entity;
    let of_entity = || quote!(<Entity as ::db::__private::Related<#entity>>::to());
    let named = |name| quote!(::db::__private::RelationTrait::def(&Relation::#name));
    relation.name.as_ref().map_or_else(of_entity, named)
}

/// A relation that is the only one to its entity: the facade of that is its name.
fn related(relation: &Relation) -> TokenStream {
    let Relation { field, entity, points, via, .. } = relation;
    let through = via
        .as_ref()
        .map_or_else(|| quote!(()), |module| quote!(<super::#module::Entity as ::db::__private::Scoped>::Facade));
    let nest = nest(relation);
    let field = field.to_string();
    let parent = (!points && via.is_none()).then(|| {
        let number = number(relation);
        quote! {
            #[automatically_derived]
            impl ::db::__private::Parent<#entity> for Entity {
                type Number = #number;
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl ::db::__private::Relates<#entity> for Entity {
            type Through = #through;
            const FIELD: &'static str = #field;
            #nest
        }

        #parent
    }
}

/// How many rows point at one.
fn number(Relation { kind, .. }: &Relation) -> TokenStream {
    match kind {
        Kind::HasMany => quote!(::db::__private::Many),
        Kind::HasOne | Kind::BelongsTo => quote!(::db::__private::One),
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
    let entity = &relation.entity;
    let alias = name.to_string().to_snake_case();
    let target = quote!(<#entity as ::db::__private::Scoped>::Facade);
    // The only relation to its entity is known by that.
    let related_to = (!relation.related).then(|| related_to(scoped, relation, name));
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

        #related_to
    }
}

fn related_to(scoped: &Scoped<'_>, relation: &Relation, name: &Ident) -> TokenStream {
    let (facade, def, nest) = (&scoped.facade, relation_def(relation), nest(relation));
    let field = relation.field.to_string();
    let parent = (!relation.points).then(|| {
        let number = number(relation);
        quote! {
            #[automatically_derived]
            impl ::db::__private::ParentOf<relation::#name> for #facade {
                type Number = #number;
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl ::db::__private::RelatedTo<relation::#name> for #facade {
            type Through = ();
            const FIELD: &'static str = #field;

            fn relation() -> ::db::__private::Relation {
                ::db::__private::Relation::direct(#def)
            }

            #nest
        }

        #parent
    }
}
