//! Expansion: quoting only. What it emits names nothing but `::db` and the entity's own module.

mod acceptances;
mod declaration;
mod parts;
mod relations;
mod verbs;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, ItemStruct, spanned::Spanned};

use self::{acceptances::acceptances, declaration::declaration, parts::parts, relations::relations, verbs::verbs};
use crate::{
    attribute::{Attribute, Scope},
    check::{self, Declared, Scoped, Update},
    entity::{self, Below, Column, TakenOff},
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
    let declarations: Vec<_> = scoped.scopes.iter().map(declaration).collect();
    let own = own(&scoped, &declarations);
    let parts = parts(&scoped, &item);
    quote!(#errors #item #own #(#parts)* #imports)
}

/// What stands beside an entity: its facade, and the parts of its rows.
fn own(scoped: &Scoped<'_>, declarations: &[TokenStream]) -> TokenStream {
    let read = [facade(scoped, declarations), relations(scoped), scopes(scoped)];
    let written = (!scoped.is_part).then(|| [draft(scoped), writable(scoped), scope_columns(scoped)]);
    let written = written.iter().flatten();
    quote!(#(#read)* #(#written)*)
}

fn imports(taken_off: &TakenOff) -> TokenStream {
    quote!(#(const _: () = { use #taken_off as _; };)*)
}

fn facade(scoped: &Scoped<'_>, declarations: &[TokenStream]) -> TokenStream {
    let (vis, facade) = (&scoped.entity.vis, &scoped.facade);
    let table = scoped.entity.table.value();
    let doc = format!("Where the queries of table `{table}` start; its scopes: {}.", scope_names(scoped));
    let verbs = verbs(scoped);
    // A part is of the same table: the entity's own facade is its facade.
    let registered = (!scoped.is_part).then(|| {
        quote! {
            ::db::__private::inventory::submit! {
                ::db::__private::Registration::of::<#facade>()
            }
        }
    });
    let acceptances = acceptances(scoped);
    // What is only read has none of its own.
    let (draft, writable) =
        if scoped.is_part { (quote!(ActiveModel), quote!(Column)) } else { (quote!(Draft), quote!(Writable)) };
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
            type Draft = #draft;
            type Writable = #writable;
            const SCOPES: &'static [::db::__private::ScopeDeclaration] = &[#(#declarations),*];
            #acceptances
        }

        #registered

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

/// The types of a row: `Model`, and `ModelEx` where there is one.
fn models(scoped: &Scoped<'_>) -> impl Iterator<Item = Ident> {
    let ex = scoped.entity.has_model_ex.then_some("ModelEx");
    std::iter::once("Model").chain(ex).map(|name| Ident::new(name, Span::call_site()))
}

fn scope_names(scoped: &Scoped<'_>) -> String {
    scoped.whole().map(|declared| format!("`{}`", declared.scope.marker())).collect::<Vec<_>>().join(", ")
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(::core::option::Option::None), |value| quote!(::core::option::Option::Some(#value)))
}

/// The traits by which a context of each scope knows what it may do.
fn scopes(scoped: &Scoped<'_>) -> TokenStream {
    let keys = scoped.scopes.iter().filter_map(|declared| {
        let (Column { ty, .. }, scope) = (declared.column()?, declared.scope.marker());
        // At the field's type, so that a column of another type is reported there.
        Some(quote_spanned!(ty.span()=> const _: () = ::db::__private::assert_key::<#ty, ::db::__private::#scope>();))
    });
    let traits = scoped.whole().map(|declared| scope(scoped, declared));
    quote!(#(#keys)* #(#traits)*)
}

fn scope(scoped: &Scoped<'_>, declared: &Declared<'_>) -> TokenStream {
    let facade = &scoped.facade;
    let scope = declared.scope.marker();
    let column = declared.column().map(|Column { variant, .. }| quote!(Column::#variant));
    let by_column = column.as_ref().map(|column| {
        quote! {
            #[automatically_derived]
            impl ::db::__private::ByColumn<::db::__private::#scope> for #facade {
                const KEY: Column = #column;
            }
        }
    });
    let column = option(column);
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
        #[automatically_derived]
        impl ::db::__private::ScopedTo<::db::__private::#scope> for #facade {
            const COLUMN: ::core::option::Option<Column> = #column;
        }

        #by_column
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
