//! The private Postgres, with which Taskwire runs without any setup. This module owns the server process,
//! the cluster below the data directory, and the Unix socket that other users cannot reach, from `initdb`
//! to the shutdown. Connect through [`EmbeddedPostgres::url`] or its parts.

mod account;
mod binaries;
mod cluster;
mod directory;
mod error;
mod log;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use account::Account;
use binaries::Programs;
use cluster::Cluster;
use directory::DataDir;
pub use error::EmbeddedError;
use log::Log;

const USERNAME: &str = "taskwire";
const DATABASE: &str = "postgres";

/// Only a part of the socket's name: the server does not listen on a network port.
const PORT: u16 = 5432;

const POLL: Duration = Duration::from_millis(2);
const START_LIMIT: Duration = Duration::from_secs(30);
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// Given on the command line, where they override the files in the cluster and can change with each
/// version of Taskwire.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "shared_buffers=128MB",
    // An acknowledged write must survive any crash.
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    // Nothing replicates from this server, so it needs neither the log nor the processes for that.
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_logical_replication_workers=0",
    // Queries are many and short: compiling one or spreading it over cores would delay the others.
    "jit=off",
    "max_parallel_workers_per_gather=0",
    // The clients report failed statements. Here they would fill the log with user data.
    "log_min_messages=log",
    "log_checkpoints=off",
];

/// A running private server. It is shut down when this value is dropped.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    server: Child,
    socket_dir: PathBuf,
    /// Holds the lock on the directory. It is dropped after the server has ended.
    _data_dir: DataDir,
}

impl EmbeddedPostgres {
    /// Starts the private server with its files below `data_dir`, and blocks until it accepts connections.
    /// Creates the directory and a database in it if there is none yet.
    ///
    /// Call it from the main thread: on Linux the server shuts down when the *thread* that started it ends.
    /// That way the server also ends when Taskwire is killed.
    ///
    /// # Errors
    /// If the server cannot run. The error includes what the server logged.
    pub fn start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        Self::start_with(data_dir, &[])
    }

    /// The same with more settings, as `name=value`, which override the usual ones: tests do not need a
    /// server that survives a crash.
    ///
    /// # Errors
    /// As for `start`, and if there is no such setting.
    pub fn start_with(data_dir: &Path, settings: &[&str]) -> Result<Self, EmbeddedError> {
        let begin = Instant::now();
        let account = Account::for_server()?;
        let data_dir = DataDir::claim(data_dir, &account)?;
        let cluster = Cluster::in_dir(&data_dir);
        cluster.wait_for_previous_server(&account)?;
        Cluster::remove_unfinished(&data_dir);

        let version = cluster.version()?;
        let programs = Programs::find(version, &cluster.path)?;
        let log = Log::open(data_dir.path().join("postgres.log"))?;
        if version.is_none() {
            cluster.create(&data_dir, &programs, &account, &log)?;
        }
        let socket_dir = data_dir.create_socket_dir(&socket_name(), &account)?;

        let server = launch(&programs, &cluster, &socket_dir, settings, &account, &log)?;
        let mut postgres = Self { server, socket_dir, _data_dir: data_dir };
        postgres.wait_until_ready(&cluster, &log)?;
        tracing::info!(
            version = programs.major,
            cluster = %cluster.path.display(),
            elapsed_ms = begin.elapsed().as_millis(),
            "private PostgreSQL is ready"
        );
        Ok(postgres)
    }

    /// The directory that holds the server's socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The role to connect as: the superuser, who needs no password.
    #[must_use]
    pub fn username(&self) -> &'static str {
        USERNAME
    }

    /// The database to connect to.
    #[must_use]
    pub fn database(&self) -> &'static str {
        DATABASE
    }

    /// The number in the name of the socket, `.s.PGSQL.<port>`.
    #[must_use]
    pub fn port(&self) -> u16 {
        PORT
    }

    /// All of the above as one URL, for libpq and sqlx alike.
    #[must_use]
    pub fn url(&self) -> String {
        let host = percent_encode(self.socket_dir.as_os_str().as_bytes());
        // In a URL without a host, the user can only be a parameter. A Unix socket never speaks TLS, and
        // asking for it would cost a round trip.
        format!("postgresql:///{DATABASE}?host={host}&port={PORT}&user={USERNAME}&sslmode=disable")
    }

    /// Shuts the server down. Running transactions are rolled back; every acknowledged write is kept.
    ///
    /// # Errors
    /// If the server had to be killed or had ended before. Acknowledged writes are kept then, too.
    pub fn stop(mut self) -> Result<(), EmbeddedError> {
        self.shut_down()
    }

    fn wait_until_ready(&mut self, cluster: &Cluster, log: &Log) -> Result<(), EmbeddedError> {
        let deadline = Instant::now() + START_LIMIT;
        while !self.is_ready(cluster) {
            if let Some(status) = self.server.try_wait().map_err(EmbeddedError::Control)? {
                let log = log.tail();
                return Err(EmbeddedError::Start { status, log });
            }
            if Instant::now() >= deadline {
                let seconds = START_LIMIT.as_secs();
                let log = log.tail();
                return Err(EmbeddedError::StartTimeout { seconds, log });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        let pid = self.server.id().cast_signed();
        let file_says_ready = || cluster.pid_file().is_some_and(|file| file.pid == pid && file.is_ready);
        // A crashed server may have left a file with this process id. But the socket answers only after the
        // new server has replaced the file.
        file_says_ready() && UnixStream::connect(self.socket_dir.join(socket_name())).is_ok() && file_says_ready()
    }

    fn shut_down(&mut self) -> Result<(), EmbeddedError> {
        let status = self.end().map_err(EmbeddedError::Control)?;
        // The directory may be in a shared one. A failure only leaves an empty directory for the next start.
        let _ = fs::remove_dir(&self.socket_dir);
        if status.success() { Ok(()) } else { Err(EmbeddedError::Unclean { status }) }
    }

    fn end(&mut self) -> io::Result<ExitStatus> {
        // Fast shutdown, then immediate shutdown, after which the next start runs the recovery.
        for signal in [Signal::INT, Signal::QUIT] {
            if let Some(status) = self.server.try_wait()? {
                return Ok(status);
            }
            kill_process(Pid::from_child(&self.server), signal)?;
            if let Some(status) = self.wait(SHUTDOWN_LIMIT)? {
                return Ok(status);
            }
            tracing::warn!(?signal, "private PostgreSQL did not shut down in time");
        }
        self.server.kill()?;
        self.server.wait()
    }

    fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.server.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        // After `stop`, the server has already ended and this does nothing.
        let _ = self.shut_down();
    }
}

fn launch(
    programs: &Programs,
    cluster: &Cluster,
    socket_dir: &Path,
    settings: &[&str],
    account: &Account,
    log: &Log,
) -> Result<Child, EmbeddedError> {
    let postgres = programs.postgres();
    account
        .command(&postgres, Signal::INT)
        .arg("-D")
        .arg(&cluster.path)
        .arg("-k")
        .arg(socket_dir)
        .arg("-p")
        .arg(PORT.to_string())
        // If a setting is given twice, the last one counts.
        .args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]))
        .stdout(log.stdio()?)
        .stderr(log.stdio()?)
        .spawn()
        .map_err(EmbeddedError::io("run", &postgres))
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

fn percent_encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut encoded, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    #[test]
    fn encodes_every_character_with_a_meaning_in_a_url() {
        assert_eq!(percent_encode(b"/var/a-b_c.d~e"), "%2Fvar%2Fa-b_c.d~e");
        assert_eq!(percent_encode("/é &+%".as_bytes()), "%2F%C3%A9%20%26%2B%25");
    }
}
