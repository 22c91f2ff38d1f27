//! The PostgreSQL that tests and examples run on: one database for each test.

mod database;
mod server;

pub use database::TestDatabase;
pub use server::{Server, embedded, server};
