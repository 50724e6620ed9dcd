//! The real program as a process of its own, with nothing of our environment, in a directory
//! that goes when the test does.

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

/// Longer than the program takes for anything, shorter than anyone's patience.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory for one test.
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
        // A test that fails leaves no server behind, nor that server a Postgres.
        .kill_on_drop(true);
    command
}

/// Runs a command that ends by itself.
pub async fn run(command: &mut Command) -> Output {
    timeout(PATIENCE, command.output()).await.expect("the command ends in time").expect("the command runs")
}

/// A command at work, whose lines can be waited for.
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

    /// Where the server listens that this is, once it says so.
    pub async fn address(&mut self) -> SocketAddr {
        let line = self.out.until("API         http://").await;
        let address = line.split('/').nth(2).expect("an address");
        address.parse().expect("an address")
    }

    /// A number of KiB that the system knows about this process.
    pub fn memory(&self, of: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("it still runs")));
        let status = status.expect("the process's status");
        let line = status.lines().find_map(|line| line.strip_prefix(of)).expect("a line of this name");
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number")
    }

    /// Lets the peak of the memory begin anew.
    pub fn forget_peak(&self) {
        let file = format!("/proc/{}/clear_refs", self.child.id().expect("it still runs"));
        fs::write(file, "5").expect("the peak is forgotten");
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("it still runs").cast_signed();
        kill_process(Pid::from_raw(pid).expect("a process id"), signal).expect("the signal is sent");
    }

    /// Waits for the end; returns how it ended.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it can be waited for")
    }

    /// Sends SIGTERM, after which the program must end well.
    pub async fn terminate(&mut self) {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert!(status.success(), "{status}: {:#?}", self.err.rest().await);
    }

    /// Ends the program as a crash would.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        assert_eq!(self.ended().await.signal(), Some(Signal::KILL.as_raw()));
    }
}

/// What a program prints, line by line.
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
                // A test that is over does not listen any more.
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

    /// The next line that holds this text.
    pub async fn until(&mut self, part: &str) -> String {
        loop {
            let line = self.next().await;
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Everything that was printed, up to the end of the program.
    pub async fn rest(&mut self) -> String {
        while let Some(line) = timeout(PATIENCE, self.lines.recv()).await.expect("the program ends in time") {
            self.seen.push(line);
        }
        self.seen.join("\n")
    }
}
