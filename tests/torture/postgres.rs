//! The private Postgres of a run: Taskwire's own private Postgres with its durable settings, which
//! the test kills repeatedly. It has a separate thread, because it ends with the thread that
//! started it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use taskwire::database::embedded::EmbeddedPostgres;
use tokio::sync::oneshot;

pub struct Postgres {
    orders: mpsc::Sender<Order>,
    pub url: String,
    pub socket: PathBuf,
}

enum Order {
    Kill(oneshot::Sender<()>),
    Start(oneshot::Sender<()>),
}

impl Postgres {
    pub async fn start(dir: &Path) -> Self {
        let (orders, inbox) = mpsc::channel();
        let (started, url) = oneshot::channel();
        let dir = dir.to_owned();
        thread::spawn(move || {
            let mut postgres = Some(EmbeddedPostgres::start(&dir).expect("Postgres starts"));
            let first = postgres.as_ref().expect("it has started");
            let _ = started.send((first.url(), first.socket_dir().join(format!(".s.PGSQL.{}", first.port()))));
            // The thread ends, and Postgres with it, once all senders are dropped.
            for order in inbox {
                let done = match order {
                    Order::Kill(done) => {
                        kill(&dir);
                        postgres = None;
                        done
                    }
                    Order::Start(done) => {
                        postgres = Some(EmbeddedPostgres::start(&dir).expect("Postgres starts after a crash"));
                        done
                    }
                };
                let _ = done.send(());
            }
            drop(postgres);
        });
        let (url, socket) = url.await.expect("Postgres starts");
        Self { orders, url, socket }
    }

    /// Kills all its processes, as a power cut would.
    pub async fn kill(&self) {
        self.order(Order::Kill).await;
    }

    /// Starts it on the same files and waits until it accepts connections.
    pub async fn restart(&self) {
        self.order(Order::Start).await;
    }

    pub async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) {
        let (done, wait) = oneshot::channel();
        self.orders.send(order(done)).expect("Postgres' thread lives");
        wait.await.expect("Postgres' thread lives");
    }
}

/// Sends SIGKILL to the postmaster and all its child processes.
fn kill(dir: &Path) {
    let file = fs::read_to_string(dir.join("postgres/postmaster.pid")).expect("Postgres wrote its number down");
    let postmaster: i32 = file.lines().next().and_then(|line| line.parse().ok()).expect("a process id");
    let family = children(postmaster);
    for pid in std::iter::once(postmaster).chain(family) {
        if let Some(pid) = Pid::from_raw(pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn children(of: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent(*pid) == Some(of)).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name may contain anything, but it ends with the last parenthesis.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
