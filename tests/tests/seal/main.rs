//! A context that no entry function has opened sees no row, whatever the login role sets; and the secret that tells them apart
//! is nowhere to be found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attack;
mod attacks;
mod disguised;
mod estimated;
mod existing;
mod forged;
mod members;
mod reentered;
mod roles;
mod rotation;
mod secret;
mod turned;
