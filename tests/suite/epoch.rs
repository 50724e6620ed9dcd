//! The epoch detects a restored, cloned or promoted database: if the fingerprint differs from the
//! stored one, the first server to notice begins a new history, once.

use std::sync::Arc;
use std::time::Duration;

use taskwire::database;

use crate::kit::{Live, Options, PretendedCitus, SECRET, Scratch, TestDatabase, TestServer, run, taskwire};

async fn pretend_to_be_a_copy(database: &TestDatabase) {
    let pool = database.pool().await;
    sqlx::query("UPDATE history SET fingerprint = 'of the original'").execute(&pool).await.expect("an update");
    pool.close().await;
}

async fn epoch(database: &TestDatabase) -> i64 {
    let pool = database.pool().await;
    let epoch = sqlx::query_scalar("SELECT epoch FROM history").fetch_one(&pool).await.expect("one epoch");
    pool.close().await;
    epoch
}

#[tokio::test]
async fn the_same_database_keeps_its_history_over_a_restart() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create("before the restart").await;
    let before = ada.position().await;
    let database = server.stop().await;
    database::migrate(database.url()).await.expect("a second migration changes nothing");

    let server = TestServer::on(database, Options::default()).await;
    let ada = server.user("ada");
    assert_eq!(ada.position().await, before);
    let (mut live, hello) = Live::open(&ada, Some(&beginning)).await;
    assert_eq!(hello["resumed"], true);
    live.expect("task.created").await;
    live.expect("caught_up").await;
}

#[tokio::test]
async fn a_copy_of_a_database_has_a_history_of_its_own() {
    let server = TestServer::start().await;
    server.user("ada").create("in the original").await;
    let original = server.user("ada").position().await;
    let database = server.stop().await;
    pretend_to_be_a_copy(&database).await;

    let server = TestServer::on(database, Options::default()).await;
    let ada = server.user("ada");
    ada.get(&format!("/changes?after={original}")).problem(410, "GONE").await;
    let (mut live, hello) = Live::open(&ada, Some(&original)).await;
    assert_eq!((&hello["resumed"], &hello["seq"]), (&false.into(), &1.into()));
    assert_eq!(live.expect("reset").await["reason"], "history_changed");
    // All data is still there; only old positions are invalid.
    assert_eq!(ada.log().await.len(), 1);
    ada.create("in the copy").await;
    assert_eq!(live.expect("task.created").await["seq"], 2);
}

#[tokio::test]
async fn a_fingerprint_that_changes_is_noticed_by_the_next_connection() {
    let database = TestDatabase::new().await;
    let before = epoch(&database).await;
    assert_eq!(epoch(&database).await, before, "connecting alone changes nothing");
    pretend_to_be_a_copy(&database).await;
    let after = epoch(&database).await;
    assert_ne!(after, before);
    assert_eq!(epoch(&database).await, after);
}

#[tokio::test]
async fn servers_that_notice_a_copy_concurrently_agree() {
    let database = Arc::new(TestDatabase::new().await);
    for round in 1..=5 {
        let before = epoch(&database).await;
        pretend_to_be_a_copy(&database).await;
        let start = || TestServer::on(database.clone(), Options::default());
        let (one, other) = tokio::join!(start(), start());
        assert_eq!(one.user("ada").position().await, other.user("ada").position().await);
        one.user("ada").create("written by one").await;
        assert_eq!(other.user("ada").log().await.len(), round);
        assert_ne!(epoch(&database).await, before);
    }
}

#[tokio::test]
async fn a_cluster_keeps_its_history_until_a_node_is_another() {
    let database = TestDatabase::new().await;
    let citus = PretendedCitus::on(&database).await;
    let plain = epoch(&database).await;
    citus.run("INSERT INTO cluster.nodes VALUES (1, true, '70/1/5'), (2, true, '71/1/5')").await;
    citus.pretend_nodes().await;
    let cluster = epoch(&database).await;
    assert_ne!(cluster, plain);

    // No node but those of the list counts, so servers on all nodes agree.
    for same in [
        "UPDATE cluster.nodes SET success = false, result = 'connection refused' WHERE nodeid = 2",
        "INSERT INTO cluster.nodes VALUES (3, true, '72/1/5')",
        "UPDATE cluster.nodes SET success = true, result = '71/1/5' WHERE nodeid = 2",
        "UPDATE cluster.nodes SET success = false, result = 'connection refused'",
        "UPDATE cluster.nodes SET success = true, result = nodeid + 69 || '/1/5'",
    ] {
        citus.run(same).await;
        assert_eq!(epoch(&database).await, cluster, "{same}");
    }
    // A standby of a worker was promoted, and then the node that came last was restored.
    let mut before = cluster;
    for another in [
        "UPDATE cluster.nodes SET result = '71/2/5' WHERE nodeid = 2",
        "UPDATE cluster.nodes SET result = '9/1/5' WHERE nodeid = 3",
    ] {
        citus.run(another).await;
        let after = epoch(&database).await;
        assert_ne!(after, before, "{another}");
        assert_eq!(epoch(&database).await, after);
        before = after;
    }
}

#[tokio::test]
async fn a_new_history_by_command_resets_open_sockets_and_old_positions() {
    let mut options = Options::default();
    options.live.sweep = Duration::from_millis(100);
    let server = TestServer::with(options).await;
    let ada = server.user("ada");
    ada.create("before the restore").await;
    let before = ada.position().await;
    let (mut live, _) = Live::open(&ada, Some(&before)).await;
    live.expect("caught_up").await;

    let scratch = Scratch::new();
    let mut command = taskwire(&scratch, ["new-history"]);
    command.env("DATABASE_URL", server.database.url()).env("JWT_SECRET", SECRET);
    assert!(run(&mut command).await.status.success());

    assert_eq!(live.expect("reset").await["reason"], "history_changed");
    ada.get(&format!("/changes?after={before}")).problem(410, "GONE").await;
    ada.create("after it").await;
    assert_eq!(live.expect("task.created").await["seq"], 2);
}
