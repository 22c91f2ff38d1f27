//! The contract on a server that others use: names that are there already, roles that go on, and what they are told.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod backups;
mod documented;
mod installed;
mod names;
mod rights;
mod state;
mod told;
