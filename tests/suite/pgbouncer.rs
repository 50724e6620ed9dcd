//! Servers behind PgBouncer in transaction pooling mode: everything works as without it, with and
//! without `DATABASE_DIRECT_URL`, and errors name the missing settings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::Connection;
use taskwire::changes::retention;
use taskwire::config::settings::database::DatabaseProxy;
use taskwire::config::{LiveConfig, PoolConfig};

use crate::concurrency::check_writers;
use crate::kit::{
    Client, Live, Options, PgBouncer, Running, SECRET, Scratch, TestDatabase, TestServer, run, taskwire, token,
};
use crate::servers::{
    NEVER, SOON, SWEEP, check_that_all_receive, check_that_the_sweep_replaces_hints, until_hints_flow,
};

/// Servers that reach one database through PgBouncer. Hints use a direct connection.
async fn servers(count: usize, sweep: Duration, hints: bool) -> (PgBouncer, Vec<TestServer>) {
    let database = Arc::new(TestDatabase::new().await);
    let bouncer = PgBouncer::before(&database).await;
    let mut servers = Vec::new();
    for _ in 0..count {
        let options = Options::default();
        let pool = PoolConfig { proxy: DatabaseProxy::Transaction, ..options.pool };
        let live = LiveConfig { sweep, ..options.live };
        let options = Options { pool, live, hints, through: Some(bouncer.url.clone()), ..options };
        servers.push(TestServer::on(database.clone(), options).await);
    }
    if hints {
        until_hints_flow(&servers).await;
    }
    (bouncer, servers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_share_few_connections_and_the_log_has_no_gap_and_equals_the_table() {
    let (bouncer, servers) = servers(3, SOON, false).await;
    check_writers(&servers[0].user("ada"), |writer| servers[writer % 3].user("ada")).await;

    let mut direct = servers[0].database.connection().await;
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let connections: i64 =
        sqlx::query_scalar(others).fetch_one(&mut direct).await.expect("Postgres reports the activity");
    let (connections, clients) = (usize::try_from(connections).expect("a count"), bouncer.clients().await);
    assert!(connections <= PgBouncer::CONNECTIONS, "{connections} connections");
    assert!(clients > 2 * PgBouncer::CONNECTIONS, "{clients} clients are too few to share connections");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_direct_connection_the_sweep_carries_changes_to_other_servers() {
    let (_bouncer, servers) = servers(3, SOON, false).await;
    check_that_all_receive(&servers).await;
}

#[tokio::test]
async fn the_sweep_takes_about_a_second() {
    let (_bouncer, servers) = servers(2, SWEEP, false).await;
    let (mut live, _) = Live::open(&servers[1].user("ada"), None).await;
    let began = Instant::now();
    for _ in 0..4 {
        servers[0].user("ada").create("through the sweep").await;
        live.expect("task.created").await;
    }
    assert!(began.elapsed() < 7 * SWEEP, "{:?} for four sweeps", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_a_direct_connection_hints_carry_changes_to_other_servers() {
    let (_bouncer, servers) = servers(3, NEVER, true).await;
    check_that_all_receive(&servers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_direct_connection_is_cut_the_sweep_carries_changes() {
    let (_bouncer, servers) = servers(2, SWEEP, true).await;
    check_that_the_sweep_replaces_hints(&servers).await;
}

#[tokio::test]
async fn old_changes_are_removed_through_the_proxy() {
    let (_bouncer, servers) = servers(1, SOON, false).await;
    let ada = servers[0].user("ada");
    let start = ada.position().await;
    ada.create_many(3, "soon forgotten").await;
    let removed = retention::remove_old(&servers[0].pool, Duration::ZERO).await;
    assert_eq!(removed.expect("the log can be trimmed"), 2);
    ada.get(&format!("/changes?after={start}")).problem(410, "GONE").await;
}

/// The command that starts the program with this database URL, which leads through the proxy.
fn program(dir: &Scratch, url: &str, settings: &[(&str, &str)]) -> tokio::process::Command {
    let mut command = taskwire(dir, ["serve"]);
    command.env("DATABASE_URL", url).env("JWT_SECRET", SECRET).env("PORT", "0").envs(settings.iter().copied());
    command
}

/// The error with which the program fails to start.
async fn refusal(url: &str, settings: &[(&str, &str)]) -> String {
    let output = run(&mut program(&Scratch::new(), url, settings)).await;
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

async fn check_that_it_serves(process: &mut Running) {
    let ada = Client::new(process.address().await, "ada", Some(token("ada")));
    let (mut live, _) = Live::open(&ada, None).await;
    ada.create_many(16, "through the proxy").await;
    live.changes(16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_program_migrates_over_a_direct_connection_and_then_also_serves_without_one() {
    let database = TestDatabase::empty().await;
    let bouncer = PgBouncer::before(&database).await;
    let behind = ("DATABASE_PROXY", "transaction");

    let error = refusal(&bouncer.url, &[behind]).await;
    assert!(error.contains("set DATABASE_DIRECT_URL (--database-direct-url)"), "{error}");

    let dir = Scratch::new();
    let settings = [behind, ("DATABASE_DIRECT_URL", database.url())];
    let mut process = Running::start(&mut program(&dir, &bouncer.url, &settings));
    check_that_it_serves(&mut process).await;
    process.terminate().await;

    let mut process = Running::start(&mut program(&dir, &bouncer.url, &[behind]));
    process.err.until("no hints between servers without DATABASE_DIRECT_URL").await;
    check_that_it_serves(&mut process).await;
    process.terminate().await;
}

#[tokio::test]
async fn a_program_without_the_proxy_setting_names_it() {
    let database = TestDatabase::new().await;
    let bouncer = PgBouncer::before(&database).await;
    let said = refusal(&bouncer.url, &[]).await;
    assert!(said.contains("unsupported startup parameter"), "{said}");
    assert!(said.contains("set DATABASE_PROXY=transaction (--database-proxy)"), "{said}");

    // A common configuration: it accepts the startup parameter, and then prepared statements fail.
    let bouncer = PgBouncer::with(&database, "ignore_startup_parameters = extra_float_digits").await;
    let mut earlier = sqlx::PgConnection::connect(&bouncer.url).await.expect("the proxy answers");
    sqlx::query("SELECT 1").execute(&mut earlier).await.expect("a prepared statement");
    let said = refusal(&bouncer.url, &[]).await;
    assert!(said.contains("prepared statement"), "{said}");
    assert!(said.contains("set DATABASE_PROXY=transaction (--database-proxy)"), "{said}");
}
