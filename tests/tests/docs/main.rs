//! What the pages say is there, and what they say is not done has a test that shows it.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod limits;
mod seaorm;
mod words;

/// Returns whether a function has an attribute that ends in `test`.
fn is_test(function: &syn::ItemFn) -> bool {
    function.attrs.iter().any(|attr| attr.path().segments.last().unwrap().ident == "test")
}
