//! A connection of the login role that is in a genuine context, and sends SQL that no public path sends.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Decode, Executor, PgConnection, Postgres, Type, postgres::PgRow, query_scalar, raw_sql,
};
use tests::{Fixture, Org, TestDatabase};

/// An open transaction in a genuine context.
pub(crate) struct Inside {
    connection: PgConnection,
}

impl Inside {
    /// Opens a plain member's context in an organization.
    pub(crate) async fn tenant(f: &Fixture, org: &Org) -> Self {
        let (app, organization, user) = (&f.database.prefix, org.id, org.member.user_id());
        Self::open(&f.database, "BEGIN", &format!("{app}.enter_tenant('{organization}', '{user}')"), "tenant").await
    }

    /// Opens a plain member's own context.
    pub(crate) async fn user(f: &Fixture, org: &Org) -> Self {
        let (app, user) = (&f.database.prefix, org.member.user_id());
        Self::open(&f.database, "BEGIN", &format!("{app}.enter_user('{user}')"), "user").await
    }

    /// Opens a context by the call that enters it, and the role of its scope.
    pub(crate) async fn open(database: &TestDatabase, begin: &str, enter: &str, role: &str) -> Self {
        let mut inside = Self { connection: database.stranger().await };
        let role = database.role(role);
        inside.say(&format!("{begin}; SELECT {enter}; SET LOCAL ROLE {role}")).await.unwrap();
        inside
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, sql: &str) -> sqlx::Result<Vec<PgRow>> {
        self.connection.fetch_all(raw_sql(AssertSqlSafe(sql.to_owned()))).await
    }

    /// Returns the one value of a query.
    pub(crate) async fn ask<T>(&mut self, sql: &str) -> sqlx::Result<T>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.connection).await
    }

    /// Asks, and takes an error back with a savepoint, so that the context goes on. Returns the SQLSTATE of the error.
    pub(crate) async fn attempt(&mut self, sql: &str) -> Result<Vec<PgRow>, String> {
        self.say("SAVEPOINT attempt").await.unwrap();
        let answer = self.say(sql).await;
        let end = if answer.is_ok() { "RELEASE attempt" } else { "ROLLBACK TO attempt; RELEASE attempt" };
        self.say(end).await.unwrap();
        answer.map_err(|error| sqlstate(&error))
    }
}

/// Returns the code of an error of PostgreSQL's.
pub(crate) fn sqlstate(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap().into_owned()
}
