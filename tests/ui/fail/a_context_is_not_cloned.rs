//! A context is not cloned, so that it cannot outlive its closure in a copy.

fn is_clone<T: Clone>() {}

fn main() {
    is_clone::<db::TenantContext>();
}
