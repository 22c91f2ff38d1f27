//! Fetches PostgreSQL where none is installed.

mod unpack;

use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use ureq::{
    Agent, Proxy,
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use crate::{Archive, held::is_root, search::SERVER};
use unpack::{make_folder, unpack};

/// What a download may not be larger than: an archive has 14 MB.
const LIMIT: u64 = 256 << 20;

/// Fetches archives, each once, into a folder that the test programs of all checkouts share.
#[derive(Clone, Debug)]
pub struct Fetch {
    cache: PathBuf,
    mirror: Option<String>,
    by_proxy: bool,
    connecting: Duration,
    answering: Duration,
    /// How it says what it fetches.
    say: fn(&str),
}

impl Fetch {
    /// Fetches into a folder, directly.
    #[must_use]
    pub fn to(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            mirror: None,
            by_proxy: false,
            // Where there is no internet, that is to be said soon.
            connecting: Duration::from_secs(2),
            // A mirror may have to fetch it first.
            answering: Duration::from_mins(1),
            say: |what| eprintln!("{what}"),
        }
    }

    /// Fetches into the user's cache (`XDG_CACHE_HOME`, else `~/.cache`), from `TEST_POSTGRES_MIRROR` where it is set, and
    /// through the proxy of the environment. As root it is `/var/cache`, since servers run as another user.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let cache = if is_root() {
            PathBuf::from("/var/cache")
        } else {
            set("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .or_else(|| Some(env::home_dir()?.join(".cache")))?
        };
        let mirror = set("TEST_POSTGRES_MIRROR").map(|url| url.to_string_lossy().into_owned());
        // Not by `eprintln!`, which a test harness keeps back: this may take a while.
        let say = |what: &str| drop(writeln!(io::stderr(), "{what}"));
        Some(Self { mirror, by_proxy: true, say, ..Self::to(cache.join("trovella-tests")) })
    }

    /// Fetches from another folder on the web, which has the archives under the names of their files.
    #[must_use]
    pub fn mirror(mut self, url: impl Into<String>) -> Self {
        self.mirror = Some(url.into());
        self
    }

    /// Gives up on a server that says nothing for so long.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        (self.connecting, self.answering) = (patience, patience);
        self
    }

    /// Returns the folder of an archive's programs, which it fetches unless somebody has.
    ///
    /// # Errors
    ///
    /// If nobody serves it, or something else under its name: [`io::ErrorKind::InvalidData`]. Then nothing is kept.
    pub fn programs(&self, archive: &Archive) -> io::Result<PathBuf> {
        let folder = self.cache.join(archive.name());
        let programs = folder.join(&archive.programs);
        if programs.is_dir() {
            return Ok(programs);
        }
        let lock =
            self.lock().map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.cache.display())))?;
        if !programs.is_dir() {
            self.fetch(archive, &folder)?;
        }
        drop(lock);
        Ok(programs)
    }

    /// Waits for other test programs that fetch at this moment. The lock is gone with the file, and so with the process.
    fn lock(&self) -> io::Result<File> {
        make_folder(&self.cache)?;
        let lock = File::create(self.cache.join("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Fetches an archive into a folder that is either whole or not there. Nobody else does at this moment.
    fn fetch(&self, archive: &Archive, folder: &Path) -> io::Result<()> {
        let url = format!("{}/{}", self.mirror.as_ref().unwrap_or(&archive.folder).trim_end_matches('/'), archive.file);
        (self.say)(&format!("tests fetch PostgreSQL, once on this machine: {url} to {}", folder.display()));
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{url}: {error}"));
        let downloaded = self.download(&url).map_err(told)?;
        if let Some(sha256) = archive.other_checksum(&downloaded) {
            let other = format!("refused, as its SHA-256 is {sha256} instead of {}", archive.sha256);
            return Err(told(io::Error::new(io::ErrorKind::InvalidData, other)));
        }
        let unpacking = self.cache.join("unpacking");
        // A process that was killed has left the one, and somebody who tidied up the other.
        for left in [unpacking.as_path(), folder] {
            if left.exists() {
                fs::remove_dir_all(left)?;
            }
        }
        unpack(&downloaded, &unpacking)
            .and_then(|()| whole(&unpacking.join(&archive.programs)))
            .and_then(|()| fs::rename(&unpacking, folder))
            .inspect_err(|_| drop(fs::remove_dir_all(&unpacking)))
            .map_err(told)
    }

    fn download(&self, url: &str) -> io::Result<Vec<u8>> {
        let agent: Agent = Agent::config_builder()
            .proxy(self.by_proxy.then(Proxy::try_from_env).flatten())
            .tls_config(TlsConfig::builder().root_certs(root_certs()).build())
            .timeout_resolve(Some(self.connecting))
            .timeout_connect(Some(self.connecting))
            .timeout_recv_response(Some(self.answering))
            .timeout_per_read(Some(self.answering))
            .build()
            .into();
        let download = || agent.get(url).call()?.into_body().into_with_config().limit(LIMIT).read_to_vec();
        download().map_err(|error: ureq::Error| match error {
            ureq::Error::Io(error) => error,
            error => io::Error::other(error),
        })
    }
}

/// Returns whom to trust: those whom `SSL_CERT_FILE` names, as OpenSSL and cargo do, else Mozilla's list.
fn root_certs() -> RootCerts {
    let Some(pem) = env::var_os("SSL_CERT_FILE").and_then(|file| fs::read(file).ok()) else {
        return RootCerts::WebPki;
    };
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    RootCerts::from(certificates)
}

/// Fails unless there is a PostgreSQL in a folder.
fn whole(programs: &Path) -> io::Result<()> {
    for program in SERVER {
        if !programs.join(program).is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has no {program}")));
        }
    }
    Ok(())
}
