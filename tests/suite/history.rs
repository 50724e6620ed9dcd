//! The history of a task: its changes that are still in the log, newest first, and whether the
//! history is complete.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use taskwire::api::history::TaskHistory;
use taskwire::model::TaskId;

use crate::kit::{Client, TestServer, at};

async fn history(client: &Client, id: TaskId, query: &str) -> TaskHistory {
    client.get(&format!("{}/history?{query}", at(id))).expect(200).await.json()
}

/// The changes of a task's history as JSON.
async fn told(client: &Client, id: TaskId) -> Vec<Value> {
    let answer: Value = client.get(&format!("{}/history", at(id))).expect(200).await.json();
    answer["changes"].as_array().expect("changes").clone()
}

fn types(changes: &[Value]) -> Vec<&str> {
    changes.iter().map(|change| change["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn a_task_has_its_changes_and_no_others_newest_first() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    ada.create("Something else").await;
    ada.update(task.id, json!({"title": "Buy oat milk", "priority": "high", "labels": ["errands"]})).await;
    ada.update(task.id, json!({"completed": true})).await;

    let log = ada.log().await;
    assert_eq!(told(&ada, task.id).await, [log[3].clone(), log[2].clone(), log[0].clone()]);
    let whole = history(&ada, task.id, "").await;
    assert_eq!((whole.complete, whole.reaches_back_to, whole.next_cursor), (true, Some(task.created_at), None));
}

#[tokio::test]
async fn a_long_history_comes_in_pages() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("0").await;
    for number in 1..7 {
        ada.update(task.id, json!({"title": number.to_string()})).await;
    }
    let (mut seqs, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page: Value = ada.get(&format!("{}/history?{query}", at(task.id))).expect(200).await.json();
        seqs.push(page["changes"].as_array().expect("changes").iter().map(|change| change["seq"].clone()).collect());
        assert_eq!(page["complete"], true);
        match page["next_cursor"].as_str() {
            Some(next) => query = format!("limit=3&cursor={next}"),
            None => break,
        }
        // A change that happens now would come before the first page.
        ada.update(task.id, json!({"title": "meanwhile"})).await;
    }
    let seqs: Vec<Value> = seqs;
    assert_eq!(seqs, [json!([7, 6, 5]), json!([4, 3, 2]), json!([1])]);
    for forged in ["", "nonsense", "bnVsbA"] {
        ada.get(&format!("{}/history?cursor={forged}", at(task.id))).invalid("cursor").await;
    }
}

#[tokio::test]
async fn a_deleted_task_keeps_its_history() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    ada.delete(&at(task.id)).expect(204).await;
    assert_eq!(types(&told(&ada, task.id).await), ["task.deleted", "task.created"]);
    ada.post(&format!("/trash/{}/restore", task.id)).expect(200).await;
    let restored = told(&ada, task.id).await;
    assert_eq!(types(&restored), ["task.restored", "task.deleted", "task.created"]);
    assert_eq!(restored[0]["task"], json!(ada.read(task.id).await));
    ada.delete(&at(task.id)).expect(204).await;
    ada.delete(&format!("/trash/{}", task.id)).expect(204).await;
    assert_eq!(told(&ada, task.id).await.len(), 4, "the log keeps more than the trash");
}

#[tokio::test]
async fn a_history_with_forgotten_changes_is_marked_as_incomplete() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (task, trashed) = (ada.create("Buy milk").await, ada.create("Lost").await);
    ada.delete(&at(trashed.id)).expect(204).await;
    let later = ada.update(task.id, json!({"title": "Buy oat milk"})).await;
    ada.create("Newer").await;
    let forget = |up_to: i64| {
        let pool = server.pool.clone();
        async move {
            let age = "UPDATE changes SET changed_at = changed_at - interval '8 days' WHERE seq <= $1";
            sqlx::query(age).bind(up_to).execute(&pool).await.expect("an update");
            taskwire::changes::retention::remove_old(&pool, Duration::from_hours(7 * 24)).await.expect("it forgets");
        }
    };
    // The newest of the old changes stays.
    forget(4).await;
    let part = history(&ada, task.id, "").await;
    let aged = later.updated_at - TimeDelta::days(8);
    assert_eq!((part.changes.len(), part.complete, part.reaches_back_to), (1, false, Some(aged)));
    let gone = history(&ada, trashed.id, "").await;
    assert_eq!((gone.changes.len(), gone.complete), (0, false));
    forget(5).await;
    let nothing = history(&ada, task.id, "").await;
    assert_eq!((nothing.changes.len(), nothing.complete), (0, false));
    ada.delete("/trash").expect(204).await;
    ada.get(&format!("{}/history", at(trashed.id))).problem(404, "NOT_FOUND").await;
}

#[tokio::test]
async fn another_users_task_has_no_history() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let task = bob.create("Bob's").await;
    let project: Value = ada.post("/projects").json(json!({"name": "Garden"})).expect(201).await.json();
    let deleted = project["id"].as_str().expect("an id");
    ada.delete(&format!("/projects/{deleted}")).expect(204).await;
    let missing = ada.get(&format!("{}/history", at(TaskId::new()))).expect(404).await;
    for id in [task.id.to_string(), deleted.to_owned()] {
        let answer = ada.get(&format!("{}/history", at(id))).expect(404).await;
        assert_eq!(answer.comparable(), missing.comparable());
    }
}
