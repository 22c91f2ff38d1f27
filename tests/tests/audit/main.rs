//! The audit of the live database: every fault is found, the printed repair mends it, and nothing is invented.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepted;
mod cases;
mod connect;
mod documented;
mod foreign;
mod limits;
#[expect(unreachable_pub, reason = "an entity as in any program")]
mod note;
mod own;
mod repair;
mod repaired;
mod synced;
