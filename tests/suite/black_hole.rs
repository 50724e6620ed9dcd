//! Dead connections to the database: packets are dropped silently in both directions, as behind a
//! firewall that has lost its state. TCP gives up such a connection only after a quarter of an
//! hour; the server waits for a bounded time and serves other requests meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use taskwire::config::{LiveConfig, PoolConfig};
use tokio::task::JoinSet;

use crate::kit::{Live, Options, Relay, TestDatabase, TestServer};
use crate::servers::{NEVER, SOON, until_listening};

/// The time limit of a statement in these tests.
const STATEMENT: Duration = Duration::from_secs(1);
/// Additional time for a machine that is busy with other tests.
const SLACK: Duration = Duration::from_secs(4);

/// A relay to the database that can drop packets silently, and a server that uses it.
async fn server(database: &Arc<TestDatabase>, statement_timeout: Duration, sweep: Duration) -> (Relay, TestServer) {
    let relay = Relay::to(database).await;
    let options = Options::default();
    let pool = PoolConfig { statement_timeout, ..options.pool };
    let live = LiveConfig { sweep, ..options.live };
    let options = Options { pool, live, through: Some(relay.url.clone()), ..options };
    let server = TestServer::on(database.clone(), options).await;
    (relay, server)
}

async fn database() -> Arc<TestDatabase> {
    Arc::new(TestDatabase::new().await)
}

#[tokio::test]
async fn requests_wait_for_a_dead_connection_no_longer_than_the_statement_limit() {
    let (relay, server) = server(&database().await, STATEMENT, NEVER).await;
    let ada = server.user("ada");
    // This many concurrent requests open every connection of the pool.
    ada.create_many(50, "warm").await;
    relay.drop_packets();
    let began = Instant::now();
    let mut requests = JoinSet::new();
    for _ in 0..3 {
        requests.spawn(ada.get("/tasks").send());
        requests.spawn(ada.post("/tasks").json(serde_json::json!({ "title": "into the void" })).send());
    }
    let answers = requests.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 503), "no connection was dead");
    assert!(answers.iter().all(|answer| [200, 201, 503].contains(&answer.status.as_u16())));
    ada.create("over another connection").await;
    assert!(began.elapsed() < STATEMENT + SLACK, "{:?}", began.elapsed());
}

#[tokio::test]
async fn while_a_request_waits_for_a_dead_connection_others_are_served() {
    // More than the server's background tasks may hold at the same time.
    const DEAD: usize = 8;
    let database = database().await;
    let relay = Relay::to(&database).await;
    let pool = PoolConfig { statement_timeout: NEVER, size: 32, ..PoolConfig::default() };
    let through = Some(relay.url.clone());
    let server = TestServer::on(database.clone(), Options { pool, through, ..Options::default() }).await;
    let ada = server.user("ada");
    ada.create("warm").await;
    // Each of the waiting writes has its own connection.
    let blockade = database.hold_writes_of("ada").await;
    let mut writes = JoinSet::new();
    for _ in 0..DEAD {
        writes.spawn(ada.post("/tasks").json(serde_json::json!({ "title": "warm" })).expect(201));
    }
    database.wait_for_blocked_statements(DEAD.try_into().expect("a count")).await;
    blockade.release().await;
    writes.join_all().await;

    relay.drop_packets();
    let mut requests = JoinSet::new();
    for _ in 0..2 * DEAD {
        requests.spawn(ada.get("/tasks").send());
    }
    let first = requests.join_next().await.expect("an answer").expect("an answer");
    assert_eq!(first.status, 200);
    ada.create("over the same connection").await;
    while let Some(answer) = requests.try_join_next() {
        assert_eq!(answer.expect("an answer").status, 200);
    }
    assert!(!requests.is_empty(), "no connection was dead");
}

#[tokio::test]
async fn health_reports_a_dead_connection_at_once_and_recovers_over_another() {
    let (relay, server) = server(&database().await, STATEMENT, NEVER).await;
    let health =
        async |status| -> Value { server.anonymous().call(Method::GET, "/health").expect(status).await.json() };
    health(200).await;
    relay.drop_all_packets();
    let began = Instant::now();
    assert_eq!(health(503).await["database"], "disconnected");
    relay.drop_packets();
    assert_eq!(health(200).await["database"], "connected");
    assert!(began.elapsed() < STATEMENT + SLACK, "{:?}", began.elapsed());
}

#[tokio::test]
async fn health_has_its_own_response_even_with_a_short_request_timeout() {
    let database = database().await;
    let relay = Relay::to(&database).await;
    let request_timeout = Duration::from_millis(200);
    let options = Options { request_timeout, through: Some(relay.url.clone()), ..Options::default() };
    let server = TestServer::on(database, options).await;
    let health = || server.anonymous().call(Method::GET, "/health");
    // The server responds once it has loaded the revocations.
    health().expect(200).await;
    relay.drop_all_packets();
    // The client checks the body against the contract, which documents no problem here.
    let health: Value = health().expect(503).await.json();
    assert_eq!((&health["status"], &health["database"]), (&"unhealthy".into(), &"disconnected".into()));
}

#[tokio::test]
async fn the_sweep_and_the_reading_of_the_log_go_on_over_other_connections() {
    let database = database().await;
    let (relay, server) = server(&database, STATEMENT, SOON).await;
    let elsewhere = TestServer::on(database, Options::default()).await;
    let (ada, other) = (server.user("ada"), elsewhere.user("ada"));
    let (mut live, _) = Live::open(&ada, None).await;
    ada.create_many(50, "warm").await;
    live.changes(50).await;
    for _ in 0..2 {
        relay.drop_packets();
        let began = Instant::now();
        other.create("found by the sweep").await;
        live.expect("task.created").await;
        assert!(began.elapsed() < STATEMENT + SOON + SLACK, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn hints_arrive_again_over_another_connection() {
    let database = database().await;
    let relay = Relay::to(&database).await;
    let options = |hints_through| {
        let options = Options::default();
        Options { live: LiveConfig { sweep: NEVER, ..options.live }, hints: true, hints_through, ..options }
    };
    let here = TestServer::on(database.clone(), options(None)).await;
    let there = TestServer::on(database, options(Some(relay.url.clone()))).await;
    until_listening(&here, 2).await;
    let (mut live, _) = Live::open(&there.user("ada"), None).await;
    relay.drop_packets();
    here.user("ada").create("nobody hears of this").await;
    // The third connection replaces the dead one, which Postgres still considers alive.
    until_listening(&here, 3).await;
    here.user("ada").create("heard").await;
    live.changes(2).await;
}
