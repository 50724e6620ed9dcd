//! A deleted user leaves nothing behind except the revocation, and a user who returns starts with a
//! new history.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};
use taskwire::identity::deletion::DeletedUser;
use uuid::Uuid;

use crate::kit::{Client, Live, Options, SECRET, TestDatabase, TestServer, at};
use crate::servers::{SOON, servers};

/// An id that does not occur anywhere by chance.
const ADA: &str = "ada-who-leaves";

/// The tables that keep a trace: the revocation of the user's access.
const STAYS: [&str; 1] = ["revocations"];

/// The tables in which a user's id occurs in any column, with the number of rows.
async fn traces(server: &TestServer, user: &str) -> BTreeMap<String, i64> {
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&server.pool).await.expect("the tables");
    assert!(tables.len() > 8, "the schema has too few tables");
    let mut traces = BTreeMap::new();
    for table in tables {
        let count = format!("SELECT count(*) FROM {table} t WHERE strpos(t::text, '{user}') > 0");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&server.pool).await.expect("a count");
        let name = table.trim_start_matches("public.").to_owned();
        assert!(traces.insert(name, count).is_none());
    }
    traces.retain(|_, count| *count > 0);
    traces
}

/// The tables of users' data, found by their owner column.
async fn of_users(server: &TestServer) -> Vec<String> {
    let tables = "SELECT c.table_name::text FROM information_schema.columns c
                  JOIN information_schema.tables t USING (table_schema, table_name)
                  WHERE c.table_schema = 'public' AND c.column_name = 'owner_id' AND t.table_type = 'BASE TABLE'
                  ORDER BY 1";
    sqlx::query_scalar(tables).fetch_all(&server.pool).await.expect("the tables")
}

/// Creates something of every kind for a user.
async fn fill(user: &Client) {
    let project: Value = user.post("/projects").json(json!({ "name": "Home" })).expect(201).await.json();
    let parent = user.create_with(json!({ "title": "Paint", "project_id": project["id"] })).await;
    user.create_with(json!({ "title": "Buy paint", "parent_id": parent.id })).await;
    let deleted = user.create("deleted").await;
    user.delete(&at(deleted.id)).expect(204).await;
    let again = user
        .create_with(json!({ "title": "Water", "due": { "date": "2026-11-25" }, "recurrence": "FREQ=DAILY" }))
        .await;
    user.patch(&format!("{}/complete", at(again.id))).json(json!({ "completed": true })).expect(200).await;
    let batch = json!({
        "id": Uuid::now_v7(),
        "operations": [{ "op": "create", "task": { "title": "in a batch" } }],
    });
    user.post("/tasks/batch").json(batch).expect(200).await;
    user.with_api_token("read-write").await;
}

/// Gives a user a local account with a session.
async fn give_account(server: &TestServer, user: &str) {
    for statement in [
        "INSERT INTO accounts (owner_id, email, name, created_at, updated_at)
         VALUES ($1, 'who@leaves.example', 'Who leaves', now(), now())",
        "INSERT INTO sessions (owner_id, id, token_hash, rotated_at, confirmed, remembered, created_at, last_used_at,
                               idle_expires_at, expires_at)
         VALUES ($1, gen_random_uuid(), sha256('a'), now(), true, true, now(), now(), now() + interval '1 day',
                 now() + interval '1 day')",
    ] {
        sqlx::query(statement).bind(user).execute(&server.pool).await.expect("an insertion");
    }
}

/// A client with a token whose `iat` is this many seconds from now.
fn issued_in(user: &Client, name: &str, seconds: i64) -> Client {
    let now = Utc::now().timestamp();
    let claims = json!({ "sub": name, "iat": now + seconds, "exp": now + 3600 });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    user.with_token(Some(jsonwebtoken::encode(&Header::default(), &claims, &key).expect("a token")))
}

/// Makes all revocations a minute older.
async fn a_minute_later(server: &TestServer) {
    let shift = "UPDATE revocations SET revoked_at = revoked_at - interval '1 minute'";
    sqlx::query(shift).execute(&server.pool).await.expect("an update");
}

#[tokio::test]
async fn a_deleted_user_leaves_nothing_in_any_table_and_nobody_else_loses_anything() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user(ADA), server.user("bob"));
    fill(&ada).await;
    fill(&bob).await;
    give_account(&server, ADA).await;
    let before = (bob.everything().await, bob.log().await, traces(&server, "bob").await);
    let all = of_users(&server).await;
    // Every table must hold data first, otherwise an empty table would prove nothing.
    let held = traces(&server, ADA).await;
    let empty: Vec<&String> =
        all.iter().filter(|table| !held.contains_key(*table) && !STAYS.contains(&table.as_str())).collect();
    assert!(empty.is_empty(), "fill() puts nothing into {empty:?}");

    let deleted: DeletedUser = ada.delete("").expect(200).await.json();
    let count = |table: &str| u64::try_from(held[table]).expect("a count");
    let expected = DeletedUser {
        tasks: count("tasks"),
        projects: count("projects"),
        trash: count("trash"),
        occurrences: count("task_occurrences"),
        changes: count("changes"),
        batches: count("batches"),
        api_tokens: count("api_tokens"),
    };
    assert_eq!(deleted, expected);
    let left = traces(&server, ADA).await;
    assert_eq!(left.keys().collect::<Vec<_>>(), STAYS);
    assert_eq!((bob.everything().await, bob.log().await, traces(&server, "bob").await), before);

    // A repeated request succeeds too.
    ada.delete("").problem(401, "UNAUTHORIZED").await;
    let later = issued_in(&ada, ADA, 10);
    let deleted: DeletedUser = later.delete("").expect(200).await.json();
    assert_eq!(
        serde_json::to_value(deleted).expect("JSON").as_object().expect("counts").values().filter(|n| **n != 0).count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_during_a_deletion_are_deleted_too_or_rejected() {
    let servers = servers(3, SOON, true).await;
    let ada = servers[0].user(ADA);
    fill(&ada).await;
    let (script, _) = ada.with_api_token("read-write").await;
    let writes = (0..60).map(|number| {
        let there = [&ada, &script][number % 2].at(&servers[number % 3]);
        let call = match number % 4 {
            0 => there.post("/projects").json(json!({ "name": "late" })),
            1 => there.post("/tasks").json(json!({ "title": "late" })),
            2 => ada.at(&servers[number % 3]).post("/tokens").json(json!({ "name": "late", "scope": "read" })),
            _ => there.post("/tasks/batch").json(json!({
                "operations": [{ "op": "create", "task": { "title": "late" } }],
            })),
        };
        async move {
            let status = call.send().await.status.as_u16();
            assert!([200, 201, 401, 503].contains(&status), "{status}");
            status
        }
    });
    let (statuses, _) = tokio::join!(join_all(writes), ada.delete("").expect(200));
    assert!(statuses.contains(&401) || statuses.contains(&503), "{statuses:?}");
    let left = traces(&servers[0], ADA).await;
    assert_eq!(left.keys().collect::<Vec<_>>(), STAYS);
}

#[tokio::test]
async fn a_user_who_returns_at_once_may_read_and_must_wait_to_write() {
    let server = TestServer::start().await;
    let ada = server.user(ADA);
    ada.create("gone soon").await;
    ada.delete("").expect(200).await;
    let back = issued_in(&ada, ADA, 10);
    assert_eq!(back.page("").await.count, 0);
    let problem = back.post("/tasks").json(json!({ "title": "back" })).problem(503, "UNAVAILABLE").await;
    assert!(problem["detail"].as_str().expect("a detail").contains("deleted a moment ago"), "{problem}");
    a_minute_later(&server).await;
    back.create("back").await;
}

#[tokio::test]
async fn a_user_who_returns_starts_a_new_history_and_old_positions_are_reset() {
    let database = Arc::new(TestDatabase::new().await);
    let server = TestServer::on(database.clone(), Options::default()).await;
    let ada = server.user(ADA);
    for title in ["one", "two", "three"] {
        ada.create(title).await;
    }
    let old = ada.position().await;
    let task = ada.page("").await.tasks.remove(0);
    let (script, _) = ada.with_api_token("read").await;
    ada.delete("").expect(200).await;
    a_minute_later(&server).await;
    server.stop().await;

    let server = TestServer::on(database, Options::default()).await;
    let back = server.user(ADA);
    assert_eq!(back.page("").await.count, 0);
    back.get(&at(task.id)).problem(404, "NOT_FOUND").await;
    // This holds before and after the first write.
    for seq in 0..=4 {
        back.get(&format!("/changes?after={old}")).problem(410, "GONE").await;
        let (mut live, hello) = Live::open(&back, Some(&old)).await;
        assert_eq!(hello["resumed"], false);
        let reset = live.expect("reset").await;
        assert_eq!((&reset["reason"], &reset["seq"]), (&json!("history_changed"), &json!(seq)));
        back.create("back").await;
        assert_eq!(live.expect("task.created").await["seq"], seq + 1);
    }
    assert_eq!(back.log().await.len(), 5);
    script.at(&server).get("/tasks").problem(401, "UNAUTHORIZED").await;
    // The same task id may be used again for a new task.
    back.post("/tasks").json(json!({ "id": task.id, "title": "another" })).expect(201).await;
}

#[tokio::test]
async fn the_sockets_of_a_deleted_user_close_before_the_user_returns() {
    let server = TestServer::start().await;
    let ada = server.user(ADA);
    ada.create("gone soon").await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(Live::open(&ada, None).await.0);
    }
    let mut silent = Live::open_silently(&ada, None).await;
    ada.delete("").expect(200).await;
    a_minute_later(&server).await;
    issued_in(&ada, ADA, 10).create("back").await;
    for live in &mut sockets {
        let error = live.expect("error").await;
        assert_eq!(error["code"], 4401);
        assert_eq!(live.closed().await, 4401);
    }
    silent.authenticate(ada.token().expect("a token"), None).await;
    assert_eq!(silent.closed().await, 4401);
}

#[tokio::test]
async fn a_failed_deletion_deletes_nothing() {
    let server = TestServer::start().await;
    let ada = server.user(ADA);
    fill(&ada).await;
    let before = (ada.everything().await, traces(&server, ADA).await);
    // The last statement of the deletion fails.
    let refuse = "ALTER TABLE revocations ADD CONSTRAINT none_now CHECK (false) NOT VALID";
    sqlx::query(refuse).execute(&server.pool).await.expect("an alteration");
    ada.delete("").problem(500, "SERVER_ERROR").await;
    assert_eq!((ada.everything().await, traces(&server, ADA).await), before);
    sqlx::query("ALTER TABLE revocations DROP CONSTRAINT none_now").execute(&server.pool).await.expect("an alteration");
    ada.delete("").expect(200).await;
}

#[tokio::test]
async fn a_user_who_never_did_anything_can_be_deleted() {
    let server = TestServer::start().await;
    let answer: DeletedUser = server.user("nobody yet").delete("").expect(200).await.json();
    assert_eq!((answer.tasks, answer.changes, answer.api_tokens), (0, 0, 0));
    let row = sqlx::query("SELECT count(*), max(expires_at - now()) > interval '30 days' FROM revocations");
    let row = row.fetch_one(&server.pool).await.expect("the row");
    assert_eq!((row.get::<i64, _>(0), row.get::<bool, _>(1)), (1, true));
    assert!(Duration::from_hours(30 * 24) <= Options::default().token_max_life);
}
