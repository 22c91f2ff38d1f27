//! The exceptions that an entity declares to what an audit finds.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::option;
use crate::{attribute::Exception, check::Scoped};

/// The constant of the facade that lists them; nothing where there are none.
pub(super) fn exceptions(scoped: &Scoped<'_>) -> TokenStream {
    let exceptions: Vec<_> =
        scoped.entity.attributes.iter().flat_map(|attribute| &attribute.exceptions).map(exception).collect();
    if exceptions.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const EXCEPTIONS: &'static [::db::__private::Exception] = &[#(#exceptions),*];
    }
}

fn exception(Exception { code, on, reason }: &Exception) -> TokenStream {
    // At the code's own place, so that an unknown one is reported there.
    let name = code.value().to_upper_camel_case();
    let mut variant = syn::parse_str(&name).unwrap_or_else(|_| Ident::new("Unknown", code.span()));
    variant.set_span(code.span());
    let on = option(on.as_ref().map(|on| quote!(#on)));
    quote!(::db::__private::Exception::new(::db::__private::Code::#variant, #on, #reason))
}
