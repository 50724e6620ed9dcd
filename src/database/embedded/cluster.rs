//! The cluster, the directory of database files: its version, its creation, and its `postmaster.pid`.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::EmbeddedError;
use super::account::Account;
use super::binaries::Programs;
use super::directory::{DataDir, create_private_dir};
use super::log::Log;

/// How long the server of a killed Taskwire may take to end.
const PREVIOUS_SERVER_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

const NAME: &str = "postgres";
const UNFINISHED: &str = "postgres.new.";

const INITDB_OPTIONS: &[&str] = &[
    "--username=taskwire",
    // Every process that can reach the socket may connect: the mode of its directory is the access control.
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    // Text sorts by code point, so the order is the same on every machine ...
    "--locale=C",
    // ... but lower() and ILIKE must know the letters beyond ASCII.
    if cfg!(target_os = "macos") { "--lc-ctype=UTF-8" } else { "--lc-ctype=C.UTF-8" },
];

pub(super) struct Cluster {
    pub(super) path: PathBuf,
}

impl Cluster {
    pub(super) fn in_dir(dir: &DataDir) -> Self {
        Self { path: dir.path().join(NAME) }
    }

    /// The major version of the Postgres that created the cluster; `None` if there is no cluster yet.
    pub(super) fn version(&self) -> Result<Option<u32>, EmbeddedError> {
        let file = self.path.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => match parse_version(&text) {
                Some(major) => Ok(Some(major)),
                None => Err(EmbeddedError::Damaged { file }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EmbeddedError::io("read", &file)(error)),
        }
    }

    /// Removes the unfinished clusters of starts that were killed during `create`.
    pub(super) fn remove_unfinished(dir: &DataDir) {
        for entry in fs::read_dir(dir.path()).into_iter().flatten().flatten() {
            let is_unfinished = entry.file_name().as_bytes().starts_with(UNFINISHED.as_bytes());
            if is_unfinished && let Err(error) = fs::remove_dir_all(entry.path()) {
                // A process may still be writing there. That does no harm.
                let path = entry.path();
                let path = path.display();
                tracing::debug!(%path, %error, "an unfinished database stays for the next start");
            }
        }
    }

    /// Creates the cluster under another name and renames it when it is complete. So a start that is killed
    /// half-way leaves nothing that looks like a cluster.
    pub(super) fn create(
        &self,
        dir: &DataDir,
        programs: &Programs,
        account: &Account,
        log: &Log,
    ) -> Result<(), EmbeddedError> {
        // The name contains the process id: on systems where initdb outlives its parent, the initdb of an
        // earlier start may still be writing.
        let unfinished = dir.path().join(format!("{UNFINISHED}{}", process::id()));
        create_private_dir(&unfinished, account)?;

        let initdb = programs.initdb();
        // If initdb could catch the signal, it would clean up, perhaps while the next start already works
        // in this directory.
        let status = account
            .command(&initdb, Signal::KILL)
            .args(INITDB_OPTIONS)
            .arg("-D")
            .arg(&unfinished)
            // It only prints how to start the server.
            .stdout(Stdio::null())
            .stderr(log.stdio()?)
            .status()
            .map_err(EmbeddedError::io("run", &initdb))?;
        if !status.success() {
            let log = log.tail();
            return Err(EmbeddedError::Initdb { status, log });
        }

        fs::rename(&unfinished, &self.path)
            .and_then(|()| File::open(dir.path())?.sync_all())
            .map_err(EmbeddedError::io("move the new database to", &self.path))
    }

    /// Waits for the end of a server that a killed Taskwire left behind. It cannot belong to a running
    /// Taskwire, because this one has locked the data directory.
    pub(super) fn wait_for_previous_server(&self, account: &Account) -> Result<(), EmbeddedError> {
        let deadline = Instant::now() + PREVIOUS_SERVER_LIMIT;
        while let Some(pid) = self.server(account) {
            if Instant::now() >= deadline {
                let cluster = self.path.clone();
                return Err(EmbeddedError::PreviousServer { cluster, pid });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn server(&self, account: &Account) -> Option<i32> {
        let pid = self.pid_file()?.pid;
        is_running(pid, &self.path, account).then_some(pid)
    }

    pub(super) fn pid_file(&self) -> Option<PidFile> {
        PidFile::parse(&fs::read_to_string(self.path.join("postmaster.pid")).ok()?)
    }
}

/// Whether `pid` can be the server of `cluster`: after a power loss, another process may have the id that
/// the pid file contains.
#[cfg(target_os = "linux")]
fn is_running(pid: i32, cluster: &Path, account: &Account) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let is_the_accounts = fs::metadata(&process).is_ok_and(|metadata| account.owns(&metadata));
    // An unreadable directory counts as the server's. That of a zombie is unreadable, and Postgres treats a
    // zombie as a running server; in a container, even root may lack the permission.
    is_the_accounts && fs::read_link(process.join("cwd")).map_or(true, |dir| dir == cluster)
}

#[cfg(not(target_os = "linux"))]
fn is_running(pid: i32, _cluster: &Path, _account: &Account) -> bool {
    rustix::process::Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// What a server writes into `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) is_ready: bool,
}

impl PidFile {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        // The status is the eighth line, written last. Before it come the data directory, start time,
        // port, socket directory, address and shared memory.
        let is_ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, is_ready })
    }
}

fn parse_version(text: &str) -> Option<u32> {
    let major = text.trim().split('.').next()?;
    major.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_a_cluster() {
        assert_eq!(parse_version("15\n"), Some(15));
        assert_eq!(parse_version("9.6\n"), Some(9));
        assert_eq!(parse_version(""), None);
        assert_eq!(parse_version("fifteen"), None);
    }

    #[test]
    fn reads_a_pid_file_at_every_stage_of_a_start() {
        let early = "4711\n/data/postgres\n1700000000\n5432\n/data/postgres-socket\n\n";
        let starting = format!("{early}   123456         0\nstarting\n");
        let ready = format!("{early}   123456         0\nready   \n");
        let parse = |text: &str| PidFile::parse(text).map(|file| (file.pid, file.is_ready));
        assert_eq!(parse(early), Some((4711, false)));
        assert_eq!(parse(&starting), Some((4711, false)));
        assert_eq!(parse(&ready), Some((4711, true)));
    }

    #[test]
    fn ignores_a_pid_file_without_a_server() {
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("server\n"), None);
        // A single-user session writes its id negated.
        assert_eq!(PidFile::parse("-4711\n/data/postgres\n"), None);
    }
}
