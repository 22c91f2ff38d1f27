//! What is not the archive is not kept.

use std::io::ErrorKind;

use tests::{Archive, Fetch};
use zip::CompressionMethod;

use crate::{
    made::{archive, folder, hollow, zip},
    mirror::{Mirror, response},
    names,
};

/// Fetches an archive from a mirror that does not have it, and returns why that failed. Nothing is left of it, and the
/// archive can be fetched afterwards.
fn refused(wanted: &Archive, mirror: &Mirror) -> std::io::Error {
    let cache = folder();
    let error = Fetch::to(cache.path()).mirror(&mirror.url).programs(wanted).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{}postgresql-18.zip: ", mirror.url)), "{error}");
    assert_eq!(names(cache.path()), [""; 0]);
    let zip = hollow();
    let right = Mirror::of(zip.clone());
    let programs = Fetch::to(cache.path()).mirror(&right.url).programs(&archive(&zip, "pg/bin")).unwrap();
    assert!(programs.join("postgres").is_file());
    error
}

#[test]
fn an_archive_with_another_checksum_is_refused() {
    let wanted = archive(&hollow(), "pg/bin");
    let mut forged = hollow();
    *forged.last_mut().unwrap() ^= 1;
    let error = refused(&wanted, &Mirror::of(forged));
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().ends_with(&format!("instead of {}", wanted.sha256)), "{error}");
}

#[test]
fn half_an_archive_is_refused() {
    let whole = hollow();
    let wanted = archive(&whole, "pg/bin");
    let mirror = Mirror::start(move || response(&whole[..whole.len() / 2], whole.len()));
    refused(&wanted, &mirror);
}

#[test]
fn an_archive_that_is_not_there_is_not_made_up() {
    let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let error = refused(&archive(&hollow(), "pg/bin"), &Mirror::start(|| answer.to_vec()));
    assert!(error.to_string().ends_with("404"), "{error}");
}

#[test]
fn an_archive_without_postgresql_is_refused() {
    let other = zip(&[("pg/bin/initdb", b"", true)], CompressionMethod::Stored);
    let error = refused(&archive(&other, "pg/bin"), &Mirror::of(other));
    assert!(error.to_string().ends_with("it has no pg_ctl"), "{error}");
}

#[test]
fn what_is_no_archive_is_refused() {
    let page = b"<html>the mirror is closed today</html>".to_vec();
    refused(&archive(&page, "pg/bin"), &Mirror::of(page));
}

#[test]
fn nothing_is_unpacked_outside_of_the_cache() {
    let outside = zip(&[("pg/bin/initdb", b"", true), ("../../outside", b"", false)], CompressionMethod::Stored);
    let error = refused(&archive(&outside, "pg/bin"), &Mirror::of(outside));
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("outside"), "{error}");
}
