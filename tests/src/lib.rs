//! The PostgreSQL that tests and examples run on: one database for each test.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what a test stands on fails by panicking"
)]

mod archive;
mod database;
mod fetch;
mod fixture;
mod held;
mod own_server;
mod pgbouncer;
mod probe;
mod proxy;
mod search;
mod server;
mod template;

/// How long a test waits for what has to come about: longer than the busiest machine needs.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);

pub use archive::Archive;
pub use database::{PASSWORD, TestDatabase};
pub use fetch::Fetch;
pub use fixture::{Fixture, Org};
pub use own_server::{OwnServer, Stop};
pub use pgbouncer::PgBouncer;
pub use proxy::{Cut, Proxy};
pub use search::{Search, program};
pub use server::{Server, server};
pub use template::Template;

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The guide to queries compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/queries.md")]
struct Queries;

/// The guide to contexts compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/contexts.md")]
struct Contexts;

/// The guide to raw SQL compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/raw.md")]
struct Raw;

/// The guide to isolation tests compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct Testing;

/// The guide to sign-in, members and tokens compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/identity.md")]
struct Identity;

/// The guide to the audit compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/audit.md")]
struct Audit;

/// The page on the seal compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/seal.md")]
struct Seal;

/// The guide to operating compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/operating.md")]
struct Operating;
