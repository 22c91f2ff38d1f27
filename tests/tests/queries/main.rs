//! Every query of SeaORM's, in scope: what it returns, what it sends, and that a second tenant, whose rows have the same
//! ids, gets into none of it, with row-level security and without.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrays;
mod behaviors;
mod columns;
mod fuzz;
mod joins;
mod keys;
mod loads;
mod named;
mod oracle;
mod pages;
mod raw;
mod refused;
mod reverse;
mod rows;
mod saves;
mod subqueries;
mod tables;
mod world;
mod writes;
