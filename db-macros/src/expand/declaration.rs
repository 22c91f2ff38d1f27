//! A scope of an entity, as a value.

use proc_macro2::TokenStream;
use quote::quote;

use super::{option, relations::relation_def};
use crate::{
    check::{Declared, Rows, Update},
    entity::Column,
};

/// The declaration that a query's predicate and the table's policies are made from.
pub(super) fn declaration(declared: &Declared<'_>) -> TokenStream {
    let scope = declared.scope.marker();
    let rows = match declared.rows {
        Rows::All => quote!(All),
        Rows::Column(Column { name, .. }) => quote!(Column(#name)),
        Rows::Via(relation) => {
            let (entity, relation) = (&relation.entity, relation_def(relation));
            quote!(Via(|| ::db::__private::via::<#entity, ::db::__private::#scope>(#relation)))
        }
    };
    let select = match &declared.part {
        None => quote!(All),
        Some(part) => only(&part.columns),
    };
    let (insert, delete) = (declared.insert, declared.delete);
    let update = match &declared.update {
        Update::None => quote!(None),
        Update::Writable => quote!(Writable),
        Update::Only(columns) => only(columns),
    };
    let written_by = (!declared.writers.is_empty() || declared.ranked.is_some()).then(|| {
        let writers = declared.writers;
        let ranked = option(declared.ranked.map(|Column { name, .. }| quote!(#name)));
        quote!(.written_by(&[#(#writers),*], #ranked))
    });
    quote! {
        ::db::__private::ScopeDeclaration::new(
            ::db::__private::ScopeKind::#scope,
            ::db::__private::Rows::#rows,
            ::db::__private::Verbs {
                select: ::db::__private::SelectColumns::#select,
                insert: #insert,
                update: ::db::__private::UpdateColumns::#update,
                delete: #delete,
            },
        )#written_by
    }
}

fn only(columns: &[&Column]) -> TokenStream {
    let names = columns.iter().map(|column| &column.name);
    quote!(Only(&[#(#names),*]))
}
