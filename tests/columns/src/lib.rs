//! Entities with columns of every type that SeaORM has a feature for, as an application would declare them.
//!
//! `cargo check -p columns` compiles them with nothing but what this crate asks for: a whole workspace has the features of all
//! its crates together, and would hide that one is missing.

pub mod embedding;
pub mod measure;
