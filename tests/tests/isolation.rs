//! No row of another organization, or of another person, can be read or written.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "isolation/attack.rs"]
mod attack;
#[path = "isolation/expressions.rs"]
mod expressions;
#[path = "isolation/facades.rs"]
mod facades;
#[path = "isolation/grants.rs"]
mod grants;
#[path = "isolation/inside.rs"]
mod inside;
#[path = "isolation/messages.rs"]
mod messages;
#[path = "isolation/raw.rs"]
mod raw;
#[path = "isolation/references.rs"]
mod references;
#[path = "isolation/reuse.rs"]
mod reuse;
#[path = "isolation/ring_3.rs"]
mod ring_3;
#[path = "isolation/roles.rs"]
mod roles;
#[path = "isolation/sql.rs"]
mod sql;
#[path = "isolation/turning.rs"]
mod turning;
#[path = "isolation/turns.rs"]
mod turns;
#[path = "isolation/witness.rs"]
mod witness;
#[path = "isolation/world.rs"]
mod world;
