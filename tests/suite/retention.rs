//! Changes older than the retention window are removed from the log: always the oldest changes of a
//! user, a bounded number at a time, and without blocking anyone. The newest of them stays, because it shows
//! that a position names it. A client that still needs a removed one is told so and never gets only a part
//! of the history.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Connection;
use taskwire::changes::retention::remove_old;
use taskwire::database::Pool;
use taskwire::model::TaskId;
use tokio::time::timeout;

use crate::kit::{Client, Live, Options, TestServer};

const WEEK: Duration = Duration::from_hours(7 * 24);
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that removes nothing by itself, so that only the test does.
async fn server() -> TestServer {
    TestServer::with(Options { retention: WEEK * 500, ..Options::default() }).await
}

async fn execute(pool: &Pool, statements: &'static str) {
    sqlx::raw_sql(statements).execute(pool).await.unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// Makes the user's changes up to this number eight days older.
async fn age(pool: &Pool, user: &str, up_to: i64) {
    let age = "UPDATE changes SET changed_at = changed_at - interval '8 days' WHERE owner_id = $1 AND seq <= $2";
    sqlx::query(age).bind(user).bind(up_to).execute(pool).await.expect("an update");
    let head = "UPDATE owners o SET last_at = changed_at FROM changes c
                WHERE o.owner_id = $1 AND c.owner_id = $1 AND c.seq = o.last_seq";
    sqlx::query(head).bind(user).execute(pool).await.expect("an update");
}

async fn forget_a_week(pool: &Pool) -> u64 {
    remove_old(pool, WEEK).await.expect("old changes are removed")
}

/// The numbers in the user's stored log.
async fn kept(pool: &Pool, user: &str) -> Vec<i64> {
    let seqs = sqlx::query_scalar("SELECT seq FROM changes WHERE owner_id = $1 ORDER BY seq");
    seqs.bind(user).fetch_all(pool).await.expect("an answer")
}

/// A page of the log.
async fn page(client: &Client, after: &str, limit: u16) -> Value {
    client.get(&format!("/changes?after={after}&limit={limit}")).expect(200).await.json()
}

fn position(value: &Value) -> &str {
    value["position"].as_str().expect("a position")
}

#[tokio::test]
async fn changes_older_than_the_window_are_removed_and_the_rest_stay() {
    let server = server().await;
    let (ada, bob, eve) = (server.user("ada"), server.user("bob"), server.user("eve"));
    for client in [&ada, &bob, &eve] {
        client.create_many(10, "").await;
    }
    age(&server.pool, "ada", 6).await;
    age(&server.pool, "eve", 10).await;
    let log = ada.log().await;
    assert_eq!(forget_a_week(&server.pool).await, 14);
    assert_eq!(forget_a_week(&server.pool).await, 0);
    assert_eq!(kept(&server.pool, "ada").await, [6, 7, 8, 9, 10]);
    assert_eq!(kept(&server.pool, "bob").await.len(), 10);
    assert_eq!(kept(&server.pool, "eve").await, [10]);

    // A client that lacks no removed change continues.
    assert_eq!(page(&ada, position(&log[5]), 500).await["changes"], json!(log[6..]));
    ada.get(&format!("/changes?after={}", position(&log[4]))).problem(410, "GONE").await;
    // The tasks are unchanged, and an up-to-date client can continue.
    let list: Value = ada.get("/tasks").expect(200).await.json();
    assert_eq!(list["count"], 10);
    let beginning = eve.position().await;
    eve.create("goes on").await;
    let page = page(&eve, &beginning, 500).await;
    assert_eq!((&page["changes"][0]["seq"], &page["changes"][1]), (&json!(11), &Value::Null));
}

#[tokio::test]
async fn removal_never_leaves_a_gap_even_if_times_are_wrong() {
    let server = server().await;
    server.user("ada").create_many(6, "").await;
    execute(&server.pool, "UPDATE changes SET changed_at = changed_at - interval '8 days' WHERE seq IN (1, 2, 4, 5)")
        .await;
    let forgotten = timeout(PATIENCE, forget_a_week(&server.pool)).await.expect("the removal ends");
    assert_eq!((forgotten, kept(&server.pool, "ada").await), (1, vec![2, 3, 4, 5, 6]));
    let forgotten = timeout(PATIENCE, forget_a_week(&server.pool)).await.expect("the removal ends");
    assert_eq!(forgotten, 0);
}

#[tokio::test]
async fn one_statement_removes_a_bounded_number_of_changes() {
    let server = server().await;
    execute(
        &server.pool,
        "INSERT INTO owners (owner_id, last_seq, last_at) SELECT 'user ' || n, 2, now() FROM generate_series(1, 2500) n;
         INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at) SELECT 'user ' || n, seq, 'task.deleted', gen_random_uuid(), now() - interval '8 days'
         FROM generate_series(1, 2500) n, generate_series(1, 2) seq WHERE n % 3 > 0;
         INSERT INTO owners (owner_id, last_seq, last_at) VALUES ('ada', 7000, now());
         INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at) SELECT 'ada', n, 'task.deleted', gen_random_uuid(),
             now() - interval '8 days' + n * interval '1 microsecond' + CASE WHEN n > 6500 THEN interval '8 days' ELSE '0' END
         FROM generate_series(1, 7000) n;
         CREATE TABLE removals (count bigint);
         CREATE FUNCTION note_removal() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO removals SELECT count(*) FROM removed; RETURN NULL; END $$;
         CREATE TRIGGER removal AFTER DELETE ON changes REFERENCING OLD TABLE AS removed
             FOR EACH STATEMENT EXECUTE FUNCTION note_removal()",
    )
    .await;
    assert_eq!(forget_a_week(&server.pool).await, 6499 + 1667);
    assert_eq!(kept(&server.pool, "ada").await, (6500..=7000).collect::<Vec<_>>());
    let most: i64 = sqlx::query_scalar("SELECT max(count) FROM removals").fetch_one(&server.pool).await.expect("one");
    assert!(most <= 2000, "{most}");
}

#[tokio::test]
async fn nobody_waits_for_a_removal_under_way() {
    let server = server().await;
    let ada = server.user("ada");
    ada.create_many(5, "").await;
    age(&server.pool, "ada", 3).await;
    let (mut live, hello) = Live::open(&ada, None).await;
    // A removal that has deleted its rows but does not commit until the test allows it.
    execute(
        &server.pool,
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
         CREATE TRIGGER wait AFTER DELETE ON changes FOR EACH STATEMENT EXECUTE FUNCTION wait()",
    )
    .await;
    let mut connection = server.database.connection().await;
    let mut brake = connection.begin().await.expect("a transaction");
    sqlx::raw_sql("SELECT pg_advisory_xact_lock(1)").execute(&mut *brake).await.expect("the lock");
    let pool = server.pool.clone();
    let removal = tokio::spawn(async move { forget_a_week(&pool).await });
    let waiting = async {
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&server.pool).await.expect("an answer") {}
    };
    timeout(PATIENCE, waiting).await.expect("the removal is under way");

    let task = ada.create("meanwhile").await;
    ada.patch(&format!("/tasks/{}", task.id)).json(json!({ "completed": true })).expect(200).await;
    ada.delete(&format!("/tasks/{}", task.id)).expect(204).await;
    assert_eq!(live.changes(3).await[2]["seq"], 8);
    assert_eq!(page(&ada, position(&hello), 500).await["changes"][0]["seq"], 6);
    assert!(!removal.is_finished());
    brake.rollback().await.expect("the lock is given back");
    assert_eq!(removal.await.expect("the removal ends"), 2);
    assert_eq!(kept(&server.pool, "ada").await, [3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_reader_between_two_pages_gets_an_error_instead_of_a_gap() {
    let server = server().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create_many(10, "").await;
    let first = page(&ada, &beginning, 3).await;
    let second = page(&ada, position(&first), 3).await;
    age(&server.pool, "ada", 5).await;
    forget_a_week(&server.pool).await;
    ada.get(&format!("/changes?after={}", position(&first))).problem(410, "GONE").await;
    assert_eq!(page(&ada, position(&second), 500).await["changes"][3]["seq"], 10);

    let head = ada.position().await;
    let (mut live, hello) = Live::open(&ada, Some(position(&first))).await;
    assert_eq!(hello["resumed"], false);
    let reset = live.expect("reset").await;
    assert_eq!((&reset["reason"], position(&reset)), (&json!("expired"), head.as_str()));
    ada.create("goes on").await;
    assert_eq!(live.expect("task.created").await["seq"], 11);
}

#[tokio::test]
async fn an_open_socket_that_missed_removed_changes_is_reset() {
    let server = server().await;
    let ada = server.user("ada");
    ada.create("known").await;
    // Between two sweeps, another server writes changes that this server does not know.
    let (mut live, _) = Live::open(&ada, None).await;
    execute(
        &server.pool,
        "BEGIN;
         UPDATE owners SET last_seq = 4, last_at = now() - interval '8 days' WHERE owner_id = 'ada';
         INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at) SELECT 'ada', n, 'task.deleted', gen_random_uuid(), now() - interval '8 days'
         FROM generate_series(2, 4) n;
         DELETE FROM changes WHERE seq <= 3;
         COMMIT",
    )
    .await;
    ada.create("known again").await;
    let reset = live.expect("reset").await;
    assert_eq!(reset["reason"], "expired");
    let mut seq = reset["seq"].as_i64().expect("a number");
    while seq < 5 {
        seq = live.expect("task.created").await["seq"].as_i64().expect("a number");
    }
    live.expect_nothing().await;
}

#[tokio::test]
async fn an_id_is_free_once_log_and_trash_have_forgotten_it_unless_a_task_has_it() {
    let server = server().await;
    let ada = server.user("ada");
    let (lost, alive) = (TaskId::new().to_string(), TaskId::new().to_string());
    let create = |id: &str, title: &str| ada.post("/tasks").json(json!({ "id": id, "title": title }));
    create(&lost, "lost").expect(201).await;
    create(&alive, "alive").expect(201).await;
    ada.delete(&format!("/tasks/{lost}")).expect(204).await;
    create(&lost, "lost").problem(410, "GONE").await;
    age(&server.pool, "ada", 3).await;
    assert_eq!(forget_a_week(&server.pool).await, 2);

    ada.patch(&format!("/tasks/{alive}")).json(json!({ "completed": true })).expect(200).await;
    let repeated: Value = create(&alive, "alive").expect(200).await.json();
    assert_eq!(repeated["completed"], true);
    create(&alive, "another").problem(409, "CONFLICT").await;
    create(&lost, "lost").problem(410, "GONE").await;
    ada.delete(&format!("/trash/{lost}")).expect(204).await;
    create(&lost, "lost").problem(410, "GONE").await;
    // The deletion leaves the log once the change after it is old too.
    age(&server.pool, "ada", 4).await;
    assert_eq!(forget_a_week(&server.pool).await, 1);
    let again: Value = create(&lost, "lost").expect(201).await.json();
    assert_eq!(again["version"], 5);
    assert_eq!(kept(&server.pool, "ada").await, [4, 5]);
}

#[tokio::test]
async fn a_server_removes_old_changes_by_itself_and_its_sockets_continue() {
    let retention = Duration::from_millis(300);
    let server = TestServer::with(Options { retention, ..Options::default() }).await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    let (mut live, _) = Live::open(&ada, None).await;
    ada.create("one").await;
    ada.create("two").await;
    let forgotten = async { while ada.get(&format!("/changes?after={beginning}")).send().await.status != 410 {} };
    timeout(PATIENCE, forgotten).await.expect("the change is forgotten");
    assert_eq!(live.changes(2).await.len(), 2);
    ada.create("three").await;
    assert_eq!(live.expect("task.created").await["seq"], 3);
    live.expect_nothing().await;
}

#[tokio::test]
async fn a_client_that_knows_the_newest_change_continues_however_old_it_is() {
    let server = server().await;
    let ada = server.user("ada");
    ada.create_many(3, "").await;
    age(&server.pool, "ada", 3).await;
    let head = ada.position().await;
    let log = ada.log().await;
    assert_eq!(forget_a_week(&server.pool).await, 2);
    assert_eq!(page(&ada, &head, 500).await["changes"], json!([]));
    ada.create("after a long time").await;
    assert_eq!(page(&ada, &head, 500).await["changes"][0]["seq"], 4);
    ada.get(&format!("/changes?after={}", position(&log[1]))).problem(410, "GONE").await;
}
