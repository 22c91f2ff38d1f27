//! `sea-orm-cli migrate generate` adds a migration, and leaves the others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The migration crate's folder.
fn migration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migration")
}

/// The lines, as a formatter leaves them.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// Runs the command on a copy of the crate, by SeaORM's own code, which the migration program has too.
#[test]
fn a_generated_migration_is_added_to_those_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("src");
    fs::create_dir(&source).unwrap();
    let before = fs::read_to_string(migration().join("src/lib.rs")).unwrap();
    fs::write(source.join("lib.rs"), &before).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_migration-program"));
    program.args(["generate", "create_report"]).current_dir(folder.path()).stdin(Stdio::null());
    assert!(program.output().unwrap().status.success());

    let made = fs::read_dir(&source).unwrap().map(|file| file.unwrap().path());
    let made: Vec<_> = made.filter_map(|file| file.file_stem()?.to_str().map(str::to_owned)).collect();
    let [module] = &made.iter().filter(|file| *file != "lib").collect::<Vec<_>>()[..] else { panic!("{made:?}") };
    let after = fs::read_to_string(source.join("lib.rs")).unwrap();
    let (declared, listed) = (format!("mod {module};"), format!("Box::new({module}::Migration),"));
    let others: Vec<_> = lines(&after).into_iter().filter(|line| *line != declared && *line != listed).collect();
    assert_eq!(others, lines(&before), "what it has left of lib.rs");
    let after = lines(&after);
    let at = |line: &str| after.iter().position(|other| other == &line).unwrap();
    assert_eq!(after[at(&listed) + 1], "]", "it is the last one to run");
    assert!(after[at(&declared) - 1].starts_with("mod m"));
}

/// What the command would not find, or would wreck without a word.
#[test]
fn every_migration_is_one_that_the_command_knows() {
    let lib = fs::read_to_string(migration().join("src/lib.rs")).unwrap();
    let files = fs::read_dir(migration().join("src")).unwrap().map(|file| file.unwrap().path());
    let files: Vec<_> = files.filter_map(|file| file.file_stem()?.to_str().map(str::to_owned)).collect();
    let is_migration = |file: &&String| {
        let mut parts = file.splitn(3, '_');
        let digits = |part: Option<&str>, n| part.is_some_and(|part| part.len() == n && part.parse::<u32>().is_ok());
        digits(parts.next().and_then(|date| date.strip_prefix('m')), 8) && digits(parts.next(), 6)
    };
    let migrations: Vec<_> = files.iter().filter(is_migration).collect();
    assert!(!migrations.is_empty());
    for module in migrations {
        for line in [format!("mod {module};"), format!("Box::new({module}::Migration),")] {
            assert_eq!(lines(&lib).iter().filter(|other| **other == line).count(), 1, "{line}");
        }
    }
    assert!(lines(&lib).ends_with(&["]", "}"]), "the list is the last thing in lib.rs");
}
