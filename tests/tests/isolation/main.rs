//! No row of another organization, or of another person, can be read or written.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod attack;
mod expressions;
mod facades;
mod grants;
mod inside;
mod layer_3;
mod messages;
mod raw;
mod references;
mod reuse;
mod roles;
mod sql;
mod turning;
mod turns;
mod witness;
mod world;
