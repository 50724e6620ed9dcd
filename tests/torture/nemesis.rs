//! Injects faults: a seeded generator chooses them one after the other, and some overlap with the
//! next. When the nemesis returns, everything works again.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::cluster::{Cluster, Node};
use super::history::{Promise, Record, Violation, count};
use super::log;
use super::proxy::{Mode, Proxy};

/// Which faults a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultSet {
    /// All of them.
    All,
    /// Only faults of connections and hints.
    Connections,
    /// Only writes that are blocked until their requests time out.
    Locks,
}

pub struct Nemesis {
    pub cluster: Arc<Cluster>,
    pub record: Arc<Record>,
    pub rng: StdRng,
    pub faults: FaultSet,
    pub stop: CancellationToken,
}

/// A fault.
#[derive(Debug, Clone, Copy)]
enum Fault {
    CrashServer,
    RestartServer,
    CrashDatabase,
    CutPower,
    HoldLock,
    Forget,
    LoseHints,
    Cut,
    SlowDown,
    Stall,
}

impl FaultSet {
    /// One round: every fault in a random order.
    const fn round(self) -> &'static [Fault] {
        use Fault::{
            CrashDatabase, CrashServer, Cut, CutPower, Forget, HoldLock, LoseHints, RestartServer, SlowDown, Stall,
        };
        match self {
            Self::All => &[
                CrashServer,
                CrashServer,
                RestartServer,
                CrashDatabase,
                CutPower,
                HoldLock,
                Forget,
                Forget,
                Forget,
                LoseHints,
                LoseHints,
                Cut,
                Cut,
                Cut,
                SlowDown,
                Stall,
                Stall,
            ],
            Self::Connections => &[LoseHints, Cut, Cut, SlowDown],
            Self::Locks => &[HoldLock],
        }
    }
}

impl Nemesis {
    pub async fn run(mut self) {
        let mut round = Vec::new();
        while !self.stop.is_cancelled() {
            if round.is_empty() {
                round.extend(self.faults.round());
                round.shuffle(&mut self.rng);
            }
            match round.pop() {
                Some(Fault::CrashServer) => self.crash_server().await,
                Some(Fault::RestartServer) => self.restart_server().await,
                Some(Fault::CrashDatabase) => self.crash_database().await,
                Some(Fault::CutPower) => self.cut_power().await,
                Some(Fault::HoldLock) => self.hold_lock().await,
                Some(Fault::Forget) => self.forget().await,
                Some(Fault::LoseHints) => self.lose_hints(),
                Some(Fault::Cut) => self.cut(),
                Some(Fault::SlowDown) => self.slow_down().await,
                Some(Fault::Stall) | None => self.stall().await,
            }
            self.wait(50..300).await;
        }
        self.cluster.heal();
    }

    fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.rng.random_range(range))
    }

    async fn wait(&mut self, range: std::ops::Range<u64>) {
        sleep(self.millis(range)).await;
    }

    fn node(&mut self) -> usize {
        self.rng.random_range(0..self.cluster.nodes.len())
    }

    fn user(&mut self) -> usize {
        self.rng.random_range(0..self.record.names().len())
    }

    async fn bring_back(&self, node: &Node) {
        if let Err(error) = node.restart().await {
            self.record.fault(0, Violation::new(Promise::Runs, format!("a server does not start: {error}")));
        }
    }

    async fn crash_server(&mut self) {
        let at = self.node();
        self.cluster.nodes[at].kill().await;
        count(&self.record.counts.server_kills);
        self.wait(0..500).await;
        self.bring_back(&self.cluster.nodes[at]).await;
    }

    async fn restart_server(&mut self) {
        let node = &self.cluster.nodes[self.rng.random_range(0..self.cluster.nodes.len())];
        count(&self.record.counts.server_stops);
        if let Err(what) = node.terminate().await {
            self.record.fault(0, Violation::new(Promise::Runs, what));
        }
        self.bring_back(node).await;
    }

    async fn crash_database(&mut self) {
        self.cluster.postgres.kill().await;
        count(&self.record.counts.database_kills);
        self.wait(0..1000).await;
        self.cluster.postgres.restart().await;
    }

    /// Kills all servers and Postgres at once.
    async fn cut_power(&mut self) {
        self.cluster.postgres.kill().await;
        count(&self.record.counts.database_kills);
        for node in &self.cluster.nodes {
            node.kill().await;
            count(&self.record.counts.server_kills);
        }
        self.cluster.postgres.restart().await;
        for node in &self.cluster.nodes {
            self.bring_back(node).await;
        }
    }

    fn any_proxy(&mut self) -> &Proxy {
        let node = &self.cluster.nodes[self.rng.random_range(0..self.cluster.nodes.len())];
        match self.rng.random_range(0..5) {
            0 => &node.direct,
            1 | 2 => &node.pool,
            _ => &node.front,
        }
    }

    fn cut(&mut self) {
        let chance = self.rng.random_range(10..=100);
        count(&self.record.counts.cuts);
        self.any_proxy().cut(chance);
    }

    async fn stall(&mut self) {
        let long = self.millis(100..1500);
        count(&self.record.counts.stalls);
        let proxy = self.any_proxy();
        proxy.set(Mode { stalled: true, ..Mode::default() });
        sleep(long).await;
        proxy.set(Mode::default());
    }

    async fn slow_down(&mut self) {
        let (long, delay) = (self.millis(200..1000), self.millis(1..30));
        let proxy = self.any_proxy();
        proxy.set(Mode { delay, ..Mode::default() });
        sleep(long).await;
        proxy.set(Mode::default());
    }

    /// Drops hints for a while; other faults may happen meanwhile.
    fn lose_hints(&mut self) {
        let (at, long) = (self.node(), self.millis(300..2500));
        let cluster = self.cluster.clone();
        cluster.nodes[at].direct.set(Mode { lose_hints: true, ..Mode::default() });
        tokio::spawn(async move {
            sleep(long).await;
            cluster.nodes[at].direct.set(Mode::default());
        });
    }

    /// Blocks a user's writes, some until their requests time out.
    async fn hold_lock(&mut self) {
        let (user, long) = (self.user(), self.millis(100..1500));
        let name = self.record.name(user).to_owned();
        if let Ok(connection) = log::hold(&self.cluster.postgres, [name.as_str()]).await {
            sleep(long).await;
            drop(connection);
        }
    }

    async fn forget(&mut self) {
        let (user, kept) = (self.user(), self.rng.random_range(0..4));
        let forgotten = log::forget(&self.cluster.postgres, &self.record, user, kept).await;
        forgotten.expect("only this nemesis ends the database");
    }
}
