//! A context reads, or reads and writes, and there is no third mode: the trait is sealed.

fn is_a_mode<M: db::Mode>() {}

fn main() {
    is_a_mode::<db::ReadOnly>();
}
