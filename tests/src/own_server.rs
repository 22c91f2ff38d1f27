//! A server of one test's own, which can be restarted.

use std::path::PathBuf;

use crate::{
    Server,
    held::{Held, folder, free_port, unprivileged, write},
    search::programs,
    server::connect,
};

/// How a server is stopped: `pg_ctl`'s `-m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "made by tests")]
pub enum Stop {
    /// Sessions are ended, and transactions rolled back.
    Fast,
    /// Nothing is ended or written; the server recovers from its log when it starts.
    Immediate,
}

/// A server of one test's own. It runs to the end of the process.
#[derive(Debug)]
pub struct OwnServer {
    server: &'static Server,
    /// `pg_ctl` with what it is to be told each time.
    pg_ctl: String,
}

impl OwnServer {
    /// Starts one from installed or fetched binaries, where there are any.
    pub async fn start() -> Option<Self> {
        let binaries = programs().ok()?;
        // Removed with the server.
        let folder = folder().keep();
        let (data, port) = (folder.join("data"), free_port());
        // The same as the server that the other tests share.
        write(&folder.join("password"), "password");
        let initdb = unprivileged(&path(binaries.join("initdb")))
            .args(["--username=postgres", "--encoding=UTF8", "--auth=scram-sha-256", "--no-sync", "--pwfile"])
            .arg(folder.join("password"))
            .arg(&data)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(initdb.success(), "initdb failed; what it says is above");
        let (log, sockets) = (path(folder.join("log")), path(folder.clone()));
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -k {sockets} -c max_connections=200");
        let pg_ctl =
            format!("'{}' -D {} -w -t 300 -s -l {log} -o '{options}'", path(binaries.join("pg_ctl")), path(data));
        let stop = format!("{pg_ctl} stop -m immediate; rm -rf {sockets}");
        let held = Held::start(&format!("{pg_ctl} start"), &stop);
        let url = format!("postgresql://postgres:password@127.0.0.1:{port}/postgres");
        let server = Server::at(url, "own, to be restarted", None).await;
        eprintln!("this test runs on {}", server.description);
        // To the end of the process, as databases on it are.
        Box::leak(Box::new(held));
        Some(Self { server: Box::leak(Box::new(server)), pg_ctl })
    }

    /// Returns the server.
    #[must_use]
    pub fn server(&self) -> &'static Server {
        self.server
    }

    /// Restarts the server, and waits until it takes connections.
    pub async fn restart(&self, stop: Stop) {
        let mode = match stop {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        let command = format!("{} restart -m {mode}", self.pg_ctl);
        let restart = move || unprivileged("sh").args(["-c", &command]).status().unwrap();
        assert!(tokio::task::spawn_blocking(restart).await.unwrap().success(), "the server did not restart");
        drop(connect(&self.server.url).await);
    }
}

fn path(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}
