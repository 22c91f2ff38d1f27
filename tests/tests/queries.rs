//! Every query of SeaORM's, in scope: what it returns, what it sends, and that a second tenant, whose rows have the same
//! ids, gets into none of it, with row-level security and without.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "queries/behaviors.rs"]
mod behaviors;
#[path = "queries/columns.rs"]
mod columns;
#[path = "queries/fuzz.rs"]
mod fuzz;
#[path = "queries/joins.rs"]
mod joins;
#[path = "queries/keys.rs"]
mod keys;
#[path = "queries/loads.rs"]
mod loads;
#[path = "queries/named.rs"]
mod named;
#[path = "queries/oracle.rs"]
mod oracle;
#[path = "queries/pages.rs"]
mod pages;
#[path = "queries/raw.rs"]
mod raw;
#[path = "queries/refused.rs"]
mod refused;
#[path = "queries/reverse.rs"]
mod reverse;
#[path = "queries/rows.rs"]
mod rows;
#[path = "queries/saves.rs"]
mod saves;
#[path = "queries/subqueries.rs"]
mod subqueries;
#[path = "queries/tables.rs"]
mod tables;
#[path = "queries/world.rs"]
mod world;
#[path = "queries/writes.rs"]
mod writes;
