//! The contract on a server that others use: names that are there already, roles that go on, and what they are told.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "shared_server/names.rs"]
mod names;
