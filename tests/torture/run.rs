//! One run: users with their writers and watchers, a cluster and injected faults. Then the faults
//! end, all watchers must catch up, and the checker reads the record.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::check::{Totals, check};
use super::client::Client;
use super::cluster::{Cluster, Setting};
use super::history::{Listing, Record, Violation, marker};
use super::log;
use super::nemesis::{FaultSet, Nemesis};
use super::postgres::Postgres;
use super::stream::Stream;
use super::watcher::{Goal, Watcher};
use super::writer::{Known, Writer};

/// The longest time until servers respond after the faults.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub struct Scenario {
    pub setting: Setting,
    pub users: usize,
    pub writers: usize,
    pub watchers: usize,
    /// The approximate time between two writes of a writer.
    pub pause: Duration,
    /// The longest time that a watcher stays on one socket.
    pub stays: Duration,
    pub faults: FaultSet,
    pub lasts: Duration,
    /// The longest time until all watchers have caught up after the faults.
    pub arrives_within: Duration,
}

pub struct Report {
    pub violations: Vec<Violation>,
    pub totals: Totals,
    pub record: Arc<Record>,
    pub took: Duration,
}

pub async fn run(scenario: &Scenario, seed: u64, postgres: &Arc<Postgres>, scratch: &Path) -> Report {
    let began = Instant::now();
    let names = (0..scenario.users).map(|_| marker(rand::random())).collect();
    let record = Arc::new(Record::new(names));
    let cluster = Arc::new(Cluster::start(postgres.clone(), &scenario.setting, scratch).await);
    cluster.count_in(&record);
    let addresses: Arc<[SocketAddr]> = cluster.addresses().into();
    let client = |user| Client::new(addresses.clone(), record.clone(), user);
    let known: Arc<[Known]> = (0..scenario.users).map(|_| Known::default()).collect();
    let (stop, calm) = (CancellationToken::new(), CancellationToken::new());
    let (goals, mut writers, mut watchers) = (goals(scenario.users), JoinSet::new(), JoinSet::new());
    let mut seeds = StdRng::seed_from_u64(seed);
    let mut rng = || StdRng::seed_from_u64(seeds.random());

    for (user, goal) in goals.iter().enumerate() {
        for _ in 0..scenario.writers {
            let (known, stop) = (known.clone(), stop.clone());
            let writer = Writer { client: client(user), known, rng: rng(), pause: scenario.pause, stop };
            writers.spawn(writer.run());
        }
        for _ in 0..scenario.watchers {
            let watcher = Watcher {
                client: client(user),
                rng: rng(),
                stays: scenario.stays,
                calm: calm.clone(),
                goal: goal.subscribe(),
                seen: Vec::new(),
                stream: Stream::default(),
                failed: false,
            };
            watchers.spawn(watcher.run());
        }
    }
    let over = CancellationToken::new();
    let nemesis = Nemesis {
        cluster: cluster.clone(),
        record: record.clone(),
        rng: rng(),
        faults: scenario.faults,
        stop: over.clone(),
    };
    let nemesis = tokio::spawn(nemesis.run());
    let _ = timeout(scenario.lasts, record.alarm.cancelled()).await;
    over.cancel();
    nemesis.await.expect("the nemesis ends well");

    calm.cancel();
    if scenario.faults == FaultSet::Locks {
        hang_the_last_writes(postgres, &record, &stop).await;
    }
    stop.cancel();
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer ends well");
    }
    let mut finals = Vec::new();
    for (user, goal) in goals.iter().enumerate() {
        let head = settled(postgres, &record, user).await;
        let patience = if record.alarm.is_cancelled() { Duration::from_millis(200) } else { scenario.arrives_within };
        goal.send_replace(Some((head, Instant::now() + patience)));
    }
    while let Some(ended) = watchers.join_next().await {
        ended.expect("a watcher ends well");
    }
    for user in 0..scenario.users {
        finals.push(final_list(&client(user)).await);
        log::keep(postgres, &record, user).await.expect("Postgres runs");
    }
    cluster.kill().await;
    let mut totals = Totals::default();
    let histories = record.take();
    let violations = histories
        .iter()
        .zip(&finals)
        .flat_map(|(user, final_list)| check(user, Some(final_list), &mut totals))
        .collect();
    Report { violations, totals, record, took: began.elapsed() }
}

fn goals(users: usize) -> Vec<watch::Sender<Goal>> {
    (0..users).map(|_| watch::Sender::new(None)).collect()
}

/// Blocks all writes until their requests have timed out, and then lets them through.
async fn hang_the_last_writes(postgres: &Postgres, record: &Record, stop: &CancellationToken) {
    let held = log::hold(postgres, record.names()).await.expect("Postgres runs");
    sleep(Duration::from_millis(500)).await;
    stop.cancel();
    sleep(Duration::from_secs(1)).await;
    drop(held);
}

/// The user's head, once no write with a timed-out request is still under way.
async fn settled(postgres: &Postgres, record: &Record, user: usize) -> i64 {
    let mut connection = postgres.connect().await.expect("Postgres runs");
    let (mut head, mut since) = (-1, Instant::now());
    // After a violation the watchers need not catch up.
    while head < 0 || (since.elapsed() < Duration::from_millis(700) && !record.alarm.is_cancelled()) {
        let now = log::head(&mut connection, record.name(user)).await.expect("Postgres runs");
        if now != head {
            (head, since) = (now, Instant::now());
        }
        sleep(Duration::from_millis(20)).await;
    }
    head
}

async fn final_list(client: &Client) -> Listing {
    let deadline = Instant::now() + ANSWERS_WITHIN;
    loop {
        if let Some(list) = client.list(200).await {
            return list;
        }
        assert!(Instant::now() < deadline, "the servers do not respond although all faults are over");
        sleep(Duration::from_millis(100)).await;
    }
}

impl Report {
    /// The counts of the run as text.
    pub fn summary(&self) -> String {
        let Totals { acknowledged, unknown, rejected, logged, received, dropped, resumes, resets, lists } = self.totals;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts = &self.record.counts;
        format!(
            "in {:.1} s: {} users, writes {acknowledged} acknowledged, {unknown} unknown, {rejected} rejected, {} given up; \
             changes {logged} logged, {received} received, {dropped} dropped as known; resumes {resumes}, resets {resets}, \
             lists {lists}; kills: servers {}, Postgres {}; SIGTERM {}; cuts {}, stalls {}, hints lost {}, tokens run out {}",
            self.took.as_secs_f64(),
            self.record.names().len(),
            read(&counts.abandoned),
            read(&counts.server_kills),
            read(&counts.database_kills),
            read(&counts.server_stops),
            read(&counts.cuts),
            read(&counts.stalls),
            read(&counts.hints_lost),
            read(&counts.expired),
        )
    }
}
