//! A scope attribute stands on an entity, so on a struct.

use db::tenant_scoped;

#[tenant_scoped]
fn notes() {}

fn main() {}
