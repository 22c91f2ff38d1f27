//! Tables that are made from an entity, and keys: all that SeaORM makes of it, and the scope.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, unnameable_types, dead_code, reason = "entities as an application would have them")]

mod catalog;
mod entities;
mod like_seaorm;
mod refused;
mod schemas;
mod sequences;
