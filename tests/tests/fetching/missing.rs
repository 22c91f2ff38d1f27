//! What is said where there is nothing to fetch from, and when nothing is fetched.

use std::{fs, sync::mpsc::channel, time::Duration};

use tests::{Fetch, Search};

use crate::{
    made::{archive, folder, hollow},
    mirror::Mirror,
    names,
};

/// Returns a search of a machine without PostgreSQL.
fn nothing_installed(fetch: Fetch) -> Search {
    Search { fetch: Some((fetch, archive(&hollow(), "pg/bin"))), ..Search::default() }
}

/// All that can be done about it.
const TODO: [&str; 4] =
    ["apt-get install postgresql", "TEST_DATABASE_URL", "TEST_POSTGRES_MIRROR", "postgresql-18.zip"];

#[test]
fn without_internet_it_says_what_to_do() {
    let cache = folder();
    // Nobody listens.
    let mirror = Fetch::to(cache.path()).mirror("http://127.0.0.1:1/postgres");
    for fetch in [Fetch::to(cache.path()), mirror] {
        let error = nothing_installed(fetch).programs().unwrap_err();
        for todo in TODO {
            assert!(error.contains(todo), "{error}");
        }
        assert!(error.to_lowercase().contains("refused"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    assert_eq!(names(cache.path()), [""; 0]);
}

#[test]
fn a_name_that_nobody_knows_is_no_hindrance() {
    let cache = folder();
    let fetch = Fetch::to(cache.path()).mirror("https://mirror.invalid/postgres");
    let error = nothing_installed(fetch).programs().unwrap_err();
    assert!(TODO.iter().all(|todo| error.contains(todo)), "{error}");
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let (cache, (_never, answer)) = (folder(), channel());
    let mirror = Mirror::start(move || answer.recv().unwrap_or_default());
    let fetch = Fetch::to(cache.path()).mirror(&mirror.url).patience(Duration::from_millis(100));
    let error = nothing_installed(fetch).programs().unwrap_err();
    assert!(error.contains("timeout"), "{error}");
}

#[test]
fn what_is_installed_is_preferred() {
    let (installed, cache) = (folder(), folder());
    let mirror = Mirror::of(hollow());
    let bin = installed.path().join("15/bin");
    fs::create_dir_all(&bin).unwrap();
    for program in ["initdb", "pg_ctl", "postgres"] {
        fs::write(bin.join(program), "").unwrap();
    }
    let search = nothing_installed(Fetch::to(cache.path()).mirror(&mirror.url));
    let found = [
        Search { named: Some(bin.clone()), ..search.clone() },
        Search { path: vec![cache.path().to_owned(), bin.clone()], ..search.clone() },
        Search { versions: installed.path().to_owned(), ..search.clone() },
    ];
    for search in found {
        assert_eq!(search.programs().unwrap(), bin);
    }
    assert_eq!(mirror.asked(), [""; 0]);
    // The control: without them it is fetched.
    assert!(search.programs().unwrap().starts_with(cache.path()));
    assert_eq!(mirror.asked().len(), 1);
}

#[test]
fn nothing_is_fetched_for_tests_that_have_a_server() {
    let search = Search { path: Vec::new(), versions: "/nowhere".into(), ..Search::default() };
    let error = search.programs().unwrap_err();
    assert!(error.contains("TEST_DATABASE_URL") && !error.contains("MIRROR"), "{error}");
}
