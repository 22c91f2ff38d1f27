//! The audit of the live database: every fault is found, the printed repair mends it, and nothing is invented.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "audit/accepted.rs"]
mod accepted;
#[path = "audit/cases.rs"]
mod cases;
#[path = "audit/connect.rs"]
mod connect;
#[path = "audit/documented.rs"]
mod documented;
#[path = "audit/foreign.rs"]
mod foreign;
#[path = "audit/limits.rs"]
mod limits;
#[expect(unreachable_pub, reason = "an entity as in any program")]
#[path = "audit/note.rs"]
mod note;
#[path = "audit/own.rs"]
mod own;
#[path = "audit/repair.rs"]
mod repair;
#[path = "audit/repaired.rs"]
mod repaired;
