//! Another compiler than the one that wrote the `.stderr` files says other things, but about the same lines.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write as _},
    path::Path,
    process::{self, Command},
};

use crate::{names, read};

/// The version of rustc that wrote the `.stderr` files. `TRYBUILD=overwrite` has no other one write them: change this first.
const WRITTEN_BY: &str = "1.95";

/// The variable that names the cases to the process that writes their errors.
pub(crate) const CASES: &str = "UI_CASES";

/// Returns why only the lines of the errors are compared, if so.
pub(crate) fn reason() -> Option<String> {
    if env::var_os("UI_ANY_COMPILER").is_some_and(|value| !value.is_empty()) {
        return Some("UI_ANY_COMPILER is set".to_owned());
    }
    let output = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    is_another(&version).then(|| format!("{} has not written the expected errors, {WRITTEN_BY} has", version.trim()))
}

fn is_another(version: &str) -> bool {
    !version.starts_with(&format!("rustc {WRITTEN_BY}."))
}

/// Asserts that each case fails, and at the lines that its `.stderr` file names.
///
/// trybuild writes the errors of a case beside it: so it gets copies. It does so where a variable says so: so `test`, which
/// calls this, runs once more, in a process that has the variable.
pub(crate) fn check(test: &str, reason: &str) {
    // Not by `eprintln!`, which is kept back when the test passes.
    drop(writeln!(io::stderr(), "{reason}: of the expected errors, only the lines are compared"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compile_fail-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    for name in names("fail", "rs") {
        fs::write(folder.join(&name).with_extension("rs"), read(&format!("fail/{name}.rs"))).unwrap();
    }
    let run = Command::new(env::current_exe().unwrap())
        .args(["--exact", test])
        .env(CASES, folder.join("*.rs"))
        .env("TRYBUILD", "overwrite")
        .output();
    let differences: Vec<_> = names("fail", "rs")
        .iter()
        .filter_map(|name| {
            // There is no file of a case that compiles.
            let found = fs::read_to_string(folder.join(name).with_extension("stderr")).unwrap_or_default();
            difference(name, &read(&format!("fail/{name}.stderr")), &found)
        })
        .collect();
    fs::remove_dir_all(&folder).unwrap();
    let run = run.unwrap();
    if !run.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(run.status.success(), "{}", run.status);
}

/// Returns what is wrong with the errors of a case, unless they are in the places where they are expected.
fn difference(case: &str, expected: &str, found: &str) -> Option<String> {
    let [expected, found] = [expected, found].map(|errors| places(errors, case));
    (expected != found).then(|| format!("{case}: errors are expected at {expected:?}, and are at {found:?}"))
}

/// Returns the place of each error: its line in the case, or whatever else the compiler points at first.
fn places(errors: &str, case: &str) -> BTreeSet<String> {
    let place = |error: &str| {
        let Some(place) = error.lines().find_map(|line| line.trim_start().strip_prefix("--> ")) else {
            return "no place".to_owned();
        };
        match place.split_once(&format!("/{case}.rs:")) {
            Some((_, at)) => format!("line {}", at.split(':').next().unwrap_or_default()),
            None => place.to_owned(),
        }
    };
    format!("\n{errors}").split("\nerror").skip(1).map(place).collect()
}

#[test]
fn each_expected_error_is_at_a_line_of_its_case() {
    for name in names("fail", "stderr") {
        let places = places(&read(&format!("fail/{name}.stderr")), &name);
        assert!(!places.is_empty(), "{name}");
        assert!(places.iter().all(|place| place.starts_with("line ")), "{name}: {places:?}");
    }
}

#[test]
fn another_minor_version_is_another_compiler() {
    for (version, another) in [
        ("rustc 1.95.0 (59807616e 2026-04-14)", false),
        ("rustc 1.95.1", false),
        ("rustc 1.9.5", true),
        ("rustc 1.950.0", true),
        ("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)", true),
    ] {
        assert_eq!(is_another(version), another, "{version}");
    }
}

const EXPECTED: &str = "error[E0308]: mismatched types
 --> fail/a_case.rs:7:35
  |
7 |     run(query, cx)
  |                ^^ expected `Tenant`, found `User`
note: method defined here
 --> $WORKSPACE/db/src/query.rs

error: write an identifier
 --> fail/a_case.rs:9:1
";

#[test]
fn the_same_places_in_other_words_are_no_difference() {
    let found = "warning: unused variable
 --> /tmp/cases/a_case.rs:3:9

error: an identifier is missing
  --> /tmp/cases/a_case.rs:9:2

error[E0277]: the scope is another one
  --> /tmp/cases/a_case.rs:7:1
   = note: here, too
  --> /tmp/cases/a_case.rs:8:1
";
    assert_eq!(difference("a_case", EXPECTED, EXPECTED), None);
    assert_eq!(difference("a_case", EXPECTED, found), None);
}

/// The control.
#[test]
fn an_error_in_another_place_is_found() {
    let (first, second) = EXPECTED.split_once("\n\n").unwrap();
    for found in [
        // On another line, in another file, in none.
        EXPECTED.replace(":7:35", ":6:35"),
        EXPECTED.replace(":7:35", ":77:35"),
        EXPECTED.replace("fail/a_case.rs:7:35", "$WORKSPACE/db/src/query.rs"),
        EXPECTED.replace("fail/a_case.rs:7:35", "fail/another_case.rs:7:35"),
        EXPECTED.replace(" --> fail/a_case.rs:9:1", ""),
        // One too few, one too many, none at all.
        first.to_owned(),
        second.to_owned(),
        format!("{EXPECTED}\nerror: a third one\n --> fail/a_case.rs:1:1\n"),
        EXPECTED.replace("error", "warning"),
        String::new(),
    ] {
        assert!(difference("a_case", EXPECTED, &found).is_some(), "{found}");
    }
}
