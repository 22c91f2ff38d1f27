//! A server runs from what was fetched.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sea_orm::sqlx::{Connection, PgConnection, query_scalar};
use tests::{Fetch, Search, Server};
use zip::CompressionMethod;

use crate::{
    made::{archive, folder, zip},
    mirror::Mirror,
};

/// Returns a folder that `pg_config` tells.
fn told(programs: &Path, which: &str) -> PathBuf {
    let told = Command::new(programs.join("pg_config")).arg(which).output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().into()
}

/// Returns the files of a folder that a server needs, of whatever folders are in it.
fn files(folder: &Path, needed: impl Fn(&str) -> bool + Copy) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.flat_map(|path| if path.is_dir() { files(&path, needed) } else { vec![path] });
    files.filter(|file| needed(file.to_str().unwrap())).collect()
}

/// Makes an archive of what a server needs of those that are installed. Returns it with the folder of its programs.
fn packed(programs: &Path) -> (Vec<u8>, PathBuf) {
    let [bin, lib, share] = ["--bindir", "--pkglibdir", "--sharedir"].map(|which| told(programs, which));
    let mut needed: Vec<PathBuf> = ["initdb", "pg_ctl", "postgres"].map(|program| bin.join(program)).into();
    needed.extend(["plpgsql.so", "dict_snowball.so"].map(|library| lib.join(library)));
    needed.extend(files(&share, |file| !file.contains("/extension/") || file.contains("/extension/plpgsql")));
    // Where they are to each other is what a server finds them by.
    let above = |folder: &&Path| lib.starts_with(folder) && share.starts_with(folder);
    let root = bin.ancestors().find(above).unwrap();
    let inside = |path: &Path| path.strip_prefix(root).unwrap().to_owned();
    let read: Vec<_> = needed
        .iter()
        .map(|file| {
            (inside(file).into_os_string().into_string().unwrap(), fs::read(file).unwrap(), file.starts_with(&bin))
        })
        .collect();
    let read: Vec<_> = read.iter().map(|(name, bytes, is_program)| (&name[..], &bytes[..], *is_program)).collect();
    (zip(&read, CompressionMethod::Stored), inside(&bin))
}

#[tokio::test]
async fn a_server_runs_from_what_was_fetched() {
    // Of the machine's own, whatever version the other tests run on: with libraries of the machine's.
    let installed = Search { named: None, fetch: None, ..Search::from_env() }.installed();
    let Some(installed) = installed.filter(|programs| programs.join("pg_config").is_file()) else {
        eprintln!("SKIPPED: no PostgreSQL is installed here to make an archive from");
        return;
    };
    let (zip, programs) = packed(&installed);
    let (cache, archive) = (folder(), archive(&zip, programs.to_str().unwrap()));
    let mirror = Mirror::of(zip);
    let search = Search { fetch: Some((Fetch::to(cache.path()).mirror(&mirror.url), archive)), ..Search::default() };
    let programs = search.programs().unwrap();
    assert!(programs.starts_with(cache.path()));
    let server = Server::start(&programs).await;
    let mut connection = PgConnection::connect(&server.url).await.unwrap();
    let sql = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
    let runs_from: String = query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(Path::new(&runs_from), programs.canonicalize().unwrap());
    connection.close().await.unwrap();
}
