//! A context that no entrance has opened sees no row, whatever the login role sets; and the secret that tells them apart
//! is nowhere to be found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "seal/attack.rs"]
mod attack;
#[path = "seal/attacks.rs"]
mod attacks;
#[path = "seal/disguised.rs"]
mod disguised;
#[path = "seal/estimated.rs"]
mod estimated;
#[path = "seal/existing.rs"]
mod existing;
#[path = "seal/forged.rs"]
mod forged;
#[path = "seal/members.rs"]
mod members;
#[path = "seal/reentered.rs"]
mod reentered;
#[path = "seal/roles.rs"]
mod roles;
#[path = "seal/rotation.rs"]
mod rotation;
#[path = "seal/secret.rs"]
mod secret;
#[path = "seal/turned.rs"]
mod turned;
