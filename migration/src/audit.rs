//! The command `audit`: whether the database is as the code believes.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use db::{
    Registry,
    audit::{Audit, AuditReport, Severity},
};
use migration::Migrator;
use sea_orm_migration::sea_orm::sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::connect;

/// Something was found that is denied.
const FOUND: u8 = 1;
/// There was no look.
const NOT_ABLE: u8 = 2;

/// How long a server may take to let somebody in.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the command, as clap is told it.
pub(crate) fn command() -> Command {
    let option = |name: &'static str, values: &'static [&'static str]| {
        Arg::new(name).long(name).value_parser(PossibleValuesParser::new(values)).default_value(values[0])
    };
    Command::new("audit")
        .about("Audit the database: whether it is as the code believes; changes nothing")
        .after_help("Exit codes: 0 nothing that is denied was found, 1 something was, 2 not able to look.")
        .arg(option("format", &["text", "json", "sarif", "html", "sql"]).help("How it is said"))
        .arg(option("deny", &["error", "warn", "info"]).help("From which severity on the exit code is 1"))
        .arg(
            Arg::new("output")
                .long("output")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Where to, instead of standard output"),
        )
        .arg(
            Arg::new("rows")
                .long("rows")
                .action(ArgAction::SetTrue)
                .help("Read rows too, for foreign keys that dangle; takes a role that sees all rows"),
        )
        .arg(
            Arg::new("as-login")
                .long("as-login")
                .action(ArgAction::SetTrue)
                .help("Look as the login role, with DATABASE_URL, for what it can see"),
        )
}

/// Returns whether the login role's URL is asked for, and not the owner's.
pub(crate) fn is_as_login(arguments: &ArgMatches) -> bool {
    arguments.get_flag("as-login")
}

/// Audits, writes the report, and returns the exit code.
pub(crate) async fn run(arguments: &ArgMatches, url: Option<String>) -> ExitCode {
    let denied = match text(arguments, "deny") {
        "info" => Severity::Info,
        "warn" => Severity::Warn,
        _ => Severity::Error,
    };
    let report = match look(arguments, url).await {
        Ok(report) => report,
        Err(why) => return not_able(&why),
    };
    if let Err(error) = write(arguments, &report) {
        return not_able(&format!("the report cannot be written: {error}"));
    }
    if report.is_clean(denied) { ExitCode::SUCCESS } else { FOUND.into() }
}

async fn look(arguments: &ArgMatches, url: Option<String>) -> Result<AuditReport, String> {
    let migrator = Migrator::from_env().map_err(|error| error.to_string())?;
    if let Some(url) = &url {
        try_to_connect(url).await.map_err(|why| format!("the database cannot be reached: {why}"))?;
    }
    let connection = connect(url).await?;
    let registry = Registry::collect();
    let audit = Audit::new(&registry).contract(migrator.contract()).rows(arguments.get_flag("rows"));
    audit.run(&connection).await.map_err(|error| error.to_string())
}

/// Finds out why there is no connection, where there is none: a pool tries again and again for 30 s, as a server may be
/// starting, and then says only that it has waited.
async fn try_to_connect(url: &str) -> Result<(), String> {
    if !url.starts_with("postgres") {
        // `connect` says what is wrong with it.
        return Ok(());
    }
    let connected = timeout(PATIENCE, PgConnection::connect(url)).await;
    let connected = connected.map_err(|_| format!("it has not answered for {} s", PATIENCE.as_secs()))?;
    connected.map_err(|error| error.to_string())?.close().await.map_err(|error| error.to_string())
}

fn write(arguments: &ArgMatches, report: &AuditReport) -> io::Result<()> {
    let output = arguments.get_one::<PathBuf>("output");
    let said = match text(arguments, "format") {
        "json" => report.to_json() + "\n",
        "sarif" => report.to_sarif() + "\n",
        "html" => report.to_html(),
        "sql" => report.to_sql(),
        _ => {
            let terminal = output.is_none() && io::stdout().is_terminal();
            let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            report
                .to_text(colour, if terminal { terminal_size::terminal_size().map(|(width, _)| width.0) } else { None })
        }
    };
    match output {
        Some(file) => fs::write(file, said),
        None => io::stdout().write_all(said.as_bytes()).and_then(|()| io::stdout().flush()),
    }
}

/// Returns an argument that has a default.
fn text<'a>(arguments: &'a ArgMatches, name: &str) -> &'a str {
    arguments.get_one::<String>(name).map_or("", String::as_str)
}

fn not_able(why: &str) -> ExitCode {
    eprintln!("migration: the audit was not able to look: {why}");
    NOT_ABLE.into()
}
