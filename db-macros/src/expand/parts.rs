//! The parts of an entity: for a scope that reads some columns alone, an entity of those.

use heck::ToSnakeCase;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, ItemStruct};

use super::own;
use crate::{
    check::{Declared, Part, Rows, Scoped, Update},
    entity::{Column, Entity},
};

/// A module for each scope that reads some columns alone.
pub(super) fn parts(scoped: &Scoped<'_>, item: &ItemStruct) -> Vec<TokenStream> {
    let declared = scoped.scopes.iter().enumerate();
    declared.filter_map(|(at, declared)| Some(module(scoped, item, at, declared, declared.part.as_ref()?))).collect()
}

/// The module of one part: a SeaORM entity of the same table, which has those columns and no others.
fn module(scoped: &Scoped<'_>, item: &ItemStruct, at: usize, declared: &Declared<'_>, part: &Part<'_>) -> TokenStream {
    let columns: Vec<Column> = part.columns.iter().map(|&column| column.clone()).collect();
    let entity = Entity {
        vis: scoped.entity.vis.clone(),
        table: scoped.entity.table.clone(),
        columns,
        relations: Vec::new(),
        has_model_ex: scoped.entity.has_model_ex,
        attributes: Vec::new(),
        taken_off: Vec::new(),
    };
    let key = declared.column().and_then(|key| entity.columns.iter().find(|column| column.field == key.field));
    let own_scope = Declared {
        scope: declared.scope,
        rows: key.map_or(Rows::All, Rows::Column),
        part: None,
        insert: false,
        update: Update::None,
        delete: false,
        writers: &[],
        ranked: None,
    };
    let facade = &scoped.facade;
    // The very declaration that the policies of the table are made from.
    let declaration = quote!(<super::#facade as ::db::__private::Facade>::SCOPES[#at]);
    let part_of = Scoped { entity: &entity, facade: part.facade.clone(), scopes: vec![own_scope], is_part: true };
    let own = own(&part_of, &[declaration]);
    let model = model(item, part);
    let (table, vis) = (scoped.entity.table.value(), &scoped.entity.vis);
    let name = Ident::new(&part.facade.to_string().to_snake_case(), Span::call_site());
    let doc = format!("The columns of `{table}` that a context of scope `{}` reads.", declared.scope.marker());
    quote! {
        #[doc = #doc]
        #vis mod #name {
            use super::*;

            #model

            impl ::db::__private::ActiveModelBehavior for ActiveModel {}

            #own
        }
    }
}

/// The model with the part's columns alone.
fn model(item: &ItemStruct, part: &Part<'_>) -> ItemStruct {
    let mut model = item.clone();
    if let syn::Fields::Named(fields) = &mut model.fields {
        let listed = |field: &syn::Field| {
            field.ident.as_ref().is_some_and(|ident| part.columns.iter().any(|column| column.field == *ident))
        };
        fields.named = std::mem::take(&mut fields.named).into_iter().filter(listed).collect();
    }
    model
}
