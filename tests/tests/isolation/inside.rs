//! A connection of the login role that has gone into a scope by itself: SQL with no predicate, which no public path
//! sends. What layer 3 is worth without the others.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection, Executor, PgConnection,
    postgres::{PgQueryResult, PgRow},
    raw_sql,
};
use tests::Fixture;

use crate::world::Side;

/// How a scope is entered.
#[derive(Clone, Debug)]
pub(crate) enum Enter {
    /// Not at all: the role is taken on, and no context is opened.
    Nothing,
    Tenant(Side),
    System(Side),
    User(Side),
    Identity,
}

/// A connection inside of a scope.
#[derive(Debug)]
pub(crate) struct Inside {
    connection: PgConnection,
    /// What the context sends to open a transaction in the scope.
    opening: String,
}

impl Inside {
    /// Connects as the login role. `role` is the scope's: `tenant`, `user` or `identity`.
    pub(crate) async fn new(f: &Fixture, enter: &Enter, role: &str) -> Self {
        Self { connection: f.database.stranger().await, opening: opening(f, enter, role) }
    }

    /// Opens a transaction in the scope, sends one statement by the extended protocol as a context does, and commits
    /// if it succeeds.
    pub(crate) async fn send(&mut self, sql: &str) -> sqlx::Result<Vec<PgRow>> {
        self.open().await;
        let rows = self.statement(sql).await;
        self.close(rows.is_ok()).await;
        rows
    }

    /// Sends a statement, and returns how PostgreSQL refuses it.
    pub(crate) async fn refusal(&mut self, sql: &str) -> Result<String, String> {
        match self.send(sql).await {
            Err(error) => Ok(sqlstate(&error)),
            Ok(rows) => Err(format!("{sql}: {} rows, and no error", rows.len())),
        }
    }

    /// Opens a transaction in the scope.
    pub(crate) async fn open(&mut self) {
        raw(&mut self.connection, &self.opening).await.unwrap();
    }

    /// Sends one statement by the extended protocol.
    pub(crate) async fn statement(&mut self, sql: &str) -> sqlx::Result<Vec<PgRow>> {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.connection).await
    }

    /// Ends the transaction.
    pub(crate) async fn close(&mut self, commit: bool) {
        raw(&mut self.connection, if commit { "COMMIT" } else { "ROLLBACK" }).await.unwrap();
    }

    /// Sends statements of the login role's own, in no scope.
    pub(crate) async fn outside(&mut self, sql: &str) -> sqlx::Result<PgQueryResult> {
        raw(&mut self.connection, sql).await
    }

    /// Disconnects.
    pub(crate) async fn leave(self) {
        self.connection.close().await.unwrap();
    }
}

fn opening(f: &Fixture, enter: &Enter, role: &str) -> String {
    let schema = &f.database.prefix;
    let enter = match enter {
        Enter::Nothing => String::new(),
        Enter::Tenant(side) => format!("SELECT {schema}.enter_tenant('{}', '{}');", side.organization, side.user()),
        Enter::System(side) => format!("SELECT {schema}.enter_tenant_as_system('{}');", side.organization),
        Enter::User(side) => format!("SELECT {schema}.enter_user('{}');", side.user()),
        Enter::Identity => format!("SELECT {schema}.enter_identity();"),
    };
    format!("BEGIN; {enter} SET LOCAL ROLE {}", f.database.role(role))
}

async fn raw(connection: &mut PgConnection, sql: &str) -> sqlx::Result<PgQueryResult> {
    connection.execute(raw_sql(AssertSqlSafe(sql.to_owned()))).await
}

/// Returns PostgreSQL's code of an error.
pub(crate) fn sqlstate(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.code().unwrap().into_owned(),
        None => panic!("{error}"),
    }
}
