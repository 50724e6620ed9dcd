//! Migrating a database that an earlier release has filled: no data is lost, new columns have their
//! defaults, and clients continue the log from their old positions.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Executor, Row};
use uuid::Uuid;

use crate::concurrency::check_log;
use crate::kit::{Client, Live, Options, TestDatabase, TestServer, at};

/// The number of migrations in the first release.
const FIRST_RELEASE: usize = 1;
/// The number of migrations before the one that rewrites the functions, so that Postgres keeps their
/// plans.
const PLANNED_ANEW: usize = 4;

/// A database with only the first migrations.
pub async fn database_of(migrations: usize) -> TestDatabase {
    let database = TestDatabase::empty().await;
    let all = Migrator::new(Path::new("migrations")).await.expect("the migrations are read");
    let first: Vec<_> = all.iter().take(migrations).cloned().collect();
    let early = Migrator { migrations: Cow::Owned(first), ..all };
    early.run(&mut database.connection().await).await.expect("the first migrations run");
    database
}

/// A user's data as the first release wrote it.
struct Past {
    user: &'static str,
    /// The ids in the order of creation. Every second task was completed, and the last was deleted.
    ids: Vec<Uuid>,
}

const TASKS: usize = 5;

fn past(user: &'static str) -> Past {
    Past { user, ids: (0..TASKS).map(|_| Uuid::now_v7()).collect() }
}

/// The time of a user's change with this number. All of them are within the retention of the log.
fn time(seq: usize) -> DateTime<Utc> {
    static BEGINNING: LazyLock<DateTime<Utc>> = LazyLock::new(|| {
        let beginning = Utc::now() - TimeDelta::hours(1);
        beginning.with_nanosecond(123_456_000).expect("a time within the second")
    });
    *BEGINNING + TimeDelta::seconds(i64::try_from(seq).expect("few changes"))
}

impl Past {
    /// Inserts rows as the first release did: tasks, the log with the fields of that release, and
    /// the counter.
    fn sql(&self) -> String {
        let Self { user, ids } = self;
        let mut sql = Vec::new();
        let mut seq = 0;
        let body = |place: usize, completed: bool, created: usize, updated: usize| {
            format!(
                "jsonb_build_object('id', '{}', 'title', 'task {place} of {user}', 'description', {}, 'completed', {completed},
                    'created_at', '{}'::timestamptz, 'updated_at', '{}'::timestamptz, 'version', {updated})",
                ids[place],
                description(place),
                time(created),
                time(updated),
            )
        };
        let log = |seq: usize, kind: &str, place: usize, body: &str| {
            format!(
                "INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
                 VALUES ('{user}', {seq}, 'task.{kind}', '{}', {body}, '{}');",
                ids[place],
                time(seq)
            )
        };
        for (place, id) in ids.iter().enumerate() {
            seq += 1;
            let (created, mut updated) = (seq, seq);
            sql.push(log(seq, "created", place, &body(place, false, created, created)));
            let completed = place % 2 == 0;
            if completed {
                seq += 1;
                updated = seq;
                sql.push(log(seq, "updated", place, &body(place, true, created, updated)));
            }
            if place == TASKS - 1 {
                seq += 1;
                sql.push(log(seq, "deleted", place, "NULL"));
                continue;
            }
            sql.push(format!(
                "INSERT INTO tasks (owner_id, id, title, description, completed, created_at, updated_at, version,
                                    request_digest)
                 VALUES ('{user}', '{id}', 'task {place} of {user}', {}, {completed}, '{}', '{}', {updated}, {});",
                description(place),
                time(created),
                time(updated),
                if place == 0 { "sha256('first')" } else { "NULL" },
            ));
        }
        sql.push(format!(
            "INSERT INTO owners (owner_id, last_seq, last_at, generation) VALUES ('{user}', {seq}, '{}', 7);",
            time(seq)
        ));
        sql.concat()
    }
}

fn description(place: usize) -> &'static str {
    if place == 1 { "'more'" } else { "NULL" }
}

/// The number of changes in each user's log.
const LOGGED: usize = TASKS + 3 + 1;

async fn filled() -> (Arc<TestDatabase>, [Past; 2]) {
    let database = database_of(FIRST_RELEASE).await;
    let users = [past("ada"), past("bob")];
    let mut connection = database.connection().await;
    for user in &users {
        connection.execute(AssertSqlSafe(user.sql())).await.expect("the first release's rows are taken");
    }
    (Arc::new(database), users)
}

async fn bring_up_to_date(database: &Arc<TestDatabase>) -> TestServer {
    taskwire::database::migrate(database.url()).await.expect("the database is migrated");
    TestServer::on(database.clone(), Options::default()).await
}

#[tokio::test]
async fn tasks_are_kept_and_new_fields_have_their_defaults() {
    let (database, users) = filled().await;
    let server = bring_up_to_date(&database).await;
    for Past { user, ids } in &users {
        let client = server.user(user);
        let tasks = client.in_order().await;
        let in_order: Vec<Uuid> = tasks.iter().map(|task| task.id.as_uuid()).collect();
        assert_eq!(in_order, ids[..TASKS - 1], "the order is that of creation");
        for (place, task) in tasks.iter().enumerate() {
            assert_eq!(task.title, format!("task {place} of {user}"));
            assert_eq!(task.description.as_deref(), (place == 1).then_some("more"));
            assert_eq!(task.completed, place % 2 == 0);
            assert_eq!(task.completed_at, task.completed.then_some(task.updated_at));
            let shown = json!(task);
            for (field, default) in [
                ("priority", json!("none")),
                ("due", json!(null)),
                ("recurrence", json!(null)),
                ("labels", json!([])),
                ("project_id", json!(null)),
                ("parent_id", json!(null)),
            ] {
                assert_eq!(shown[field], default, "{field}");
            }
            assert_eq!(client.read(task.id).await, *task);
        }
        assert_eq!((tasks[0].created_at, tasks[0].version.get(), tasks[1].version.get()), (time(1), 2, 3));
    }
    let mut connection = database.connection().await;
    let digests = "SELECT count(*) FROM tasks WHERE request_digest = sha256('first')";
    assert_eq!(connection.fetch_one(digests).await.expect("a count").get::<i64, _>(0), 2);
}

#[tokio::test]
async fn an_old_log_can_be_read_and_continued() {
    let (database, users) = filled().await;
    let server = bring_up_to_date(&database).await;
    for Past { user, ids } in &users {
        let client = server.user(user);
        let log = client.log().await;
        assert_eq!(log.len(), LOGGED);
        let kinds: Vec<&str> = log.iter().map(|change| change["type"].as_str().expect("a type")).collect();
        let (new, done, gone) = ("task.created", "task.updated", "task.deleted");
        assert_eq!(kinds, [new, done, new, new, done, new, new, done, gone]);
        assert_eq!(log[2]["task"]["description"], "more");
        assert_eq!(log[8]["task_id"], json!(ids[4]));
        for change in &log[..8] {
            assert_eq!((&change["task"]["user_id"], &change["task"]["priority"]), (&json!(user), &json!("none")));
            assert_eq!(change["task"]["version"], change["seq"]);
        }

        let after = log[3]["position"].as_str().expect("a position");
        let rest: Value = client.get(&format!("/changes?after={after}")).expect(200).await.json();
        assert_eq!(rest["changes"].as_array().expect("changes")[..], log[4..]);
        let (mut live, hello) = Live::open(&client, Some(after)).await;
        assert_eq!(hello["resumed"], true);
        assert_eq!(live.changes(LOGGED - 4).await, log[4..]);
        live.expect("caught_up").await;
        let new = client.create_with(json!({"title": "new", "labels": ["Home"]})).await;
        assert_eq!(live.expect("task.created").await["task"], json!(new));
    }
}

#[tokio::test]
async fn old_data_can_be_changed() {
    let (database, users) = filled().await;
    let server = bring_up_to_date(&database).await;
    let Past { user, ids } = &users[0];
    let ada = server.user(user);
    // Ids of deleted tasks stay unusable, and ids of existing tasks are taken.
    for (id, status, code) in [(ids[4], 410, "GONE"), (ids[1], 409, "CONFLICT")] {
        ada.post("/tasks").json(json!({"id": id, "title": "again"})).problem(status, code).await;
        let batch = json!({"operations": [{"op": "create", "task": {"id": id, "title": "again"}}]});
        ada.post("/tasks/batch").json(batch).problem(status, code).await;
    }
    ada.update(ids[1], json!({"priority": "high", "due": {"date": "2026-12-01"}, "labels": ["old"]})).await;
    ada.update(ids[3], json!({"parent_id": ids[1]})).await;
    ada.move_task(ids[2], json!({"before": ids[0]})).await;
    ada.update(ids[0], json!({"completed": false})).await;
    let new = ada.create("new").await;
    let order: Vec<Uuid> = ada.in_order().await.iter().map(|task| task.id.as_uuid()).collect();
    assert_eq!(order, [ids[2], ids[0], ids[1], ids[3], new.id.as_uuid()]);
    ada.delete(&format!("{}?children=include", at(ids[1]))).expect(204).await;
    assert_eq!(new.version.get(), i64::try_from(LOGGED).expect("few") + 5);
    let changed = log_of_tasks_that_still_are(&ada).await;
    assert!(changed > LOGGED);
}

/// Functions computed the generated columns of old rows. A later migration rewrites these functions,
/// and they must still give the same values.
#[tokio::test]
async fn rewritten_functions_give_the_same_words_and_labels() {
    let database = database_of(PLANNED_ANEW).await;
    let before = read_by_functions(&database).await;
    taskwire::database::migrate(database.url()).await.expect("the database is migrated");
    assert_eq!(read_by_functions(&database).await, before);
    assert_eq!(before[0], "'be':2A 'cafe':3B 'creme':1A,4B 'fusse':5B");
    assert_eq!(before[2..4], ["{o\u{1f}ab,o\u{1f}ç}", "NULL"]);
}

async fn read_by_functions(database: &TestDatabase) -> Vec<String> {
    const STATEMENT: &str = r"
        SELECT taskwire_searchable(title, description)::text FROM (VALUES
            (1, 'Crème be', 'CAFÉ creme Füße'),
            (2, 'ΣΊΣΥΦΟΣ ıspanak Łódź שָׁלוֹם', '東京へ行く สวัสดี नमस्ते a-b_c 1½ ﬁn http://a.b/c?d')
        ) AS written(place, title, description)
        UNION ALL
        SELECT COALESCE(taskwire_label_keys('o', labels)::text, 'NULL')
        FROM (VALUES ('{Ab,Ç}'::text[]), ('{}'), ('{a,A}')) AS given(labels)";
    let rows = database.connection().await.fetch_all(STATEMENT).await.expect("the functions are there");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Compares the whole log with the table. Old changes lack newer fields, so only changes since the
/// migration must agree in every field. Therefore it first changes every task. Returns the length of
/// the log.
async fn log_of_tasks_that_still_are(client: &Client) -> usize {
    for task in client.all_tasks().await {
        client.update(task.id, json!({"description": "touched"})).await;
    }
    check_log(client).await.len()
}
