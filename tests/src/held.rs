//! A server process of a test's own.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use tempfile::TempDir;

/// What starts a server, waits for the end of its standard input, and stops the server: the server is gone however the
/// test run ends. An interrupt is the test run's business, and ends that.
const WATCH: &str = "trap '' INT TERM HUP; eval \"$START\"; cat >/dev/null; eval \"$STOP\"";

/// A server that runs until the value is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Held {
    watch: Child,
}

impl Held {
    /// Starts one by a command of the shell's; another stops it.
    pub(crate) fn start(start: &str, stop: &str) -> Self {
        let mut command = unprivileged("sh");
        command.args(["-c", WATCH]).env("START", start).env("STOP", stop);
        let watch = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        Self { watch }
    }
}

/// Stops the server, and waits for it.
impl Drop for Held {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        self.watch.wait().ok();
    }
}

/// The user and the group that servers run as where this process is root's: `postgres`, where PostgreSQL was installed.
static USER: LazyLock<[String; 2]> = LazyLock::new(|| {
    let id = |which: &str, user: &str| {
        let id = Command::new("id").args([which, user]).stderr(Stdio::null()).output().unwrap();
        id.status.success().then(|| String::from_utf8(id.stdout).unwrap().trim().to_owned())
    };
    let user = |name: &str| Some([id("-u", name)?, id("-g", name)?]);
    user("postgres").or_else(|| user("nobody")).expect("there is no user `postgres` or `nobody` to run servers as")
});

/// Returns whether this process is root's.
pub(crate) fn is_root() -> bool {
    tempfile::tempfile().and_then(|file| file.metadata()).is_ok_and(|file| file.uid() == 0)
}

/// Returns a command that runs as root under no circumstances: neither PostgreSQL nor PgBouncer does.
pub(crate) fn unprivileged(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let [user, group] = &*USER;
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", group, "--init-groups", "--", program]);
    command
}

/// Makes a folder that such a command may write to.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    if is_root() {
        let [user, group] = &*USER;
        let owned = Command::new("chown").arg(format!("{user}:{group}")).arg(folder.path()).status().unwrap();
        assert!(owned.success(), "the folder was not handed over");
    }
    folder
}

/// Writes a file that such a command may read.
pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    // In a folder that nobody else may enter.
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}

/// Returns a port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
