//! A context reads, or reads and writes, and there is no third mode: the trait is sealed.

enum WriteOnly {}

impl db::Mode for WriteOnly {}

fn main() {}
