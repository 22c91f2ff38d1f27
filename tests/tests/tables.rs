//! Tables that are made from an entity, and keys: all that SeaORM makes of it, and the scope.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, unnameable_types, dead_code, reason = "entities as an application would have them")]

#[path = "tables/catalog.rs"]
mod catalog;
#[path = "tables/entities.rs"]
mod entities;
#[path = "tables/like_seaorm.rs"]
mod like_seaorm;
#[path = "tables/refused.rs"]
mod refused;
#[path = "tables/schemas.rs"]
mod schemas;
#[path = "tables/sequences.rs"]
mod sequences;
