//! Failures: the database becomes unreachable, a request takes too long, or a client disconnects
//! during a request. Responses say when to retry, and table, log and live channel stay consistent.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Executor, Row};
use taskwire::config::PoolConfig;
use taskwire::model::{ChangeKind, Task};

use crate::kit::{Call, Client, Live, Options, Relay, TestDatabase, TestServer, at};

/// Fails the test unless the response is a 503 with `Retry-After`.
async fn unavailable(call: Call) {
    let answer = call.expect(503).await;
    let problem: Value = answer.json();
    assert_eq!(problem["code"], "UNAVAILABLE", "{problem}");
    let seconds: u32 = answer.header("retry-after").expect("a time to retry after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds));
}

/// One request of each kind that needs the database.
fn requests(client: &Client, task: &Task) -> Vec<Call> {
    vec![
        client.get("/tasks"),
        client.get("/tasks?sort=title"),
        client.get(&at(task.id)),
        client.get("/stats"),
        client.get("/changes"),
        client.post("/tasks").json(json!({"title": "Buy bread"})),
        client.patch(&at(task.id)).json(json!({"title": "Buy bread"})),
        client.patch(&format!("{}/complete", at(task.id))),
        client.delete(&at(task.id)),
    ]
}

#[tokio::test]
async fn without_its_database_the_server_asks_to_retry_and_recovers_later() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    server.database.go_down().await;
    for call in requests(&ada, &task) {
        unavailable(call).await;
    }
    let health: Value = server.anonymous().call(Method::GET, "/health").expect(503).await.json();
    assert_eq!((&health["status"], &health["database"]), (&"unhealthy".into(), &"disconnected".into()));
    // Requests that need no database get their usual response: invalid tokens and malformed
    // requests.
    ada.with_token(None).get("/tasks").problem(401, "UNAUTHORIZED").await;
    ada.post("/tasks").json(json!({})).invalid("title").await;

    server.database.come_back().await;
    let health: Value = server.anonymous().call(Method::GET, "/health").expect(200).await.json();
    assert_eq!((&health["status"], &health["database"]), (&"healthy".into(), &"connected".into()));
    assert_eq!(ada.read(task.id).await, task);
    assert_eq!(ada.create("Buy bread").await.version.get(), 2);
}

#[tokio::test]
async fn a_server_error_reveals_nothing_but_the_request_id() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let mut database = server.database.connection().await;
    database.execute("ALTER TABLE tasks RENAME COLUMN title TO headline").await.expect("the column is renamed");
    let answer = ada.get(&at(task.id)).header("x-request-id", "case-7").expect(500).await;
    assert_eq!(answer.header("x-request-id"), Some("case-7"));
    let problem: Value = answer.json();
    assert_eq!(problem["code"], "SERVER_ERROR");
    let text = problem.to_string().to_lowercase();
    assert!(
        !["title\" does", "column", "sql", "postgres", "headline"].iter().any(|word| text.contains(word)),
        "{text}"
    );
}

#[tokio::test]
async fn a_write_that_takes_too_long_gets_a_response_in_time_and_still_completes() {
    let server = TestServer::with(Options { request_timeout: Duration::from_secs(1), ..Options::default() }).await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let (mut live, _) = Live::open(&ada, None).await;
    let blockade = server.database.hold_writes_of("ada").await;
    unavailable(ada.patch(&at(task.id)).json(json!({"title": "Buy oat milk"}))).await;
    assert_eq!(ada.read(task.id).await, task, "the write was not blocked");
    blockade.release().await;

    let told = live.expect("task.updated").await;
    let now = ada.read(task.id).await;
    assert_eq!((now.title.as_str(), now.version.get()), ("Buy oat milk", 2));
    assert_eq!(told["task"], json!(now));
    let changes = ada.changes(None).await;
    let [_, change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((change.kind(), change.task()), (ChangeKind::TaskUpdated, Some(&now)));
}

#[tokio::test]
async fn a_write_whose_client_disconnects_is_complete_for_everyone_else() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let (mut live, _) = Live::open(&ada, None).await;
    for (seq, call) in [
        (2, ada.patch(&at(task.id)).json(json!({"title": "Buy oat milk"}))),
        (3, ada.post("/tasks").json(json!({"title": "Buy bread"}))),
        (4, ada.delete(&at(task.id))),
    ] {
        let blockade = server.database.hold_writes_of("ada").await;
        let impatient = tokio::spawn(call.send());
        server.database.wait_for_blocked_statements(1).await;
        impatient.abort();
        assert!(impatient.await.is_err_and(|error| error.is_cancelled()));
        // Once another request has completed, the server has also noticed that this client left.
        ada.get("/stats").expect(200).await;
        blockade.release().await;

        let told = live.next().await;
        assert_eq!(told["seq"], seq, "{told}");
        let log = ada.log().await;
        assert_eq!((log.len(), log.last()), (seq, Some(&told)));
        match told["task"].as_object() {
            Some(task) => assert_eq!(json!(ada.read(task["id"].as_str().expect("an id")).await), told["task"]),
            None => drop(ada.get(&at(task.id)).problem(404, "NOT_FOUND").await),
        }
    }
}

#[tokio::test]
async fn a_transaction_that_is_cancelled_as_it_begins_does_not_lose_later_writes() {
    let database = TestDatabase::new().await;
    let mut relay = Relay::to(&database).await;
    let only_one = PoolConfig { size: 1, ..PoolConfig::default() };
    let pool = taskwire::database::connect(&relay.url, only_one).await.expect("the test database answers");
    pool.execute("CREATE TABLE notes (text text)").await.expect("a table is created");
    relay.so_far();
    let nothing = pool.begin();
    tokio::select! {
        biased;
        statement = relay.next() => assert_eq!(statement, "BEGIN"),
        _ = nothing => panic!("the transaction ended before it began"),
    }
    pool.execute("INSERT INTO notes VALUES ('kept')").await.expect("a row is inserted");
    let notes = "SELECT count(*) FROM notes";
    let kept: i64 = database.connection().await.fetch_one(notes).await.expect("a count").get(0);
    assert_eq!(kept, 1, "an acknowledged write is missing");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back_before_its_connection_is_used_again() {
    let database = TestDatabase::new().await;
    let only_one = PoolConfig { size: 1, ..PoolConfig::default() };
    let pool = taskwire::database::connect(database.url(), only_one).await.expect("the test database answers");
    pool.execute("CREATE TABLE notes (text text)").await.expect("a table is created");
    for fails in [false, true] {
        let mut transaction = pool.begin().await.expect("a transaction begins");
        transaction.execute("INSERT INTO notes VALUES ('dropped')").await.expect("a row is inserted");
        if fails {
            transaction.execute("SELECT 1 / 0").await.expect_err("a division by zero");
        }
        drop(transaction);
        pool.execute("INSERT INTO notes VALUES ('kept')").await.expect("a row is inserted");
    }
    let mut transaction = pool.begin().await.expect("a transaction begins");
    transaction.execute("INSERT INTO notes VALUES ('kept')").await.expect("a row is inserted");
    transaction.commit().await.expect("the transaction commits");
    let notes = "SELECT count(*) FILTER (WHERE text = 'kept'), count(*) FROM notes";
    let row = database.connection().await.fetch_one(notes).await.expect("counts");
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (3, 3));
}
