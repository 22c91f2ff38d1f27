//! Throw-away copies of a database.

use sea_orm::sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::{Result, session::Session};
use crate::sql::quote;

/// A copy of a database, which is dropped with the value.
#[derive(Debug)]
pub(super) struct Copied {
    superuser: PgConnectOptions,
    pub(super) name: String,
}

impl Copied {
    /// Copies a database to which nobody is connected. The roles are the server's, so they are the same; who may
    /// connect is not copied.
    pub(super) async fn of(superuser: &PgConnectOptions, template: &str, login: &str) -> Result<Self> {
        let of: String = template.chars().take(40).collect();
        let name = format!("{of}_{}", &Uuid::new_v4().simple().to_string()[..12]);
        let mut session = Session::connect(&superuser.clone().database("postgres")).await?;
        session.run(&format!("CREATE DATABASE {} TEMPLATE {}", quote(&name), quote(template))).await?;
        let copied = Self { superuser: superuser.clone(), name };
        let connect = format!(
            "REVOKE ALL ON DATABASE {0} FROM PUBLIC; GRANT CONNECT ON DATABASE {0} TO {1}",
            quote(&copied.name),
            quote(login)
        );
        session.run(&connect).await?;
        session.close().await?;
        Ok(copied)
    }

    /// Connects as the superuser.
    pub(super) async fn connect(&self) -> Result<Session> {
        Session::connect(&self.superuser.clone().database(&self.name)).await
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let options = self.superuser.clone().database("postgres");
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote(&self.name));
        // A runtime of its own: that of the test may be the one that waits here.
        let dropped = std::thread::spawn(move || {
            super::block_on(async move {
                let mut session = Session::connect(&options).await?;
                session.run(&drop).await
            })
        })
        .join();
        if !matches!(dropped, Ok(Ok(Ok(())))) {
            tracing::warn!(database = self.name, "the copy of the database could not be dropped");
        }
    }
}
