//! The database that examples run on.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "what an example stands on fails by panicking")]

use db::DbOptions;
use migration::{Migrator, MigratorTraitSelf};
use pglite_oxide::PgliteServer;
use sea_orm::{ConnectOptions, Database};
use tests::TestDatabase;

/// A migrated database that is gone with the value: one on the server that `TEST_DATABASE_URL` names, else an
/// embedded PostgreSQL, which needs nothing but cargo.
#[derive(Debug)]
pub enum ExampleDatabase {
    /// A database on a server.
    Server(TestDatabase),
    /// PostgreSQL 17 inside of this process.
    Embedded(PgliteServer),
}

impl ExampleDatabase {
    /// Makes the database and migrates it.
    pub async fn new() -> Self {
        if std::env::var_os("TEST_DATABASE_URL").is_some() {
            return Self::Server(TestDatabase::new().await);
        }
        let server = PgliteServer::temporary_tcp().expect("the embedded PostgreSQL starts");
        // It serves one connection at a time; this one is closed before the pool's is opened.
        let options = ConnectOptions::new(server.database_url()).max_connections(1).sqlx_logging(false).to_owned();
        let connection = Database::connect(options).await.expect("the embedded PostgreSQL answers");
        Self::migrator().up(&connection, None).await.expect("the schema is made");
        connection.close().await.expect("the connection closes");
        Self::Embedded(server)
    }

    /// Returns options for a pool of the login role.
    pub fn options(&self) -> DbOptions {
        match self {
            Self::Server(database) => database.options(),
            Self::Embedded(server) => {
                DbOptions::from_url(&server.database_url())
                    .expect("its own URL is well-formed")
                    .max_connections(1)
                    // It takes every login for its superuser.
                    .session_authorization(migration::LOGIN)
            }
        }
    }

    fn migrator() -> Migrator {
        Migrator::new("app", migration::LOGIN, None).expect("the names are plain")
    }
}
