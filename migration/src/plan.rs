//! What a migration takes from others on the server: said before it does, and what it could not do, after.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use db::contract::{Contract, Plan};
use migration::Migrator;
use sea_orm_migration::sea_orm::DbConn;

use crate::connect;

/// Returns the command, as clap is told it.
pub(crate) fn command() -> Command {
    Command::new("plan")
        .about("Say what `up` takes from PUBLIC, and which roles lose it; changes nothing")
        .after_help("APP_DATABASE_KEEP names roles that are given it themselves, with commas between.")
}

/// Says it on standard error, as `up` does.
pub(crate) async fn run(migrator: &Migrator, url: Option<String>) -> ExitCode {
    match connect(url).await {
        Ok(connection) => {
            before(migrator.contract(), &connection).await;
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("migration: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether a command of the migration runs the contract's `install`.
pub(crate) fn installs(arguments: &ArgMatches) -> bool {
    matches!(arguments.subcommand_name(), None | Some("up" | "fresh" | "refresh"))
}

/// Says what will be taken, and from whom.
pub(crate) async fn before(contract: &Contract, connection: &DbConn) {
    if let Some(plan) = plan(contract, connection).await {
        eprint!("{plan}");
        for right in plan.not_closed().take(1) {
            eprintln!("a superuser has to close more, such as {}: what to run is said in the end", right.right);
        }
    }
}

/// Says what is still open: the server's own warnings reach its log alone.
pub(crate) async fn after(contract: &Contract, connection: &DbConn) {
    if let Some(plan) = plan(contract, connection).await {
        eprint!("{}", plan.warnings());
    }
}

/// What cannot be found out stops no migration.
async fn plan(contract: &Contract, connection: &DbConn) -> Option<Plan> {
    match contract.plan(connection).await {
        Ok(plan) => Some(plan),
        Err(error) => {
            eprintln!("migration: what PUBLIC may do here cannot be found out: {error}");
            None
        }
    }
}
