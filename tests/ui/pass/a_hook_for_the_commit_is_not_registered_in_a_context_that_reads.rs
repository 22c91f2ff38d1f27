//! A hook for the commit is not registered in a context that reads.

use db::TenantContext;

fn notify(cx: &TenantContext) {
    cx.after_commit(|| async {});
}

fn main() {}
