//! What must not compile does not, and the compiler says why.
//!
//! A case in `fail` is one rule, its name a sentence. Its twin in `pass` has the same name, differs in as little
//! as it can, and compiles, in `compile_pass.rs`: so the case fails for its rule alone, and not for an import that is
//! missing.
//! `TRYBUILD=overwrite` writes the `.stderr` files anew; they are to be read before they are kept.
//!
//! The files are what one version of rustc says. Under another one only the lines are compared: each case fails, and there.
//! `UI_ANY_COMPILER=1` has it so under every version.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, env, fs, path::Path};

#[path = "compile_fail/any_compiler.rs"]
mod any_compiler;

#[test]
fn what_must_not_compile_does_not() {
    let cases = env::var_os(any_compiler::CASES);
    if cases.is_none()
        && let Some(reason) = any_compiler::reason()
    {
        return any_compiler::check("what_must_not_compile_does_not", &reason);
    }
    trybuild::TestCases::new().compile_fail(cases.unwrap_or_else(|| "fail/*.rs".into()));
}

/// trybuild looks for no twin, and passes over an error whose case is gone.
#[test]
fn each_case_has_its_error_and_its_twin() {
    let cases = names("fail", "rs");
    assert!(!cases.is_empty());
    for (folder, extension) in [("fail", "stderr"), ("pass", "rs")] {
        let others = names(folder, extension);
        let odd: Vec<_> = cases.symmetric_difference(&others).collect();
        assert!(odd.is_empty(), "without the other of fail/….rs and {folder}/….{extension}: {odd:#?}");
    }
}

#[test]
fn each_case_says_its_rule_and_so_does_its_twin() {
    for name in names("fail", "rs") {
        let [case, twin] = ["fail", "pass"].map(|folder| read(&format!("{folder}/{name}.rs")));
        let rule = case.lines().next().unwrap();
        assert!(rule.starts_with("//! "), "{name} does not begin with its rule");
        assert_eq!(twin.lines().next(), Some(rule), "{name}");
    }
}

/// What rustc quotes of the standard library depends on whether `rust-src` is installed, and of SeaORM on its version.
#[test]
fn errors_quote_our_code_alone() {
    for name in names("fail", "stderr") {
        let error = read(&format!("fail/{name}.stderr"));
        for foreign in ["$RUST", "$CARGO", "rustlib", "/rustc/", "$N others"] {
            assert!(!error.contains(foreign), "{name} quotes {foreign}");
        }
        assert!(!error.contains("warning: "), "{name} warns of something that is not its rule");
    }
}

/// A mistake is one error: a bound that the compiler reports at each place where it matters is hidden behind one type.
#[test]
fn no_error_repeats_itself() {
    for name in names("fail", "stderr") {
        let error = read(&format!("fail/{name}.stderr"));
        let mut headings: Vec<_> = error.lines().filter(|line| line.starts_with("error")).collect();
        let all = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), all, "{name} says the same more than once");
    }
}

/// Returns the names, without their extension, of the files in a folder that have it.
fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}
