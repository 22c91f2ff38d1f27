//! Archives of a test's own.

use std::{
    fs::Permissions,
    io::{Cursor, Write},
    os::unix::fs::PermissionsExt,
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tests::Archive;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// What each program of a hollow archive is, a thousand times: enough for it to be deflated.
pub(crate) const PROGRAM: &[u8] = b"#!/bin/sh\nexit 1\n";

/// Returns a folder that the user of a server may enter.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Returns a zip of files: their names, what is in them, and whether they are programs.
pub(crate) fn zip(files: &[(&str, &[u8], bool)], how: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, is_program) in files {
        let mode = if *is_program { 0o755 } else { 0o600 };
        let options = SimpleFileOptions::default().compression_method(how).unix_permissions(mode);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Returns a zip that looks like PostgreSQL, and cannot run.
pub(crate) fn hollow() -> Vec<u8> {
    let program = PROGRAM.repeat(1000);
    let files = [
        ("pg/bin/initdb", &program[..], true),
        ("pg/bin/pg_ctl", &program, true),
        ("pg/bin/postgres", &program, true),
        ("pg/share/postgres.bki", b"# PostgreSQL", false),
    ];
    zip(&files, CompressionMethod::Deflated)
}

/// Returns what is known of a zip beforehand. Nobody serves it but a mirror.
pub(crate) fn archive(zip: &[u8], programs: &str) -> Archive {
    Archive {
        folder: "http://127.0.0.1:1".to_owned(),
        file: "postgresql-18.zip".to_owned(),
        sha256: format!("{:x}", Sha256::digest(zip)),
        programs: programs.into(),
    }
}
