//! What was fetched is kept.

use std::{fs, os::unix::fs::PermissionsExt, sync::mpsc::channel, thread};

use tests::{Fetch, PATIENCE};

use crate::{
    made::{PROGRAM, archive, folder, hollow},
    mirror::{Mirror, response},
    names,
};

const REQUEST: &str = "GET /postgres/postgresql-18.zip HTTP/1.1";

#[test]
fn an_archive_is_fetched_once() {
    let (cache, zip) = (folder(), hollow());
    let (archive, mirror) = (archive(&zip, "pg/bin"), Mirror::of(zip));
    let fetch = Fetch::to(cache.path().join("made/for/it")).mirror(&mirror.url);
    let programs = fetch.programs(&archive).unwrap();
    assert_eq!(mirror.asked(), [REQUEST]);
    // Whole, and for the user of a server too.
    assert_eq!(fs::read(programs.join("initdb")).unwrap(), PROGRAM.repeat(1000));
    let share = programs.join("../share/postgres.bki");
    assert_eq!(fs::read(&share).unwrap(), b"# PostgreSQL");
    for (path, mode) in [(programs.join("initdb"), 0o755), (share, 0o644), (programs.clone(), 0o755)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
    // By whoever asks next: nobody is asked, who may be gone.
    assert_eq!(fetch.programs(&archive).unwrap(), programs);
    assert_eq!(mirror.asked(), [""; 0]);
    let without = Fetch::to(cache.path().join("made/for/it"));
    assert_eq!(without.programs(&archive).unwrap(), programs);
    assert_eq!(names(&cache.path().join("made/for/it")).len(), 1);
}

#[test]
fn two_at_once_fetch_it_once() {
    let (cache, zip) = (folder(), hollow());
    let archive = archive(&zip, "pg/bin");
    let (let_go, wait) = channel::<()>();
    let mirror = Mirror::start(move || {
        wait.recv_timeout(PATIENCE).unwrap();
        response(&zip, zip.len())
    });
    let fetch = Fetch::to(cache.path()).mirror(&mirror.url).patience(PATIENCE);
    thread::scope(|scope| {
        let first = scope.spawn(|| fetch.programs(&archive).unwrap());
        assert_eq!(mirror.wait(), REQUEST);
        // It has the lock, and is not answered before another asks for the same.
        let second = scope.spawn(|| {
            let_go.send(()).unwrap();
            fetch.programs(&archive).unwrap()
        });
        assert_eq!(first.join().unwrap(), second.join().unwrap());
    });
    assert_eq!(mirror.asked(), [""; 0]);
}

#[test]
fn two_archives_are_kept_beside_each_other() {
    let (cache, zips) = (folder(), [hollow(), [b"before the zip", &hollow()[..]].concat()]);
    let fetched = zips.map(|zip| {
        let (archive, mirror) = (archive(&zip, "pg/bin"), Mirror::of(zip));
        Fetch::to(cache.path()).mirror(&mirror.url).programs(&archive).unwrap()
    });
    assert_ne!(fetched[0], fetched[1]);
    assert!(fetched.iter().all(|programs| programs.join("postgres").is_file()));
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let (cache, zip) = (folder(), hollow());
    let (archive, mirror) = (archive(&zip, "pg/bin"), Mirror::of(zip));
    let fetch = Fetch::to(cache.path()).mirror(&mirror.url);
    fs::create_dir_all(cache.path().join("unpacking/pg/bin/initdb")).unwrap();
    let programs = fetch.programs(&archive).unwrap();
    assert!(programs.join("initdb").is_file());
    assert_eq!(names(cache.path()).len(), 1);
    // And what somebody took a part of.
    fs::remove_dir_all(&programs).unwrap();
    assert!(fetch.programs(&archive).unwrap().join("initdb").is_file());
    assert_eq!(mirror.asked(), [REQUEST, REQUEST]);
}
