//! A connection, and what PostgreSQL answers on it.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgDatabaseError},
    query, raw_sql,
};

use super::{Failure, Result};

/// A connection of its own, outside of every pool.
#[derive(Debug)]
pub(super) struct Session {
    connection: PgConnection,
    /// The name of the database.
    pub(super) database: String,
}

/// How PostgreSQL refuses a statement.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) constraint: Option<String>,
    pub(super) column: Option<String>,
}

impl Session {
    pub(super) async fn connect(options: &PgConnectOptions) -> Result<Self> {
        let database = options.get_database().unwrap_or_default().to_owned();
        Ok(Self { connection: PgConnection::connect_with(options).await?, database })
    }

    /// Runs statements that have to succeed, by the simple protocol.
    pub(super) async fn run(&mut self, sql: &str) -> Result<()> {
        match self.connection.execute(raw_sql(AssertSqlSafe(sql.to_owned()))).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure(format!("{sql}: {error}"))),
        }
    }

    /// Returns the first column of each row, which is text; what is null is left out.
    pub(super) async fn lines(&mut self, sql: &str) -> Result<Vec<String>> {
        match self.ask(sql).await? {
            Ok(lines) => Ok(lines),
            Err(refused) => Err(Failure(format!("{sql}: {}", refused.message))),
        }
    }

    /// Returns the first column of each row, or how the statement is refused.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Result<Vec<String>, Refused>> {
        // By the extended protocol, as a context sends it: one statement.
        let statement = query(AssertSqlSafe(sql.to_owned())).persistent(false);
        match statement.fetch_all(&mut self.connection).await {
            Ok(rows) => Ok(Ok(rows
                .iter()
                .filter(|row| !row.columns().is_empty())
                .map(|row| row.try_get::<Option<String>, _>(0))
                .filter_map(Result::transpose)
                .collect::<sqlx::Result<_>>()?)),
            Err(sqlx::Error::Database(error)) => Ok(Err(refused(&*error))),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs a statement in a savepoint, which is kept if it succeeds and otherwise rolled back.
    pub(super) async fn attempt(&mut self, sql: &str) -> Result<Result<Vec<String>, Refused>> {
        self.run("SAVEPOINT attempt").await?;
        let answer = self.ask(sql).await?;
        self.run(if answer.is_ok() { "RELEASE SAVEPOINT attempt" } else { "ROLLBACK TO SAVEPOINT attempt" }).await?;
        Ok(answer)
    }

    /// Returns what `COPY … TO STDOUT` hands out, or how it is refused.
    pub(super) async fn copy_out(&mut self, sql: &str) -> Result<Result<String, Refused>> {
        use futures_util::TryStreamExt;

        let stream = match self.connection.copy_out_raw(sql).await {
            Ok(stream) => stream,
            Err(sqlx::Error::Database(error)) => return Ok(Err(refused(&*error))),
            Err(error) => return Err(error.into()),
        };
        let chunks = stream.try_fold(Vec::new(), async |mut all: Vec<u8>, chunk| {
            all.extend_from_slice(&chunk);
            Ok(all)
        });
        match chunks.await {
            Ok(bytes) => Ok(Ok(String::from_utf8_lossy(&bytes).into_owned())),
            Err(sqlx::Error::Database(error)) => Ok(Err(refused(&*error))),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

fn refused(error: &dyn sqlx::error::DatabaseError) -> Refused {
    let postgres = error.try_downcast_ref::<PgDatabaseError>();
    Refused {
        code: error.code().unwrap_or_default().into_owned(),
        message: error.message().to_owned(),
        constraint: error.constraint().map(str::to_owned),
        column: postgres.and_then(PgDatabaseError::column).map(str::to_owned),
    }
}
