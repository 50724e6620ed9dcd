//! Conditional requests: `If-Match` prevents a client from overwriting a version that it has not
//! seen, and `If-None-Match` avoids sending a version that it already has.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use taskwire::model::{Task, TaskId};

use crate::kit::{Call, Client, TestServer, at};

/// Every write to a task that accepts `If-Match` and would change the task.
fn writes(client: &Client, id: TaskId) -> Vec<Call> {
    let title = TaskId::new().to_string();
    vec![
        client.patch(&at(id)).json(json!({"title": title})),
        client.put(&at(id)).json(json!({"title": format!("{title}, again")})),
        client.patch(&format!("{}/complete", at(id))),
        client.delete(&at(id)),
    ]
}

/// Reads a task with `If-None-Match` by GET and HEAD, which must agree. Returns whether the task
/// was sent.
async fn sent(client: &Client, id: TaskId, known: &str) -> bool {
    let get = client.get(&at(id)).header("if-none-match", known).send().await;
    let head = client.call(Method::HEAD, client.own(&at(id))).header("if-none-match", known).send().await;
    assert_eq!((get.status, get.header("etag")), (head.status, head.header("etag")));
    assert!(get.header("etag").is_some(), "{known} was answered without an ETag");
    if get.status == 304 {
        assert!(get.body.is_empty());
        assert_eq!(get.header("content-type"), None);
        return false;
    }
    assert_eq!(get.status, 200);
    assert_eq!(get.header("etag"), Some(format!("\"{}\"", get.json::<Task>().version).as_str()));
    true
}

#[tokio::test]
async fn a_write_with_the_current_tag_succeeds() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    for write in writes(&ada, id) {
        let tag = format!("\"{}\"", ada.read(id).await.version);
        let answer = write.header("if-match", &tag).send().await;
        assert!(answer.status.is_success(), "{answer:?}");
        assert_ne!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(ada.log().await.len(), 5);
}

#[tokio::test]
async fn a_write_with_another_tag_fails_and_names_the_current_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    let task = ada.update(id, json!({"completed": true})).await;
    // A weak tag does not allow overwriting, and tags are compared as text, not as numbers.
    for other in ["\"1\"", "\"3\"", "W/\"2\"", "\"02\"", "\"+2\"", "\"2 \"", "\"\"", "\"a,b\"", "\"1\", \"3\", W/\"2\""]
    {
        for write in writes(&ada, id) {
            let answer = write.header("if-match", other).expect(412).await;
            assert_eq!(answer.header("etag"), Some("\"2\""), "{other}");
        }
    }
    assert_eq!(ada.read(id).await, task);
    assert_eq!(ada.log().await.len(), 2, "a rejected write left a change");
}

#[tokio::test]
async fn one_current_tag_among_others_is_enough() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    for (number, list) in ["\"1\", \"77\"", "\"a,b\",\"2\"", "W/\"3\" ,\"3\""].into_iter().enumerate() {
        let fields = json!({"title": number.to_string()});
        ada.patch(&at(id)).json(fields).header("if-match", list).expect(200).await;
    }
    let fields = json!({"title": "In two headers"});
    ada.patch(&at(id)).json(fields).header("if-match", "\"3\"").also("if-match", "\"4\"").expect(200).await;
}

#[tokio::test]
async fn a_star_matches_every_existing_task_and_no_missing_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    for write in writes(&ada, id) {
        let answer = write.header("if-match", "*").send().await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
    for write in writes(&ada, id) {
        write.header("if-match", "*").problem(404, "NOT_FOUND").await;
    }
}

#[tokio::test]
async fn a_condition_is_checked_also_when_the_write_changes_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    ada.update(id, json!({"completed": true})).await;
    let same = || ada.patch(&at(id)).json(json!({"completed": true}));
    same().header("if-match", "\"1\"").problem(412, "PRECONDITION_FAILED").await;
    let answer = same().header("if-match", "\"2\"").expect(200).await;
    assert_eq!(answer.header("etag"), Some("\"2\""));
}

#[tokio::test]
async fn a_malformed_tag_is_rejected_and_nothing_is_written() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    for malformed in ["1", "\"1", "1\"", "'1'", "W/1", "w/\"1\"", "\"1\" \"2\"", "*, \"1\"", "\"1\"\"2\"", "-", "**"] {
        for write in writes(&ada, id) {
            write.header("if-match", malformed).invalid("if-match").await;
        }
        ada.get(&at(id)).header("if-none-match", malformed).invalid("if-none-match").await;
    }
    assert_eq!(ada.log().await.len(), 1);
}

#[tokio::test]
async fn a_read_of_a_known_version_returns_no_body() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    // Reads compare weakly: W/"1" matches "1".
    for known in ["\"1\"", "W/\"1\"", "*", "\"7\", \"1\"", "\"a,b\", W/\"1\""] {
        assert!(!sent(&ada, id, known).await, "{known}");
    }
    for other in ["\"2\"", "\"01\"", "\"\"", "W/\"7\", \"8\""] {
        assert!(sent(&ada, id, other).await, "{other}");
    }
    ada.update(id, json!({"completed": true})).await;
    assert!(sent(&ada, id, "\"1\"").await);
    assert!(!sent(&ada, id, "\"2\"").await);
    ada.update(id, json!({"completed": true})).await;
    assert!(!sent(&ada, id, "\"2\"").await, "a write that changed nothing changed the tag");
    ada.get(&at(TaskId::new())).header("if-none-match", "*").problem(404, "NOT_FOUND").await;
}

#[tokio::test]
async fn of_updates_that_race_with_one_tag_exactly_one_wins() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut task = ada.create("Buy milk").await;
    for round in 0..25 {
        let tag = format!("\"{}\"", task.version);
        let race = ["a", "b", "c"].map(|name| {
            let fields = json!({"title": format!("{name} {round}")});
            ada.patch(&at(task.id)).json(fields).header("if-match", &tag).send()
        });
        let answers = join_all(race).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 2));
        task = ada.read(task.id).await;
        assert_eq!(won[0].json::<Task>(), task);
        let current: HashSet<_> = lost.iter().map(|answer| (answer.status.as_u16(), answer.header("etag"))).collect();
        assert_eq!(current, HashSet::from([(412, won[0].header("etag"))]));
    }
    assert_eq!(ada.log().await.len(), 26);
}
