//! The database files: their version, their creation, and what a server at work tells in them.

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

/// How long a server whose Taskwire was killed may take to end.
const PREVIOUS_SERVER_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

const NAME: &str = "postgres";
const UNFINISHED: &str = "postgres.new.";

const INITDB_OPTIONS: &[&str] = &[
    "--username=taskwire",
    // Whoever reaches the socket is allowed in: its directory keeps everybody else out.
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    // Text sorts by code point, the same on every machine ...
    "--locale=C",
    // ... but lower() and ILIKE have to know the letters beyond ASCII.
    if cfg!(target_os = "macos") { "--lc-ctype=UTF-8" } else { "--lc-ctype=C.UTF-8" },
];

pub(super) struct Cluster {
    pub(super) path: PathBuf,
}

impl Cluster {
    pub(super) fn in_dir(dir: &DataDir) -> Self {
        Self { path: dir.path().join(NAME) }
    }

    /// The major version of the Postgres that created the cluster, if there is one yet.
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

    /// Removes what starts that were killed during `create` have left.
    pub(super) fn remove_unfinished(dir: &DataDir) {
        for entry in fs::read_dir(dir.path()).into_iter().flatten().flatten() {
            let is_unfinished = entry.file_name().as_bytes().starts_with(UNFINISHED.as_bytes());
            if is_unfinished && let Err(error) = fs::remove_dir_all(entry.path()) {
                // A process may still be writing there, but it is in nobody's way.
                let path = entry.path();
                let path = path.display();
                tracing::debug!(%path, %error, "left an unfinished database for the next start");
            }
        }
    }

    /// Creates the cluster under another name and renames it when it is complete, so that a start
    /// killed half-way leaves nothing that looks like one.
    pub(super) fn create(
        &self,
        dir: &DataDir,
        programs: &Programs,
        account: &Account,
        log: &Log,
    ) -> Result<(), EmbeddedError> {
        // A name of this process, because where initdb outlives its parent the last one may still
        // be writing.
        let unfinished = dir.path().join(format!("{UNFINISHED}{}", process::id()));
        create_private_dir(&unfinished, account)?;

        let initdb = programs.initdb();
        // A signal that initdb can catch makes it clean up, at a time when the next start may be
        // at work in this directory.
        let status = account
            .command(&initdb, Signal::KILL)
            .args(INITDB_OPTIONS)
            .arg("-D")
            .arg(&unfinished)
            // Only advice on how to start it.
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

    /// Waits for a server that a killed Taskwire left behind. No live Taskwire has one here, for
    /// the data directory is ours.
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
        is_at_work(pid, &self.path, account).then_some(pid)
    }

    pub(super) fn pid_file(&self) -> Option<PidFile> {
        PidFile::parse(&fs::read_to_string(self.path.join("postmaster.pid")).ok()?)
    }
}

/// Whether `pid` can be the server of `cluster`: after a power loss the number in a pid file may be
/// that of any other process.
#[cfg(target_os = "linux")]
fn is_at_work(pid: i32, cluster: &Path, account: &Account) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let is_the_accounts = fs::metadata(&process).is_ok_and(|metadata| account.owns(&metadata));
    // The directory of a zombie is unreadable, but Postgres takes a zombie for a live server; and in
    // a container even root may lack the right to look.
    is_the_accounts && fs::read_link(process.join("cwd")).map_or(true, |dir| dir == cluster)
}

#[cfg(not(target_os = "linux"))]
fn is_at_work(pid: i32, _cluster: &Path, _account: &Account) -> bool {
    rustix::process::Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// What a server writes to `postmaster.pid` about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) is_ready: bool,
}

impl PidFile {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        // The eighth line, written last: the data directory, start time, port, socket directory,
        // address and shared memory come before it.
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
    fn reads_a_pid_file_in_all_its_stages() {
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
        // A single-user session writes its number negated.
        assert_eq!(PidFile::parse("-4711\n/data/postgres\n"), None);
    }
}
