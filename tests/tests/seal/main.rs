//! A context that no entry function has opened sees no row, whatever the login role sets, declares or closes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attack;
mod attacks;
mod disguised;
mod estimated;
mod existing;
mod forged;
mod long_role;
mod members;
mod planned;
mod portal;
mod reentered;
mod restored;
mod roles;
mod turned;
