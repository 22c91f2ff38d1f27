//! A facade is not put into another scope by hand, outside of the crate that its entity is private to.

use entity::ResearchPlan;

fn is_scoped_to_tenant<F: db::ScopedTo<db::Tenant>>() {}

fn main() {
    is_scoped_to_tenant::<ResearchPlan>();
}
