//! Servers of the last release run beside servers of this one, which has migrated the database: every
//! statement of theirs must still be valid.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};
use taskwire::model::TaskId;
use uuid::Uuid;

use crate::kit::{Live, TestDatabase, TestServer};

/// The statements of the last release, commit c2e16e1, from its `.sqlx`.
const LAST_RELEASE: &str = include_str!("last_release.json");

#[tokio::test]
async fn every_statement_of_the_last_release_is_still_valid() {
    let statements: Vec<String> = serde_json::from_str(LAST_RELEASE).expect("a list of statements");
    assert!(statements.len() > 50, "the list is not complete");
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    for statement in statements {
        if let Err(error) = connection.prepare(AssertSqlSafe(statement.clone()).into_sql_str()).await {
            panic!("{error}:\n{statement}");
        }
    }
}

/// The statement of the last release that contains these words.
fn statement(words: &str) -> String {
    let statements: Vec<String> = serde_json::from_str(LAST_RELEASE).expect("a list of statements");
    let found: Vec<String> = statements.into_iter().filter(|statement| statement.contains(words)).collect();
    <[String; 1]>::try_from(found).map(|[statement]| statement).expect("one statement")
}

#[tokio::test]
async fn clients_of_both_releases_see_what_the_other_writes() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    let mut old = server.database.connection().await;

    // The last release creates a task, and then changes its title and labels.
    let id = TaskId::new();
    let create = statement("'task.created', id,");
    sqlx::query(AssertSqlSafe(create))
        .bind("ada")
        .bind(id.as_uuid())
        .bind("Buy Crème")
        .bind(Some("a/b"))
        .bind(false)
        .bind(None::<Vec<u8>>)
        .bind(2_i16)
        .bind(None::<chrono::NaiveDate>)
        .bind(None::<chrono::NaiveTime>)
        .bind(None::<&str>)
        .bind(None::<chrono::DateTime<chrono::Utc>>)
        .bind(None::<&str>)
        .bind(["Home"])
        .bind(None::<Uuid>)
        .execute(&mut old)
        .await
        .expect("the last release creates a task");
    let created = live.expect("task.created").await;
    assert_eq!(created["task"], json!(ada.read(id).await));
    assert_eq!((&created["task"]["priority"], &created["task"]["labels"]), (&json!("medium"), &json!(["Home"])));
    assert_eq!(ada.titles(&[("q", "creme")]).await, ["Buy Crème"]);
    assert_eq!(ada.titles(&[("labels_any", "home")]).await, ["Buy Crème"]);
    sqlx::query(AssertSqlSafe(statement("SET title = n.new_title")))
        .bind("ada")
        .bind(id.as_uuid())
        .bind(None::<Vec<i64>>)
        .bind("Sell milk")
        .bind(false)
        .bind(None::<&str>)
        .bind(None::<bool>)
        .bind(false)
        .bind(None::<i16>)
        .bind(false)
        .bind(None::<chrono::NaiveDate>)
        .bind(None::<chrono::NaiveTime>)
        .bind(None::<&str>)
        .bind(None::<chrono::DateTime<chrono::Utc>>)
        .bind(["Shop"])
        .execute(&mut old)
        .await
        .expect("the last release updates a task");
    assert_eq!(live.expect("task.updated").await["task"]["title"], "Sell milk");
    assert_eq!(ada.titles(&[("q", "sell")]).await, ["Sell milk"]);
    assert_eq!(ada.titles(&[("labels_any", "shop")]).await, ["Sell milk"]);
    assert!(ada.titles(&[("q", "creme")]).await.is_empty() && ada.titles(&[("labels_any", "home")]).await.is_empty());

    // It reads what this release writes.
    ada.create_with(json!({"title": "new", "due": {"date": "2026-12-01"}, "labels": ["Home"]})).await;
    let read = statement("AS \"project_id?: ProjectId\"");
    let rows = sqlx::query(AssertSqlSafe(read))
        .bind("ada")
        .bind(0_i64)
        .bind(10_i64)
        .fetch_all(&mut old)
        .await
        .expect("the last release reads the log");
    let bodies: Vec<Value> = rows.iter().map(|row| row.get("task: Json<TaskRow>")).collect();
    assert_eq!(bodies.len(), 3);
    let due = (&bodies[2]["due_date"], &bodies[2]["version"], &bodies[2]["labels"]);
    assert_eq!(due, (&json!("2026-12-01"), &json!(3), &json!(["Home"])));
}
