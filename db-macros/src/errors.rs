//! Errors, collected so that they are reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// A collector of errors. One that nobody checked panics in tests.
#[derive(Default)]
pub(crate) struct Errors {
    found: Option<syn::Error>,
    checked: bool,
}

impl Errors {
    /// Adds an error at the tokens of a mistake.
    pub(crate) fn at(&mut self, tokens: &impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error at a span.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// Returns the errors as tokens, if there are any.
    pub(crate) fn check(mut self) -> Option<TokenStream> {
        self.checked = true;
        self.found.take().map(|error| error.to_compile_error())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(self.checked || std::thread::panicking(), "errors were collected and not checked");
    }
}
