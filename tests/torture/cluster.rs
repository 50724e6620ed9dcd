//! Several servers on one Postgres. Each is the real program in a separate process, with proxies on
//! every connection: from the clients, to the database, and for the hints.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::history::Record;
use super::postgres::Postgres;
use super::proxy::{Proxy, Upstream};

pub const SECRET: &str = "a secret of the torture, 32 bytes or more";
/// The longest time that a server may take to start, or to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(30);

/// The configuration of the servers of a run.
#[derive(Clone)]
pub struct Setting {
    /// The server's program.
    pub program: PathBuf,
    pub servers: usize,
    /// The time between two sweeps of each server.
    pub sweep: &'static str,
    pub request_timeout: &'static str,
    /// The promise that the servers break on purpose, if any, by the name of its patch.
    pub broken: Option<&'static str>,
}

pub struct Cluster {
    pub postgres: Arc<Postgres>,
    pub nodes: Vec<Node>,
}

pub struct Node {
    /// The proxy for clients.
    pub front: Proxy,
    /// The proxy to the database.
    pub pool: Proxy,
    /// The proxy for the hints.
    pub direct: Proxy,
    setting: Setting,
    child: Mutex<Option<Child>>,
    log: PathBuf,
}

impl Cluster {
    pub async fn start(postgres: Arc<Postgres>, setting: &Setting, scratch: &Path) -> Self {
        let mut nodes = Vec::new();
        for number in 0..setting.servers {
            let database = || Proxy::start(Upstream::Unix(postgres.socket.clone()));
            let node = Node {
                front: Proxy::start(Upstream::Nowhere).await,
                pool: database().await,
                direct: database().await,
                setting: setting.clone(),
                child: Mutex::default(),
                log: scratch.join(format!("server-{number}.log")),
            };
            node.start().await.expect("a server starts");
            nodes.push(node);
        }
        Self { postgres, nodes }
    }

    pub fn count_in(&self, record: &Arc<Record>) {
        self.nodes.iter().for_each(|node| node.direct.count_in(record.clone()));
    }

    /// The addresses for clients.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.front.address).collect()
    }

    /// Ends all network faults.
    pub fn heal(&self) {
        for node in &self.nodes {
            for proxy in [&node.front, &node.pool, &node.direct] {
                proxy.set(super::proxy::Mode::default());
            }
        }
    }

    pub async fn kill(&self) {
        for node in &self.nodes {
            node.kill().await;
        }
    }
}

impl Node {
    pub async fn start(&self) -> io::Result<()> {
        let url = |proxy: &Proxy| format!("postgres://taskwire@{}/postgres?sslmode=disable", proxy.address);
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.setting.program);
        command
            .arg("serve")
            .current_dir(self.log.parent().unwrap_or(Path::new("/")))
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("DATABASE_URL", url(&self.pool))
            .env("DATABASE_DIRECT_URL", url(&self.direct))
            .env("DATABASE_POOL_SIZE", "6")
            .env("JWT_SECRET", SECRET)
            .env("PORT", "0")
            .env("LOG", "warn")
            .env("HEARTBEAT_INTERVAL", "1s")
            .env("SWEEP_INTERVAL", self.setting.sweep)
            .env("REQUEST_TIMEOUT", self.setting.request_timeout)
            .env("DRAIN_TIME", "300ms")
            .env("SHUTDOWN_TIMEOUT", "2s")
            .envs(self.setting.broken.map(|variant| ("TASKWIRE_BROKEN", variant)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let address = timeout(PATIENCE, address(stdout)).await??;
        self.front.lead_to(Upstream::Tcp(address));
        *self.child.lock().await = Some(child);
        Ok(())
    }

    /// Starts the server again. Retries for a while, as a supervisor would.
    pub async fn restart(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.start().await {
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(100)).await,
                result => return result,
            }
        }
    }

    pub async fn kill(&self) {
        self.front.lead_to(Upstream::Nowhere);
        if let Some(mut child) = self.child.lock().await.take() {
            let _ = child.kill().await;
        }
    }

    /// Sends SIGTERM; returns an error if the server did not exit successfully.
    pub async fn terminate(&self) -> Result<(), String> {
        let Some(mut child) = self.child.lock().await.take() else { return Ok(()) };
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())).ok_or("it had ended by itself")?;
        kill_process(pid, Signal::TERM).map_err(|error| error.to_string())?;
        let ended = timeout(PATIENCE, child.wait()).await.map_err(|_| "it did not end in time")?;
        self.front.lead_to(Upstream::Nowhere);
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("SIGTERM ended it with {status}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Reads the server's address from its output.
async fn address(stdout: tokio::process::ChildStdout) -> io::Result<SocketAddr> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
        if let Some(address) = address {
            // The rest of the output must be read, or the server would block.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
    }
    Err(io::Error::other("it ended before it listened"))
}

/// A directory for this run. Removes the directories of runs that have ended.
pub fn scratch() -> PathBuf {
    const PREFIX: &str = "taskwire-torture-";
    let temp = env::temp_dir();
    for entry in fs::read_dir(&temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let dir = temp.join(format!("{PREFIX}{}", process::id()));
    fs::create_dir_all(&dir).expect("a scratch directory");
    dir
}
