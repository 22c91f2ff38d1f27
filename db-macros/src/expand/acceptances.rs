//! The acceptances that an entity declares to what an audit finds.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::option;
use crate::{attribute::Acceptance, check::Scoped};

/// The constant of the facade that lists them; nothing where there are none.
pub(super) fn acceptances(scoped: &Scoped<'_>) -> TokenStream {
    let acceptances: Vec<_> =
        scoped.entity.attributes.iter().flat_map(|attribute| &attribute.acceptances).map(acceptance).collect();
    if acceptances.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const ACCEPTANCES: &'static [::db::__private::Acceptance] = &[#(#acceptances),*];
    }
}

fn acceptance(Acceptance { code, on, reason }: &Acceptance) -> TokenStream {
    // At the code's own place, so that an unknown one is reported there.
    let name = code.value().to_upper_camel_case();
    let mut variant = syn::parse_str(&name).unwrap_or_else(|_| Ident::new("Unknown", code.span()));
    variant.set_span(code.span());
    let on = option(on.as_ref().map(|on| quote!(#on)));
    quote!(::db::__private::Acceptance::new(::db::__private::Code::#variant, #on, #reason))
}
