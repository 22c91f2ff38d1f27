//! A context is not built by hand, be it from one that only reads.

use db::{TenantContext, TenantReader};

fn context(inner: TenantReader) -> TenantContext {
    TenantContext { inner }
}

fn main() {}
