//! The PostgreSQL that tests and examples run on: one database for each test.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what a test stands on fails by panicking"
)]

mod database;
mod example;
mod fixture;
mod proxy;
mod server;

pub use database::{PASSWORD, TestDatabase};
pub use example::ExampleDatabase;
pub use fixture::{Fixture, Org};
pub use proxy::{Cut, Proxy};
pub use server::{Server, server};

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The guide to queries compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/queries.md")]
struct Queries;

/// The guide to isolation tests compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct Testing;

/// The guide to sign-in, members and tokens compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/identity.md")]
struct Identity;
