//! Many rows go in by an array for each column, and a list of values is one array: the same statement for any number of them,
//! which stores and finds what one by one does.

mod kind;
mod kinds;
mod lists;
mod many;
mod plan;
mod sizes;

use db::Context;

use crate::world::World;

/// Runs `f` in a context of acme's, and returns what it returns.
async fn in_acme<T>(w: &World, f: impl AsyncFnOnce(&mut Context<db::Tenant>) -> db::Result<T>) -> db::Result<T> {
    w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, f).await
}

/// The texts that were sent since this was last asked, each once.
fn texts(w: &World) -> Vec<String> {
    let mut texts = w.statements();
    texts.sort();
    texts.dedup();
    texts
}
