//! A hook for the commit is not registered in a context that reads.

use db::TenantReader;

fn notify(cx: &TenantReader) {
    cx.after_commit(|| async {});
}

fn main() {}
