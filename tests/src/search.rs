//! Finds PostgreSQL's own programs.

use std::{
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::{Archive, Fetch};

/// What a server is run by: a folder that has all of it has PostgreSQL.
pub(crate) const SERVER: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where PostgreSQL's own programs are looked for, in this order.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by tests")]
pub struct Search {
    /// The folder that is named, and then nothing else is looked at.
    pub named: Option<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
    /// The folder that has one for each version, as Debian has it.
    pub versions: PathBuf,
    /// What is fetched where none is installed, and how.
    pub fetch: Option<(Fetch, Archive)>,
}

impl Search {
    /// Looks where `TEST_POSTGRES_BIN` says, else on `PATH` and where Debian has them. Fetches some where there are none,
    /// unless the tests have a server: `TEST_DATABASE_URL`.
    #[must_use]
    pub fn from_env() -> Self {
        Self {
            named: env::var_os("TEST_POSTGRES_BIN").map(PathBuf::from),
            path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
            versions: "/usr/lib/postgresql".into(),
            fetch: match env::var_os("TEST_DATABASE_URL") {
                Some(_) => None,
                None => Fetch::from_env().zip(Archive::for_this_machine()),
            },
        }
    }

    /// Returns the folder of those that are installed.
    ///
    /// # Panics
    ///
    /// If a folder is named and has none: the tests would run on another version than was asked for.
    #[must_use]
    pub fn installed(&self) -> Option<PathBuf> {
        if let Some(named) = &self.named {
            let whole = SERVER.iter().all(|program| named.join(program).is_file());
            assert!(whole, "TEST_POSTGRES_BIN is {}, which has no PostgreSQL", named.display());
            return Some(named.clone());
        }
        if let Some(postgres) = self.find("postgres").filter(|_| self.find("initdb").is_some()) {
            return postgres.canonicalize().ok()?.parent().map(Path::to_owned);
        }
        // Debian keeps them off the path, a folder for each version.
        let mut versions: Vec<PathBuf> = std::fs::read_dir(&self.versions)
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        versions.sort();
        versions.pop()
    }

    /// Returns the folder of those that are installed, or else of those that it fetches.
    ///
    /// # Errors
    ///
    /// If there are none: what to do about it.
    pub fn programs(&self) -> Result<PathBuf, String> {
        if let Some(installed) = self.installed() {
            return Ok(installed);
        }
        let missing = "no PostgreSQL to test on: install it (Debian: `apt-get install postgresql`), \
                       or set TEST_DATABASE_URL to a server on which the tests may make databases and roles";
        let Some((fetch, archive)) = &self.fetch else {
            return Err(missing.to_owned());
        };
        fetch.programs(archive).map_err(|error| {
            format!(
                "{missing}, or TEST_POSTGRES_MIRROR to another folder on the web that has the file that could not be \
                 fetched: {error}"
            )
        })
    }

    /// Returns a program that is on the path.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        self.path.iter().map(|folder| folder.join(program)).find(|file| file.is_file())
    }
}

/// Returns the folder of the programs that tests run. It is looked for, and fetched, once.
pub(crate) fn programs() -> Result<&'static Path, &'static str> {
    static PROGRAMS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| Search::from_env().programs());
    programs.as_deref().map_err(String::as_str)
}

/// Returns one of PostgreSQL's own programs, where they are installed or can be fetched.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    programs().ok().map(|folder| folder.join(name)).filter(|file| file.is_file()).or_else(|| find(name))
}

/// Returns a program that is on `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    Search::from_env().find(program)
}
