//! Isolation tests for free: one line, and every entity of the program is attacked.
//!
//! Behind the feature `testing`, for the tests of an application. In `tests/every_entity.rs`, with `harness = false` in
//! `Cargo.toml`:
//!
//! ```no_run
//! # use db::{DbOptions, contract::{Contract, Membership}, testing::Isolation};
//! # const OWNER: &str = "";
//! # const LOGIN: &str = "";
//! /// A migrated database that nobody is connected to.
//! async fn database() -> Isolation {
//!     let contract = Contract::new(Membership::new("member", "organization_id", "user_id"));
//!     Isolation::new(&contract, OWNER, DbOptions::from_url(LOGIN).unwrap())
//! }
//!
//! db::testing::isolation_tests!(database);
//! ```
//!
//! Each entity that a scope attribute stands on gets a test for each group of probes, by the name of its table:
//! `research_plan::updates`. Two tenants are filled with generated rows, in a copy of the database; then one of them
//! attacks the other, by raw SQL on the login role's own connection after the message that opens a context, and by the
//! scoped verbs. What became of the rows is judged by a superuser's view from inside of the very transaction, which is
//! rolled back then: no error is taken for a proof. What a context may do to its own rows has to work.
//!
//! `research_plan::control` takes what protects the table away, one thing after another, in a copy of its own, and fails
//! where a group of probes stays green.
//!
//! The guide is `docs/testing.md`.

mod candidates;
mod control;
mod copy;
mod fill;
mod judge;
mod probe;
mod probes;
mod report;
mod session;
mod setup;
mod strangers;
mod subject;
mod tables;
mod trials;
mod world;

use std::{fmt, future::Future};

#[doc(hidden)]
pub use self::trials::main;
pub use self::{report::IsolationReport, setup::Isolation};
pub use crate::isolation_tests;
use crate::sql::literal;

/// Makes the `main` of a test target with `harness = false`: a test for each entity and group of probes.
///
/// It takes an `async fn() -> Isolation`, which is called when the first test runs.
#[macro_export]
macro_rules! isolation_tests {
    ($database:path) => {
        fn main() -> ::std::process::ExitCode {
            $crate::testing::main($database)
        }
    };
}

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why nothing could be tested.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// Runs all tests of all entities, one after the other, and reports; for a test of the usual kind.
///
/// ```no_run
/// # use db::testing::{Isolation, isolation};
/// # async fn database() -> Isolation { unimplemented!() }
/// #[tokio::test]
/// async fn no_entity_shows_another_tenants_rows() {
///     isolation(database().await).await.assert();
/// }
/// ```
pub async fn isolation(setup: Isolation) -> IsolationReport {
    let mut report = IsolationReport::default();
    match world::World::new(&setup).await {
        Ok(world) => {
            for test in trials::tests(&setup.registry) {
                let result = test.run(&world).await;
                report.add(test.name(), result.map(drop));
            }
        }
        Err(failure) => report.add("filling".to_owned(), Err(failure.to_string())),
    }
    report
}

fn failure(why: String) -> Failure {
    Failure(why)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<sea_orm::sqlx::Error> for Failure {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs a future on a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| failure(error.to_string()))?.block_on(future))
}
