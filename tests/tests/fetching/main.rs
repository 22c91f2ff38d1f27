//! PostgreSQL is fetched where none is installed: by a mirror on loopback.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod kept;
mod made;
mod mirror;
mod missing;
mod refused;
mod started;

use std::path::Path;

use tests::Archive;

/// Returns the names of what is in a folder, but for the lock.
fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "lock").collect()
}

#[test]
fn the_one_that_is_published_for_this_machine_has_a_checksum() {
    let Some(archive) = Archive::for_this_machine() else {
        eprintln!("SKIPPED: none is published for this kind of machine");
        return;
    };
    assert!(archive.folder.starts_with("https://"), "{}", archive.folder);
    assert_eq!(archive.sha256.len(), 64);
    assert!(archive.sha256.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')), "{}", archive.sha256);
}
