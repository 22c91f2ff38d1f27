//! The program `migration audit`, as a shell runs it: what it says, where, and its exit code.

use std::{
    fs::{self, File},
    io::Read,
    net::TcpListener,
    process::{Command, Output, Stdio},
    time::Instant,
};

use db::audit::AuditReport;
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use sea_orm::sqlx::{ConnectOptions, postgres::PgConnectOptions};
use serde_json::Value;
use tests::{OwnServer, PASSWORD, PATIENCE, TestDatabase};

/// A folder of its own, in which there is no `.env` but the test's.
struct Shell {
    folder: tempfile::TempDir,
    owner: Option<String>,
}

impl Shell {
    fn new(owner: Option<String>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), owner }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migration-program"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for variable in ["DATABASE_URL", "MIGRATION_DATABASE_URL", "DATABASE_SCHEMA", "NO_COLOR"] {
            command.env_remove(variable);
        }
        command.env("APP_DATABASE_PASSWORD", PASSWORD);
        if let Some(owner) = &self.owner {
            command.env("MIGRATION_DATABASE_URL", owner);
        }
        command
    }

    /// Runs the program, and returns its exit code and what it has said on standard output.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        said(&self.command(arguments).output().unwrap())
    }

    fn json(&self, arguments: &[&str]) -> (i32, AuditReport) {
        let (code, json) = self.run(&[&["audit", "--format", "json"], arguments].concat());
        (code, serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}")))
    }

    /// Runs the program on a terminal of 80 columns, and returns what it shows there.
    fn on_a_terminal(&self, no_color: Option<&str>) -> String {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let path = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let stdout = File::options().read(true).write(true).open(path).unwrap();
        let mut command = self.command(&["audit"]);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let mut child = command.stdout(stdout).spawn().unwrap();
        drop(command);
        let (mut shown, mut bytes, mut terminal) = (Vec::new(), [0; 1024], File::from(terminal));
        // It ends with an error once nobody holds the terminal open any more.
        while let Ok(n @ 1..) = terminal.read(&mut bytes) {
            shown.extend_from_slice(&bytes[..n]);
        }
        assert_eq!(child.wait().unwrap().code(), Some(1));
        String::from_utf8(shown).unwrap()
    }
}

fn said(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap())
}

/// Says nothing on standard output, the reason on standard error, and has the exit code 2.
fn is_not_able(command: &mut Command, reason: &str) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said(&output), (2, String::new()), "{stderr}");
    assert!(stderr.contains(reason), "{reason}: {stderr}");
    assert!(!stderr.contains(PASSWORD) && !stderr.contains("panicked"), "{stderr}");
}

#[test]
fn help_lists_the_audit_beside_the_migrations() {
    let shell = Shell::new(None);
    let (code, help) = shell.run(&["--help"]);
    assert_eq!(code, 0);
    for command in ["up", "down", "fresh", "status", "audit"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}: {help}");
    }
    let (code, help) = shell.run(&["audit", "--help"]);
    assert_eq!(code, 0);
    for option in ["--format", "--output", "--deny", "--rows", "--as-login", "--database-url", "Exit codes"] {
        assert!(help.contains(option), "{option}: {help}");
    }
}

#[test]
fn who_cannot_look_says_why() {
    let shell = Shell::new(None);
    is_not_able(&mut shell.command(&["audit"]), "MIGRATION_DATABASE_URL");
    is_not_able(&mut shell.command(&["audit", "--format", "yaml"]), "yaml");
    is_not_able(&mut shell.command(&["audit", "--deny", "nothing"]), "nothing");
    is_not_able(&mut shell.command(&["audit", "--no-such-option"]), "--no-such-option");
    is_not_able(&mut shell.command(&["audit", "-u", "mysql://localhost/x"]), "mysql");
    // Nobody listens on port 1.
    let port = format!("postgres://nobody:{PASSWORD}@127.0.0.1:none/x");
    is_not_able(&mut shell.command(&["audit", "-u", &port]), "port");
    let since = Instant::now();
    is_not_able(&mut shell.command(&["audit", "-u", "postgres://nobody@127.0.0.1:1/x"]), "refused");
    // One that takes a connection, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://nobody@{}/x", silent.local_addr().unwrap());
    is_not_able(&mut shell.command(&["audit", "-u", &url]), "has not answered");
    assert!(since.elapsed() < PATIENCE, "it does not wait for ever");
}

/// In one test and on a server of its own, since the program's roles have the names of the application and are the
/// server's: on another one they may be there, with another password, or no password may be asked for.
#[tokio::test]
async fn what_is_found_decides_the_exit_code() {
    let Some(server) = OwnServer::start().await else {
        eprintln!(
            "SKIPPED: no PostgreSQL is installed here, and that of TEST_DATABASE_URL may have the program's roles"
        );
        return;
    };
    let database = TestDatabase::empty_on(server.server()).await;
    let shell = Shell::new(Some(database.owner_url()));
    assert_eq!(shell.run(&["up"]).0, 0);
    a_clean_database(&shell, &database);
    a_database_with_a_fault(&shell, &database).await;
    the_formats(&shell);
    the_terminal(&shell);
    assert_eq!(shell.run(&["down", "-n", "99"]).0, 0);
}

fn a_clean_database(shell: &Shell, database: &TestDatabase) {
    let (code, report) = shell.json(&["--deny", "warn"]);
    assert_eq!(code, 0, "{report}");
    assert_eq!((&report.database, report.tables.len()), (&database.name, 10));
    let rows = |report: &AuditReport| report.not_looked_at.iter().any(|not| not.contains("dangle"));
    assert!(rows(&report));
    assert!(!rows(&shell.json(&["--rows"]).1), "looked at");

    // Each way to say which database, the nearest first.
    let login = database.url(Some((migration::LOGIN, PASSWORD)));
    let owner = report.looked_as;
    let looked_as = |command: &mut Command| {
        let (_, json) = said(&command.output().unwrap());
        serde_json::from_str::<AuditReport>(&json).unwrap_or_else(|error| panic!("{error}: {json}")).looked_as
    };
    let json = ["audit", "--format", "json"];
    assert_eq!(looked_as(shell.command(&json).env("DATABASE_URL", &login)), owner, "the owner's goes first");
    let as_login = [&json[..], &["--as-login"]].concat();
    assert_eq!(looked_as(shell.command(&as_login).env("DATABASE_URL", &login)), migration::LOGIN);
    let named = [&json[..], &["-u", &login]].concat();
    assert_eq!(looked_as(&mut shell.command(&named)), migration::LOGIN);
    let named = [&["-u", &login], &json[..]].concat();
    assert_eq!(looked_as(&mut shell.command(&named)), migration::LOGIN);
    let bare = Shell::new(None);
    assert_eq!(looked_as(bare.command(&json).env("DATABASE_URL", &login)), migration::LOGIN);
    fs::write(bare.folder.path().join(".env"), format!("MIGRATION_DATABASE_URL=\"{}\"\n", database.owner_url()))
        .unwrap();
    assert_eq!(looked_as(&mut bare.command(&json)), owner, "from `.env`");
    is_not_able(&mut shell.command(&as_login), "DATABASE_URL");

    // The server is there, and does not let in.
    let url = |options: PgConnectOptions| options.to_url_lossy().to_string();
    let options: PgConnectOptions = login.parse().unwrap();
    let password = url(options.clone().password("wrong"));
    is_not_able(&mut shell.command(&["audit", "-u", &password]), "password authentication failed");
    let absent = url(options.database("absent"));
    is_not_able(&mut shell.command(&["audit", "-u", &absent]), "absent");
}

/// Adds a warning, then an error.
async fn a_database_with_a_fault(shell: &Shell, database: &TestDatabase) {
    database.execute("CREATE FUNCTION public.odd(text) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true'").await;
    let (code, report) = shell.json(&[]);
    assert_eq!((code, report.findings.len()), (0, 1), "{report}");
    assert_eq!(shell.run(&["audit", "--deny", "warn"]).0, 1);
    assert_eq!(shell.run(&["audit", "--deny", "info"]).0, 1);

    database.execute("ALTER TABLE public.plan_step DISABLE ROW LEVEL SECURITY").await;
    let (code, report) = shell.json(&[]);
    assert_eq!(code, 1);
    assert!(report.findings.iter().any(|finding| finding.object.name == "public.plan_step"), "{report}");
    for denied in ["info", "warn", "error"] {
        assert_eq!(shell.run(&["audit", "--deny", denied]).0, 1);
    }
}

fn the_formats(shell: &Shell) {
    let (code, text) = shell.run(&["audit"]);
    assert!(code == 1 && text.contains("│ error    │") && text.contains("ENABLE ROW LEVEL SECURITY"), "{text}");
    let (code, sarif) = shell.run(&["audit", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert!(code == 1 && sarif["version"] == "2.1.0" && sarif["runs"][0]["results"][0]["level"] == "error");
    let (code, page) = shell.run(&["audit", "--format", "html"]);
    assert!(
        code == 1 && page.starts_with("<!DOCTYPE html>") && page.contains("<span class=\"flag bad\">no RLS</span>")
    );

    // A file instead, with the same in it.
    let file = shell.folder.path().join("report.html");
    let to_file = ["audit", "--format", "html", "--output", file.to_str().unwrap()];
    assert_eq!(shell.run(&to_file), (1, String::new()));
    assert_eq!(fs::read_to_string(&file).unwrap(), page);
    is_not_able(&mut shell.command(&["audit", "--output", "no/such/folder"]), "cannot be written");
}

/// Colours and the width are those of a terminal; neither is in a pipe or a file.
fn the_terminal(shell: &Shell) {
    let (_, piped) = shell.run(&["audit"]);
    assert!(!piped.contains('\u{1b}') && piped.contains("│ Severity │ Code "), "{piped}");
    let shown = shell.on_a_terminal(None);
    assert!(shown.contains("│ \u{1b}[1;31merror\u{1b}[0m    │"), "{shown}");
    assert!(shown.contains("│ Severity │ Finding "), "{shown}");
    assert!(shell.on_a_terminal(Some("")).contains('\u{1b}'), "an empty one is not set");
    let plain = shell.on_a_terminal(Some("1"));
    assert!(!plain.contains('\u{1b}') && plain.contains("│ error    │"), "{plain}");
}
