//! Runs the real program as a separate process with an empty environment, in a directory that is
//! removed with the test.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs, process};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than any step of the program takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory for one test; dropping the value removes it.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("taskwire-scratch-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).expect("a scratch directory");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program with these arguments, in this directory.
pub fn taskwire<S: AsRef<OsStr>>(dir: &Scratch, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskwire"));
    command
        .args(args)
        .current_dir(dir.path())
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A failing test must leave neither a server nor its Postgres running.
        .kill_on_drop(true);
    command
}

/// Runs a command until it ends.
pub async fn run(command: &mut Command) -> Output {
    timeout(PATIENCE, command.output()).await.expect("the command ends in time").expect("the command runs")
}

/// A running command whose output lines can be awaited.
pub struct Running {
    child: Child,
    pub out: Lines,
    pub err: Lines,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the command runs");
        let out = Lines::of(child.stdout.take().expect("a pipe"));
        let err = Lines::of(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// Waits until this server prints its address, and returns it.
    pub async fn address(&mut self) -> SocketAddr {
        let line = self.out.until("API         http://").await;
        let address = line.split('/').nth(2).expect("an address");
        address.parse().expect("an address")
    }

    /// A value in KiB from this process's `/proc` status.
    pub fn memory(&self, of: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("it still runs")));
        let status = status.expect("the process's status");
        let line = status.lines().find_map(|line| line.strip_prefix(of)).expect("a line of this name");
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number")
    }

    /// Resets the process's peak memory.
    pub fn forget_peak(&self) {
        let file = format!("/proc/{}/clear_refs", self.child.id().expect("it still runs"));
        fs::write(file, "5").expect("the peak is reset");
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("it still runs").cast_signed();
        kill_process(Pid::from_raw(pid).expect("a process id"), signal).expect("the signal is sent");
    }

    /// Waits until the process ends; returns its exit status.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it can be waited for")
    }

    /// Sends SIGTERM; the program must then exit successfully.
    pub async fn terminate(&mut self) {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert!(status.success(), "{status}: {:#?}", self.err.rest().await);
    }

    /// Kills the program, as a crash would.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        assert_eq!(self.ended().await.signal(), Some(Signal::KILL.as_raw()));
    }
}

/// A program's output, line by line.
pub struct Lines {
    lines: mpsc::UnboundedReceiver<String>,
    seen: Vec<String>,
}

impl Lines {
    pub(super) fn of(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut pipe = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = pipe.next_line().await {
                // The receiver is gone once the test has ended.
                let _ = sender.send(line);
            }
        });
        Self { lines, seen: Vec::new() }
    }

    /// The next line.
    pub async fn next(&mut self) -> String {
        let line = timeout(PATIENCE, self.lines.recv()).await.expect("a line comes in time");
        let line = line.unwrap_or_else(|| panic!("no more lines after {:#?}", self.seen));
        self.seen.push(line.clone());
        line
    }

    /// The next line that contains this text.
    pub async fn until(&mut self, part: &str) -> String {
        loop {
            let line = self.next().await;
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Waits for the end of the program and returns all its output.
    pub async fn rest(&mut self) -> String {
        while let Some(line) = timeout(PATIENCE, self.lines.recv()).await.expect("the program ends in time") {
            self.seen.push(line);
        }
        self.seen.join("\n")
    }
}
