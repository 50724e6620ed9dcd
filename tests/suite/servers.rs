//! Several servers on one database: a change on any server reaches the sockets of all, at once
//! through hints or, without hints, through the sweep. While nothing happens, only the sweep
//! queries the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::Connection;
use tokio::time::timeout;

use crate::kit::{Client, Live, Options, Relay, TestDatabase, TestServer};

/// Longer than anything here takes.
pub const NEVER: Duration = Duration::from_mins(10);
pub const SOON: Duration = Duration::from_millis(200);
/// The usual time between two sweeps.
pub const SWEEP: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts servers on one database. With hints, returns once all of them listen and know of each other.
pub async fn servers(count: usize, sweep: Duration, hints: bool) -> Vec<TestServer> {
    let database = Arc::new(TestDatabase::new().await);
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(TestServer::on(database.clone(), sweeping(sweep, hints)).await);
    }
    if hints {
        until_hints_flow(&servers).await;
    }
    servers
}

/// Returns once the hints of each server reach all others.
pub async fn until_hints_flow(servers: &[TestServer]) {
    until_listening(&servers[0], servers.len()).await;
    let probes: Vec<_> = servers.iter().map(|server| server.user("somebody else")).collect();
    let mut sockets = Vec::new();
    for probe in &probes {
        sockets.push(Live::open(probe, None).await.0);
    }
    for probe in &probes {
        for live in &mut sockets {
            until_a_write_arrives(probe, live).await;
        }
    }
}

/// Writes until a write arrives, for example because the first hints are lost.
async fn until_a_write_arrives(writer: &Client, live: &mut Live) {
    loop {
        let seq = writer.create("probe").await.version;
        let arrives = async { while live.expect("task.created").await["seq"] != json!(seq) {} };
        if timeout(SOON, arrives).await.is_ok() {
            return;
        }
    }
}

pub fn sweeping(sweep: Duration, hints: bool) -> Options {
    let options = Options::default();
    Options { live: taskwire::config::LiveConfig { sweep, ..options.live }, hints, ..options }
}

const LISTENERS: &str = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";

/// Returns once this many servers listen for hints.
pub async fn until_listening(server: &TestServer, count: usize) {
    let listening = async {
        let listeners = format!("SELECT count(*) {LISTENERS} AND state = 'idle'");
        let listeners = || sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(listeners.clone()));
        while listeners().fetch_one(&server.pool).await.expect("an answer") != i64::try_from(count).expect("a count") {}
    };
    timeout(PATIENCE, listening).await.expect("the servers listen");
}

/// Writes on all servers concurrently; every socket must receive the whole log in order.
pub async fn check_that_all_receive(servers: &[TestServer]) {
    let mut sockets = Vec::new();
    for server in servers {
        for _ in 0..2 {
            sockets.push(Live::open(&server.user("ada"), None).await.0);
        }
    }
    let clients: Vec<_> = servers.iter().map(|server| server.user("ada")).collect();
    let writes = clients.iter().map(|client| client.create_many(40, "from everywhere"));
    futures_util::future::join_all(writes).await;
    let log = clients[0].log().await;
    assert_eq!(log.len(), 40 * servers.len());
    for live in &mut sockets {
        assert_eq!(live.changes(log.len()).await, log);
        live.expect_nothing().await;
    }
    // No later event could deliver a delayed change.
    for (writer, client) in clients.iter().enumerate() {
        client.create("alone").await;
        for live in &mut sockets {
            assert_eq!(live.expect("task.created").await["seq"], log.len() + writer + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_on_any_server_reaches_the_sockets_of_all_without_a_sweep() {
    check_that_all_receive(&servers(3, NEVER, true).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_on_any_server_reaches_the_sockets_of_all_without_hints() {
    check_that_all_receive(&servers(3, SOON, false).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_hints_are_cut_the_sweep_carries_changes() {
    check_that_the_sweep_replaces_hints(&servers(2, SWEEP, true).await).await;
}

/// Interrupts the hints between two servers that sweep every second, and restores them.
pub async fn check_that_the_sweep_replaces_hints(servers: &[TestServer]) {
    const ROUNDS: u32 = 10;
    let (here, there) = (servers[0].user("ada"), servers[1].user("ada"));
    let (mut live, _) = Live::open(&there, None).await;
    // Opens more connections now than the test needs later, when none can be opened.
    here.create_many(16, "warm").await;
    there.create_many(16, "warm").await;
    live.changes(32).await;

    servers[0].database.refuse_connections(true).await;
    let cut = format!("SELECT count(pg_terminate_backend(pid)) {LISTENERS}");
    let cut = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(cut)).fetch_one(&servers[0].pool).await;
    assert_eq!(cut.expect("an answer"), 2);
    until_listening(&servers[0], 0).await;
    for _ in 0..2 {
        here.create("through the sweep").await;
        live.expect("task.created").await;
    }

    servers[0].database.refuse_connections(false).await;
    until_listening(&servers[0], 2).await;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        here.create("through hints").await;
        live.expect("task.created").await;
    }
    // Without hints, each round would wait for another sweep.
    assert!(began.elapsed() < SWEEP * (ROUNDS / 2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_new_history_from_another_server_resets_the_sockets() {
    let servers = servers(2, SOON, false).await;
    let (here, there) = (servers[0].user("ada"), servers[1].user("ada"));
    for title in ["one", "two", "three"] {
        here.create(title).await;
    }
    let mut sockets = [Live::open(&here, None).await.0, Live::open(&there, None).await.0];

    // Ada is deleted and returns on the first server before the second one notices.
    let mut connection = servers[0].database.connection().await;
    let mut transaction = connection.begin().await.expect("a transaction");
    for table in ["changes", "tasks", "owners"] {
        let delete = format!("DELETE FROM {table} WHERE owner_id = 'ada'");
        sqlx::query(sqlx::AssertSqlSafe(delete)).execute(&mut *transaction).await.expect("a delete");
    }
    transaction.commit().await.expect("a commit");
    here.create("back again").await;
    for live in &mut sockets {
        let mut reset = live.expect("reset").await;
        assert_eq!(reset["reason"], "history_changed");
        if reset["seq"] == 0 {
            // A server that looked between the two sees the deletion, and the return as a new
            // change.
            reset = live.expect("task.created").await;
        }
        assert_eq!((&reset["seq"], &reset["position"]), (&json!(1), &json!(here.position().await)));
    }

    sqlx::query("UPDATE history SET epoch = epoch + 1").execute(&servers[0].pool).await.expect("an update");
    for live in &mut sockets {
        assert_eq!(live.expect("reset").await["reason"], "history_changed");
        live.expect_nothing().await;
    }
    there.create("goes on").await;
    for live in &mut sockets {
        assert_eq!(live.expect("task.created").await["seq"], 2);
    }
}

#[tokio::test]
async fn while_nothing_happens_the_only_queries_are_the_sweeps() {
    const SWEEPS: u32 = 8;
    let database = Arc::new(TestDatabase::new().await);
    let mut relay = Relay::to(&database).await;
    let options = Options { through: Some(relay.url.clone()), ..sweeping(SOON, true) };
    let server = TestServer::on(database, options).await;
    let mut sockets = Vec::new();
    for number in 0..50 {
        let user = server.user(&format!("user {number}"));
        user.create("something").await;
        sockets.push(Live::open(&user, None).await.0);
        sockets.push(Live::open(&user, None).await.0);
    }
    // A ring may read once more after a socket's hello; two sweeps from now that is over. Sweeps that the relay has already seen do not count,
    // because they may be older than the last write.
    relay.so_far();
    for _ in 0..2 {
        while !relay.next().await.contains("unnest($1::text[], $2::bigint[]") {}
    }
    relay.so_far();
    let began = Instant::now();
    for _ in 0..SWEEPS {
        let statement = relay.next().await;
        assert!(statement.contains("unnest($1::text[], $2::bigint[]"), "{statement}");
    }
    assert!(began.elapsed() > SOON * (SWEEPS - 2), "{:?}", began.elapsed());
    for live in &mut sockets {
        live.expect_nothing().await;
    }
}
