//! A dump is restored while clients know a future that it does not contain. A client there is told to list
//! again, whichever server it is at and whether that server notices by a restart, by the sweep or by its own
//! write. The numbers are given again, and no client takes the new changes for the rest of the old ones.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::kit::{Client, Live, Scratch, TestDatabase, TestServer, run};
use crate::servers::{NEVER, servers, sweeping};

pub const OFTEN: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes these tasks one after the other, and returns the positions after them.
pub async fn write(client: &Client, titles: &[&str]) -> Vec<String> {
    let mut positions = Vec::new();
    for title in titles {
        client.create(title).await;
        positions.push(client.position().await);
    }
    positions
}

/// Fails the test unless a client at this position must list again, whichever way it comes.
pub async fn is_refused(client: &Client, after: &str) {
    client.get(&format!("/changes?after={after}")).problem(410, "GONE").await;
    let (mut live, hello) = Live::open(client, Some(after)).await;
    let mut silent = Live::open_silently(client, None).await;
    silent.authenticate(client.token().expect("a token"), Some(after)).await;
    let second_hello = silent.expect("hello").await;
    assert_eq!((&hello["resumed"], &second_hello["resumed"]), (&json!(false), &json!(false)));
    for live in [&mut live, &mut silent] {
        assert_eq!(live.expect("reset").await["position"], client.position().await);
        live.expect_nothing().await;
    }
}

/// Fails the test unless a client at this position gets exactly these changes, whichever way it comes.
pub async fn continues(client: &Client, after: &str, changes: &[Value]) {
    let page: Value = client.get(&format!("/changes?after={after}")).expect(200).await.json();
    assert_eq!(page["changes"], json!(changes));
    let (mut live, hello) = Live::open(client, Some(after)).await;
    assert_eq!(hello["resumed"], true);
    assert_eq!(live.changes(changes.len()).await, changes);
    live.expect("caught_up").await;
}

/// Fails the test unless the next message is a reset, after which the client can list and follow the log to
/// its end.
pub async fn is_reset_and_ends_like(live: &mut Live, client: &Client) {
    let reset = live.expect("reset").await;
    let log = client.log().await;
    let from = log.iter().position(|change| change["position"] == reset["position"]).expect("a position of the log");
    let following = &log[from + 1..];
    assert_eq!(live.changes(following.len()).await, following);
    live.expect_nothing().await;
}

/// Returns once the server has replaced its dead connections.
pub async fn settle(client: &Client) {
    let settled = async {
        let mut answers = 0;
        while answers < 8 {
            answers = if client.get("/stats").send().await.status == 200 { answers + 1 } else { 0 };
        }
    };
    timeout(PATIENCE, settled).await.expect("the server reaches the database");
}

/// A dump of a database.
struct Dump(Scratch);

impl Dump {
    async fn of(database: &TestDatabase) -> Self {
        let scratch = Scratch::new();
        postgres_tool(&scratch, "pg_dump", &["-Fc", "-f", "dump", database.url()]).await;
        Self(scratch)
    }

    async fn restore_into(&self, database: &TestDatabase) {
        postgres_tool(&self.0, "pg_restore", &["--clean", "--if-exists", "-d", database.url(), "dump"]).await;
    }
}

async fn postgres_tool(dir: &Scratch, program: &str, arguments: &[&str]) {
    let output = run(Command::new(program).args(arguments).current_dir(dir.path()).kill_on_drop(true)).await;
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_dump_in_the_same_database_is_noticed_by_a_server_that_restarts_and_by_one_that_does_not() {
    let mut servers = servers(2, OFTEN, false).await;
    let (database, restarting) = (servers[0].database.clone(), servers.pop().expect("two servers"));
    let ada = servers[0].user("ada");
    let past = write(&ada, &["one", "two", "three"]).await;
    let dump = Dump::of(&database).await;
    let lost = write(&ada, &["lost 4", "lost 5"]).await;
    let (mut live, _) = Live::open(&ada, None).await;
    restarting.stop().await;
    dump.restore_into(&database).await;
    let restarted = TestServer::on(database.clone(), sweeping(OFTEN, false)).await;

    let there = ada.at(&restarted);
    for client in [&ada, &there] {
        is_refused(client, &lost[0]).await;
        is_refused(client, &lost[1]).await;
    }
    write(&there, &["new 4", "new 5", "new 6"]).await;
    write(&ada, &["new 7"]).await;
    is_reset_and_ends_like(&mut live, &ada).await;
    let log = ada.log().await;
    assert_eq!(log.len(), 7);
    for client in [&ada, &there] {
        is_refused(client, &lost[0]).await;
        is_refused(client, &lost[1]).await;
        // The restored database has these changes.
        continues(client, &past[1], &log[2..]).await;
        continues(client, &past[2], &log[3..]).await;
    }
}

#[tokio::test]
async fn a_server_whose_database_was_set_back_notices_at_its_own_write() {
    for in_one_batch in [false, true] {
        let servers = servers(1, NEVER, false).await;
        let ada = servers[0].user("ada");
        write(&ada, &["one", "two", "three"]).await;
        let dump = Dump::of(&servers[0].database).await;
        write(&ada, &["lost 4", "lost 5"]).await;
        let (mut live, _) = Live::open(&ada, None).await;
        dump.restore_into(&servers[0].database).await;

        if in_one_batch {
            let create = |number: i64| json!({ "op": "create", "task": { "title": format!("new {number}") } });
            let operations: Vec<Value> = (4..=8).map(create).collect();
            ada.post("/tasks/batch").json(json!({ "operations": operations })).expect(200).await;
        } else {
            ada.create("new 4").await;
        }
        is_reset_and_ends_like(&mut live, &ada).await;
        write(&ada, &["and on"]).await;
        assert_eq!(live.expect("task.created").await["task"]["title"], "and on");
    }
}

#[tokio::test]
async fn a_server_notices_at_its_own_write_what_another_wrote_in_the_restored_database() {
    let servers = servers(2, NEVER, false).await;
    let ada = servers[0].user("ada");
    write(&ada, &["one", "two", "three"]).await;
    let dump = Dump::of(&servers[0].database).await;
    let lost = write(&ada, &["lost 4", "lost 5"]).await;
    let (mut live, _) = Live::open(&ada, None).await;
    dump.restore_into(&servers[0].database).await;

    write(&ada.at(&servers[1]), &["new 4", "new 5", "new 6", "new 7"]).await;
    ada.create("new 8").await;
    is_reset_and_ends_like(&mut live, &ada).await;
    is_refused(&ada, &lost[1]).await;
}

#[tokio::test]
async fn a_new_client_shows_a_server_that_its_database_was_set_back() {
    let servers = servers(2, NEVER, false).await;
    let ada = servers[0].user("ada");
    write(&ada, &["one", "two", "three"]).await;
    let dump = Dump::of(&servers[0].database).await;
    write(&ada, &["lost 4", "lost 5"]).await;
    let (mut live, _) = Live::open(&ada, None).await;
    dump.restore_into(&servers[0].database).await;

    write(&ada.at(&servers[1]), &["new 4", "new 5"]).await;
    let (_newcomer, hello) = Live::open(&ada, None).await;
    assert_eq!(hello["seq"], 5);
    is_reset_and_ends_like(&mut live, &ada).await;
}

#[tokio::test]
async fn a_user_who_had_not_written_yet_gets_the_new_changes() {
    let servers = servers(1, OFTEN, false).await;
    let (ada, database) = (servers[0].user("ada"), servers[0].database.clone());
    let beginning = ada.position().await;
    let dump = Dump::of(&database).await;
    let lost = write(&ada, &["lost 1"]).await;
    let (mut live, _) = Live::open(&ada, None).await;
    dump.restore_into(&database).await;
    assert_eq!(live.expect("reset").await["position"], beginning);
    write(&ada, &["new 1", "new 2"]).await;
    let log = ada.log().await;
    assert_eq!(live.changes(2).await, log);
    is_refused(&ada, &lost[0]).await;
    continues(&ada, &beginning, &log).await;
}

#[tokio::test]
async fn a_dump_in_another_database_is_a_history_of_its_own() {
    let servers = servers(1, OFTEN, false).await;
    let (ada, database) = (servers[0].user("ada"), servers[0].database.clone());
    let past = write(&ada, &["one", "two", "three"]).await;
    let dump = Dump::of(&database).await;
    let lost = write(&ada, &["lost 4", "lost 5"]).await;
    let (mut live, _) = Live::open(&ada, None).await;
    let restored = Arc::new(TestDatabase::empty().await);
    dump.restore_into(&restored).await;

    // A server is started on it, and the other finds it under the name of the first.
    database.exchange_with(&restored).await;
    let started = TestServer::on(database, sweeping(OFTEN, false)).await;
    settle(&ada).await;
    let there = ada.at(&started);
    write(&there, &["new 4"]).await;
    write(&ada, &["new 5", "new 6"]).await;
    is_reset_and_ends_like(&mut live, &ada).await;
    assert_eq!(ada.log().await.len(), 6);
    for client in [&ada, &there] {
        for position in [&past[2], &lost[0], &lost[1]] {
            is_refused(client, position).await;
        }
    }
}
