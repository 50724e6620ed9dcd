//! A long backlog: it arrives complete and in order, without delaying other users or filling the
//! server's memory. A client that stalls costs a constant amount of memory, is disconnected, and
//! resumes without loss. Tests that measure the server's memory use the real program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use taskwire::config::LiveConfig;
use tokio::time::timeout;

use crate::kit::{Client, Live, Options, Running, SECRET, Scratch, TestDatabase, TestServer, taskwire, token};

const PATIENCE: Duration = Duration::from_mins(2);
/// The most memory that reading may take, in KiB: some pages, buffers and the allocator's slack.
const LITTLE: u64 = 8 * 1024;

struct Server {
    process: Running,
    ada: Client,
    bob: Client,
    database: TestDatabase,
    _dir: Scratch,
}

async fn server(settings: &[(&str, &str)]) -> Server {
    let (dir, database) = (Scratch::new(), TestDatabase::new().await);
    let mut command = taskwire(&dir, ["serve"]);
    // Even on a slow machine, no heartbeat arrives while a test waits for a change.
    command.envs([("JWT_SECRET", SECRET), ("PORT", "0"), ("HEARTBEAT_INTERVAL", "5m")]);
    let mut process = Running::start(command.env("DATABASE_URL", database.url()).envs(settings.iter().copied()));
    let address = process.address().await;
    let [ada, bob] = ["ada", "bob"].map(|user| Client::new(address, user, Some(token(user))));
    Server { process, ada, bob, database, _dir: dir }
}

/// How long each of Bob's changes takes from the request to the socket, until `enough`.
async fn waits(bob: &Client, live: &mut Live, enough: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut waits = Vec::new();
    while !enough(waits.len()) {
        let began = Instant::now();
        bob.create("meanwhile").await;
        live.expect("task.created").await;
        waits.push(began.elapsed());
    }
    waits.sort();
    waits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_backlog_arrives_complete_delays_nobody_and_needs_little_memory() {
    const BACKLOG: i64 = 100_000;
    let server = server(&[]).await;
    let beginning = server.ada.position().await;
    server.database.append_changes(BACKLOG, 100).await;
    let (mut bobs, _) = Live::open(&server.bob, None).await;
    let alone = waits(&server.bob, &mut bobs, |count| count >= 50).await;

    let before = server.process.memory("VmRSS:");
    server.process.forget_peak();
    let done = Arc::new(AtomicBool::new(false));
    let reading = {
        let (ada, done) = (server.ada.clone(), done.clone());
        tokio::spawn(async move {
            let (mut live, hello) = Live::open(&ada, Some(&beginning)).await;
            assert_eq!((&hello["seq"], &hello["resumed"]), (&BACKLOG.into(), &true.into()));
            live.skim(1..=BACKLOG).await;
            done.store(true, Ordering::Relaxed);
            assert_eq!(live.expect("caught_up").await["seq"], BACKLOG);
            ada.create("goes on").await;
            assert_eq!(live.expect("task.created").await["seq"], BACKLOG + 1);
        })
    };
    let meanwhile = waits(&server.bob, &mut bobs, |_| done.load(Ordering::Relaxed) || reading.is_finished()).await;
    reading.await.expect("the backlog arrives");
    let grown = server.process.memory("VmHWM:").saturating_sub(before);

    let (usual, then) = (alone[alone.len() / 2], meanwhile[meanwhile.len() / 2]);
    println!("waits {usual:?} alone, {then:?} meanwhile ({} of them); memory +{grown} KiB", meanwhile.len());
    assert!(meanwhile.len() >= 10, "{meanwhile:?}");
    assert!(then < usual * 5 + Duration::from_millis(50), "usually {usual:?}, then {then:?}");
    assert!(meanwhile.iter().all(|wait| *wait < Duration::from_secs(2)), "{:?}", meanwhile.last());
    assert!(grown < LITTLE, "{grown} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stalled_client_costs_little_is_disconnected_and_loses_nothing() {
    const CHANGES: i64 = 8000;
    let server = server(&[("SOCKETS_PER_USER", "1"), ("SWEEP_INTERVAL", "100ms")]).await;
    server.database.append_changes(10, 4000).await;
    let start = server.ada.position().await;
    let mut stalled = Live::open_narrow(&server.ada, &start).await;
    stalled.expect("caught_up").await;
    let before = server.process.memory("VmRSS:");
    server.process.forget_peak();
    // More than the ring and the socket buffers of both sides hold.
    server.database.append_changes(CHANGES, 4000).await;

    // This user may have one socket, so the next succeeds once the server has closed the stalled
    // one.
    let began = Instant::now();
    let resumed = async {
        loop {
            let mut live = Live::handshake(&server.ada, Some(&start), server.ada.token(), &[]).await.expect("a socket");
            if live.next().await["type"] == "hello" {
                return live;
            }
            assert_eq!(live.closed().await, 4429);
        }
    };
    let mut resumed = timeout(PATIENCE, resumed).await.expect("the server closes the stalled socket");
    assert!(began.elapsed() > Duration::from_secs(9), "{:?}", began.elapsed());
    let grown = server.process.memory("VmHWM:").saturating_sub(before);
    println!("let go after {:?}; memory +{grown} KiB", began.elapsed());
    resumed.skim(11..=CHANGES + 10).await;
    assert_eq!(resumed.expect("caught_up").await["seq"], CHANGES + 10);
    assert!(grown < LITTLE, "{grown} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_pauses_briefly_gets_everything_over_the_same_socket() {
    const CHANGES: i64 = 8000;
    // Even on a slow machine, the pause is shorter than the time after which a socket counts as stalled.
    let live = LiveConfig {
        sweep: Duration::from_millis(100),
        heartbeat: Duration::from_mins(5),
        stalled_after: 2 * PATIENCE,
        ..LiveConfig::default()
    };
    let database = Arc::new(TestDatabase::new().await);
    let server = TestServer::on(database.clone(), Options { live, ..Options::default() }).await;
    let ada = server.user("ada");
    let mut paused = Live::open_narrow(&ada, &ada.position().await).await;
    paused.expect("caught_up").await;
    let (mut other, _) = Live::open(&ada, None).await;
    database.append_changes(CHANGES, 4000).await;
    // The active reader receives everything before the paused one continues.
    other.skim(1..=CHANGES).await;
    paused.skim(1..=CHANGES).await;
    paused.expect_nothing().await;
    other.expect_nothing().await;
}
