//! Brings a database to the application's schema; what `sea-orm-cli migrate` runs. And audits it.

use std::{
    process::{ExitCode, exit},
    sync::{Arc, OnceLock},
};

use clap::{ArgMatches, CommandFactory, parser::ValueSource};
use migration::Migrator;
use sea_orm_migration::{
    cli::{Cli, run_cli_with_custom_connection},
    sea_orm::{ConnectOptions, Database, DbConn, DbErr},
};

mod audit;
mod plan;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    dotenvy::dotenv().ok();
    let arguments = Cli::command().subcommand(audit::command()).subcommand(plan::command()).get_matches();
    if let Some(("audit", arguments)) = arguments.subcommand() {
        return audit::run(arguments, url(arguments, audit::is_as_login(arguments))).await;
    }
    // An option that stands after the subcommand is the subcommand's.
    let url = url(arguments.subcommand().map_or(&arguments, |(_, arguments)| arguments), false);
    let migrator = Migrator::from_env().unwrap_or_else(|error| fail(&error));
    if arguments.subcommand_name() == Some("plan") {
        return plan::run(&migrator, url).await;
    }
    let installs = plan::installs(&arguments);
    let connected = Arc::new(OnceLock::new());
    let (contract, kept) = (migrator.contract().clone(), connected.clone());
    let connection = async move || {
        let connection = connect(url).await.unwrap_or_else(|why| fail(&why));
        if installs {
            plan::before(&contract, &connection).await;
        }
        Ok(kept.get_or_init(|| connection).clone())
    };
    let contract = migrator.contract().clone();
    run_cli_with_custom_connection(migrator, connection).await;
    if let Some(connection) = connected.get().filter(|_| installs) {
        plan::after(&contract, connection).await;
    }
    ExitCode::SUCCESS
}

/// Returns the URL that was named on the command line, else the owner's, `MIGRATION_DATABASE_URL`, unless it is the login
/// role's that is asked for, else `DATABASE_URL`.
fn url(arguments: &ArgMatches, as_login: bool) -> Option<String> {
    let named = arguments.get_one::<String>("database_url").cloned();
    if as_login || arguments.value_source("database_url") == Some(ValueSource::CommandLine) {
        return named;
    }
    std::env::var("MIGRATION_DATABASE_URL").ok().or(named)
}

async fn connect(url: Option<String>) -> Result<DbConn, String> {
    let Some(url) = url else {
        return Err("set MIGRATION_DATABASE_URL or DATABASE_URL to postgres://owner:password@host:port/database".into());
    };
    // sqlx would log the statement that sets the login's password.
    let options = ConnectOptions::new(url).max_connections(1).sqlx_logging(false).to_owned();
    match Database::connect(options).await {
        Ok(connection) => Ok(connection),
        Err(DbErr::Conn(error)) => Err(format!("the database cannot be reached: {error}")),
        Err(error) => Err(error.to_string()),
    }
}

fn fail(why: &dyn std::fmt::Display) -> ! {
    eprintln!("migration: {why}");
    exit(1)
}
