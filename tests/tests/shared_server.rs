//! The contract on a server that others use: names that are there already, roles that go on, and what they are told.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "shared_server/backups.rs"]
mod backups;
#[path = "shared_server/documented.rs"]
mod documented;
#[path = "shared_server/installed.rs"]
mod installed;
#[path = "shared_server/names.rs"]
mod names;
#[path = "shared_server/rights.rs"]
mod rights;
#[path = "shared_server/state.rs"]
mod state;
#[path = "shared_server/told.rs"]
mod told;
