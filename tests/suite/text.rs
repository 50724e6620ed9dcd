//! Texts that differ only in how their characters are composed, or in characters that nobody sees; also
//! those from before an upgrade.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor;
use taskwire::config::LiveConfig;

use crate::concurrency::check_log;
use crate::kit::{Client, Live, Options, TestServer, at};
use crate::migrations::database_of;
use crate::trash::{delete, restore};

/// The number of migrations before the one that compares labels under NFC.
const BY_CODE_POINT: usize = 8;
const COMPOSED: &str = "Caf\u{e9}";
const DECOMPOSED: &str = "Cafe\u{301}";

async fn labelled(client: &Client, label: &str) -> Vec<String> {
    client.titles(&[("labels_any", label), ("sort", "title")]).await
}

#[tokio::test]
async fn labels_are_equal_under_nfc_and_case_and_keep_their_spelling() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create_with(json!({"title": "a", "labels": [DECOMPOSED]})).await;
    ada.create_with(json!({"title": "b", "labels": [COMPOSED.to_uppercase()]})).await;
    assert_eq!(task.labels.as_slice(), [DECOMPOSED]);
    for label in [COMPOSED, DECOMPOSED, "CAFE\u{301}", "caf\u{e9}"] {
        assert_eq!(labelled(&ada, label).await, ["a", "b"], "{label:?}");
    }
    let twice = json!({"labels": [COMPOSED, DECOMPOSED]});
    ada.patch(&at(task.id)).json(twice).invalid("labels").await;
}

#[tokio::test]
async fn a_name_needs_a_character_that_can_be_seen() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("a\u{200b}").await;
    assert_eq!(task.title, "a\u{200b}", "what is not seen is kept beside what is");
    for blank in ["\u{200b}", "\u{ad}\u{2060}\u{feff}", "\u{1} \u{85}", "\u{3164}"] {
        ada.patch(&at(task.id)).json(json!({ "title": blank })).invalid("title").await;
        ada.put(&at(task.id)).json(json!({ "title": blank })).invalid("title").await;
        ada.post("/projects").json(json!({ "name": blank })).invalid("name").await;
        let batch = json!({"operations": [{"op": "create", "task": {"title": blank}}]});
        ada.post("/tasks/batch").json(batch).invalid("operations[0].task.title").await;
    }
}

#[tokio::test]
async fn old_labels_and_words_are_compared_in_the_same_way_after_an_upgrade() {
    let database = Arc::new(database_of(BY_CODE_POINT).await);
    let live = LiveConfig { sweep: Duration::from_millis(200), ..Options::default().live };
    let server = TestServer::on(database.clone(), Options { live, ..Options::default() }).await;
    let ada = server.user("ada");
    let doubled = ada.create_with(json!({"title": "doubled", "labels": ["b", "x", "a"]})).await;
    let single = ada.create_with(json!({"title": "single", "labels": [DECOMPOSED]})).await;
    let hyphened = ada.create("Müll\u{ad}abfuhr").await;
    // The release before accepted this.
    let old = format!("UPDATE tasks SET labels = '{{b,{DECOMPOSED},a,{COMPOSED}}}' WHERE title = 'doubled'");
    server.database.connection().await.execute(sqlx::AssertSqlSafe(old.clone())).await.expect("labels are stored");
    let deleted = ada.create_with(json!({"title": "deleted", "labels": ["x"]})).await;
    let old = old.replace("'doubled'", "'deleted'");
    server.database.connection().await.execute(sqlx::AssertSqlSafe(old)).await.expect("labels are stored");
    delete(&ada, &deleted).await;
    let log = ada.log().await.len();
    let (mut live, _) = Live::open(&ada, None).await;

    taskwire::database::migrate(database.url()).await.expect("the database is migrated");
    let change = &live.changes(1).await[0];
    assert_eq!((&change["type"], &change["task"]["id"]), (&json!("task.updated"), &json!(doubled.id)));
    assert_eq!(change["task"]["labels"], json!(["b", DECOMPOSED, "a"]));
    assert_eq!(ada.log().await[log..], *std::slice::from_ref(change), "nothing else is to be seen");
    assert_eq!(json!(ada.read(doubled.id).await), change["task"]);
    assert_eq!(ada.read(single.id).await, single);
    assert_eq!(labelled(&ada, COMPOSED).await, ["doubled", "single"]);
    assert_eq!(ada.titles(&[("q", "müllab")]).await, [hyphened.title]);
    let restored = restore(&ada, deleted.id).await;
    assert_eq!(restored.tasks[0].labels.as_slice(), ["b", DECOMPOSED, "a"]);
    let log: Vec<Value> = check_log(&ada).await;
    assert_eq!(log.last().expect("a change")["type"], "task.restored");
}
