//! The transaction of a context is private.

use db::TenantContext;

fn transaction(cx: &TenantContext) {
    let _ = &cx.inner.transaction;
}

fn main() {}
