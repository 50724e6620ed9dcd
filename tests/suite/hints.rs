//! The hints between servers, as a session that listens beside them sees them: a server sends one for each write
//! of its own while another server listens, and none while it is alone. [`servers`](crate::servers) tests what
//! arrives at the sockets.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor;
use sqlx::postgres::PgListener;
use tokio::time::timeout;

use crate::kit::{Client, Live, Options, Relay, TestDatabase, TestServer};
use crate::servers::{NEVER, SOON, servers, sweeping, until_hints_flow};

const PATIENCE: Duration = Duration::from_secs(20);

/// Listens as the servers do, but is not one, so that they do not send anything for it.
struct Observer(PgListener);

impl Observer {
    async fn of(database: &TestDatabase) -> Self {
        let mut listener = PgListener::connect(database.url()).await.expect("a connection");
        // The name in quotes is what distinguishes this statement from that of a server.
        listener.listen("taskwire_changes").await.expect("a subscription");
        Self(listener)
    }

    async fn next(&mut self) -> String {
        let notification = timeout(PATIENCE, self.0.recv()).await.expect("a notification comes in time");
        notification.expect("the connection lives").payload().to_owned()
    }

    /// The heads of the next hint that has any of this user.
    async fn next_of(&mut self, user: &str) -> Vec<Value> {
        loop {
            let hint: Value = serde_json::from_str(&self.next().await).expect("a hint");
            let heads = hint["heads"].as_array().expect("heads").clone();
            if heads.iter().any(|head| head[0] == user) {
                return heads;
            }
        }
    }
}

/// Writes on a server that nobody listens to.
async fn check_that_it_sends_nothing(ada: &Client, relay: &mut Relay, observer: &mut Observer) {
    until_swept_twice(relay).await;
    let (_, id) = ada.with_api_token("read").await;
    // What was sent before is not meant.
    observer.0.execute("NOTIFY taskwire_changes, 'the beginning'").await.expect("a notification");
    while observer.next().await != "the beginning" {}
    relay.so_far();
    ada.create_many(20, "alone").await;
    ada.delete(&format!("/tokens/{id}")).expect(204).await;
    let statements = until_swept_twice(relay).await;
    assert!(statements.iter().any(|text| text.contains("taskwire_insert_task")), "{statements:?}");
    assert!(!statements.iter().any(|text| text.contains("pg_notify")), "{statements:?}");
    observer.0.execute("NOTIFY taskwire_changes, 'the end'").await.expect("a notification");
    assert_eq!(observer.next().await, "the end");
}

/// Returns the statements until a second sweep has begun, so the first one is complete.
async fn until_swept_twice(relay: &mut Relay) -> Vec<String> {
    let (mut statements, mut sweeps) = (relay.so_far(), 0);
    while sweeps < 2 {
        statements.push(relay.next().await);
        sweeps += usize::from(statements.last().is_some_and(|text| text.contains("unnest($1::text[], $2::bigint[]")));
    }
    statements
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_sends_hints_only_while_another_one_listens() {
    let database = Arc::new(TestDatabase::new().await);
    let mut observer = Observer::of(&database).await;
    let mut relay = Relay::to(&database).await;
    let options = Options { through: Some(relay.url.clone()), ..sweeping(SOON, true) };
    let here = TestServer::on(database.clone(), options).await;
    let ada = here.user("ada");
    check_that_it_sends_nothing(&ada, &mut relay, &mut observer).await;

    // It does not sweep, so only hints bring it anything.
    let there = TestServer::on(database.clone(), sweeping(NEVER, true)).await;
    let (mut live, _) = Live::open(&there.user("ada"), None).await;
    let servers = [here, there];
    until_hints_flow(&servers).await;
    let task = ada.create("together").await;
    assert_eq!(live.expect("task.created").await["seq"], json!(task.version));
    assert_eq!(observer.next_of("ada").await, [json!(["ada", task.version])]);

    let [_here, there] = servers;
    drop(live);
    there.stop().await;
    check_that_it_sends_nothing(&ada, &mut relay, &mut observer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_idle_server_sends_each_write_by_itself() {
    let servers = servers(2, NEVER, true).await;
    let mut observer = Observer::of(&servers[0].database).await;
    let (ada, there) = (servers[0].user("ada"), servers[1].user("ada"));
    let (mut live, _) = Live::open(&there, None).await;
    for number in 1..=5 {
        ada.create("one after the other").await;
        assert_eq!(live.expect("task.created").await["seq"], number);
        assert_eq!(observer.next_of("ada").await, [json!(["ada", number])]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_of_the_release_before_gets_hints_too() {
    let database = Arc::new(TestDatabase::new().await);
    let mut other = PgListener::connect(database.url()).await.expect("a connection");
    other.execute("LISTEN taskwire_changes").await.expect("a subscription");
    let mut other = Observer(other);
    let server = TestServer::on(database, sweeping(SOON, true)).await;
    let ada = server.user("ada");
    loop {
        ada.create("something").await;
        if timeout(SOON, other.next_of("ada")).await.is_ok() {
            break;
        }
    }
}
