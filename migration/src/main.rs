//! Brings a database to the application's schema; what `sea-orm-cli migrate` runs.

use std::process::exit;

use clap::{CommandFactory, parser::ValueSource};
use migration::Migrator;
use sea_orm_migration::{
    cli::{Cli, run_cli_with_custom_connection},
    sea_orm::{ConnectOptions, Database, DbConn, DbErr},
};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    dotenvy::dotenv().ok();
    let url = owner_url();
    let migrator = Migrator::from_env().unwrap_or_else(|error| fail(&error));
    run_cli_with_custom_connection(migrator, async move || Ok(connect(url).await)).await;
}

/// Returns the URL that was named on the command line, else `MIGRATION_DATABASE_URL`, else `DATABASE_URL`.
fn owner_url() -> Option<String> {
    let arguments = Cli::command().get_matches();
    let named = arguments.get_one::<String>("database_url").cloned();
    if arguments.value_source("database_url") == Some(ValueSource::CommandLine) {
        return named;
    }
    std::env::var("MIGRATION_DATABASE_URL").ok().or(named)
}

async fn connect(url: Option<String>) -> DbConn {
    let Some(url) = url else {
        fail(&"set MIGRATION_DATABASE_URL or DATABASE_URL to postgres://owner:password@host:port/database");
    };
    // sqlx would log the statement that sets the login's password.
    let options = ConnectOptions::new(url).max_connections(1).sqlx_logging(false).to_owned();
    match Database::connect(options).await {
        Ok(connection) => connection,
        Err(DbErr::Conn(error)) => fail(&format!("the database cannot be reached: {error}")),
        Err(error) => fail(&error),
    }
}

fn fail(why: &dyn std::fmt::Display) -> ! {
    eprintln!("migration: {why}");
    exit(1)
}
