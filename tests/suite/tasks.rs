//! Single tasks: create, read, update, complete, delete and count. An update keeps the fields that
//! it omits, a write without effect creates no change, and another user's task is not found.

use reqwest::Method;
use serde_json::{Value, json};
use taskwire::model::Task;
use taskwire::queries::stats::TaskStats;
use uuid::Uuid;

use crate::kit::{Call, Client, TestServer, at};

const MERGE_PATCH: &str = "application/merge-patch+json";

#[tokio::test]
async fn a_created_task_can_be_read_back() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let answer =
        ada.post("/tasks").json(json!({"title": "  Buy milk ", "description": "Two litres"})).expect(201).await;
    let task: Task = answer.json();
    assert_eq!((task.title.as_str(), task.description.as_deref()), ("Buy milk", Some("Two litres")));
    assert_eq!((task.user_id.as_str(), task.completed, task.version.get()), ("ada", false, 1));
    assert_eq!(task.id.as_uuid().get_version_num(), 7);
    assert_eq!(task.created_at, task.updated_at);
    assert_eq!(answer.header("location"), Some(format!("/api/ada/tasks/{}", task.id).as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));

    let read = ada.get(&at(task.id)).expect(200).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.json::<Task>(), task);
    assert_eq!(ada.page("").await.tasks, [task]);
}

#[tokio::test]
async fn a_task_may_be_created_completed_and_without_a_description() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for body in [
        json!({"title": "Done already", "completed": true}),
        json!({"title": "Done already", "completed": true, "description": null}),
    ] {
        let task: Task = ada.post("/tasks").json(body).expect(201).await.json();
        assert_eq!((task.completed, task.description), (true, None));
    }
}

#[tokio::test]
async fn lengths_count_characters_after_trimming_the_title() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let crabs = |count: usize| "🦀".repeat(count);
    let whole = json!({"title": format!("\u{2003}\t{} \n", crabs(200)), "description": crabs(1000)});
    let task: Task = ada.post("/tasks").json(whole).expect(201).await.json();
    assert_eq!((task.title, task.description), (crabs(200), Some(crabs(1000))));

    for (field, body) in [
        ("title", json!({"title": crabs(201)})),
        ("title", json!({"title": ""})),
        ("title", json!({"title": " \t\u{3000}"})),
        ("description", json!({"title": "Crabs", "description": crabs(1001)})),
    ] {
        ada.post("/tasks").json(body.clone()).invalid(field).await;
        ada.patch(&at(task.id)).json(body.clone()).invalid(field).await;
        ada.put(&at(task.id)).json(body).invalid(field).await;
    }
    assert_eq!(ada.log().await.len(), 1, "a rejected request left a change");
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let whole = json!({"title": "Buy milk", "description": "Two litres"});
    for method in [Method::PATCH, Method::PUT] {
        let mut task: Task = ada.post("/tasks").json(whole.clone()).expect(201).await.json();
        for (fields, expected) in [
            (json!({"title": " Buy oat milk "}), ("Buy oat milk", Some("Two litres"), false)),
            (json!({"completed": true}), ("Buy oat milk", Some("Two litres"), true)),
            (json!({"description": " One litre"}), ("Buy oat milk", Some(" One litre"), true)),
            (json!({"description": null}), ("Buy oat milk", None, true)),
            (json!({"title": "A", "description": "B", "completed": false}), ("A", Some("B"), false)),
        ] {
            let answer = ada.call(method.clone(), ada.own(&at(task.id))).json(fields.clone()).expect(200).await;
            let now: Task = answer.json();
            assert_eq!((now.title.as_str(), now.description.as_deref(), now.completed), expected, "{method} {fields}");
            assert!(now.version > task.version && now.updated_at > task.updated_at, "{method} {fields}");
            assert_eq!((now.id, now.created_at), (task.id, task.created_at));
            assert_eq!(answer.header("etag"), Some(format!("\"{}\"", now.version).as_str()));
            assert_eq!(ada.read(task.id).await, now);
            task = now;
        }
    }
}

#[tokio::test]
async fn only_the_description_can_be_cleared() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    for field in ["title", "completed"] {
        ada.patch(&at(task.id)).json(json!({ field: null })).invalid(field).await;
        ada.put(&at(task.id)).json(json!({ field: null })).invalid(field).await;
    }
    assert_eq!(ada.read(task.id).await, task);
}

#[tokio::test]
async fn unknown_and_read_only_fields_are_rejected_by_name() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let complete = format!("{}/complete", at(task.id));
    for field in ["tilte", "version", "user_id", "created_at", "updated_at", "Title", ""] {
        ada.post("/tasks").json(json!({"title": "Buy milk", field: 1})).invalid(field).await;
        ada.patch(&at(task.id)).json(json!({ field: 1 })).invalid(field).await;
        ada.put(&at(task.id)).json(json!({ field: 1 })).invalid(field).await;
        ada.patch(&complete).json(json!({"completed": true, field: 1})).invalid(field).await;
    }
    ada.patch(&at(task.id)).json(json!({"id": task.id})).invalid("id").await;
    assert_eq!(ada.log().await.len(), 1, "a rejected request left a change");
}

#[tokio::test]
async fn only_a_patch_may_call_itself_a_merge_patch() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let body = r#"{"title": "Buy oat milk"}"#;
    let patched: Task = ada.patch(&at(task.id)).bytes(MERGE_PATCH, body).expect(200).await.json();
    assert_eq!(patched.title, "Buy oat milk");
    ada.post("/tasks").bytes(MERGE_PATCH, body).problem(415, "UNSUPPORTED_MEDIA_TYPE").await;
    ada.put(&at(task.id)).bytes(MERGE_PATCH, body).problem(415, "UNSUPPORTED_MEDIA_TYPE").await;
}

#[tokio::test]
async fn completion_is_toggled_without_a_body_and_set_with_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let complete = || ada.patch(&format!("{}/complete", at(task.id)));
    let toggled: Task = complete().expect(200).await.json();
    assert!(toggled.completed);
    let again: Task = complete().expect(200).await.json();
    assert!(!again.completed && again.version > toggled.version);

    let set: Task = complete().json(json!({"completed": true})).expect(200).await.json();
    assert!(set.completed && set.version > again.version);
    let retried: Task = complete().json(json!({"completed": true})).expect(200).await.json();
    assert_eq!(retried, set, "the retry changed something");
}

#[tokio::test]
async fn a_deleted_task_is_gone_for_every_method() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let kept = ada.create("Buy bread").await;
    ada.delete(&at(task.id)).expect(204).await;
    for call in calls(&ada, &at(task.id)) {
        call.expect(404).await;
    }
    assert_eq!(ada.page("").await.tasks, [kept]);
    assert_eq!(ada.log().await.len(), 3);
}

#[tokio::test]
async fn a_write_without_effect_creates_no_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let whole = json!({"title": "Buy milk", "description": "Two litres"});
    let task: Task = ada.post("/tasks").json(whole.clone()).expect(201).await.json();
    let before = ada.page("").await;
    let complete = format!("{}/complete", at(task.id));
    for call in [
        ada.patch(&at(task.id)).json(json!({})),
        ada.put(&at(task.id)).json(json!({})),
        ada.put(&at(task.id)).json(whole),
        ada.patch(&at(task.id)).json(json!({"title": " Buy milk "})),
        ada.patch(&at(task.id)).json(json!({"description": "Two litres", "completed": false})),
        ada.patch(&complete).json(json!({"completed": false})),
    ] {
        let answer = call.expect(200).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(answer.json::<Task>(), task);
    }
    let after = ada.page("").await;
    assert_eq!((after.position, after.tasks), (before.position, before.tasks));
    assert_eq!(ada.log().await.len(), 1);
}

#[tokio::test]
async fn stats_count_the_callers_tasks_and_no_others() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    bob.create("Bob's").await;
    let counts = |stats: TaskStats| (stats.total, stats.pending, stats.completed);
    assert_eq!(counts(ada.get("/stats").expect(200).await.json()), (0, 0, 0));
    let (first, second) = (ada.create("A").await, ada.create("B").await);
    ada.create("C").await;
    ada.update(first.id, json!({"completed": true})).await;
    assert_eq!(counts(ada.get("/stats").expect(200).await.json()), (3, 2, 1));
    ada.delete(&at(second.id)).expect(204).await;
    assert_eq!(counts(ada.get("/stats").expect(200).await.json()), (2, 1, 1));
}

#[tokio::test]
async fn another_users_task_is_answered_like_a_missing_one() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    ada.create("Ada's own").await;
    let task = bob.create("Bob's").await;
    let (foreign, missing) = (at(task.id), at(Uuid::now_v7()));
    for conditional in [false, true] {
        for (foreign, missing) in calls(&ada, &foreign).into_iter().zip(calls(&ada, &missing)) {
            let [foreign, missing] =
                [foreign, missing].map(|call| if conditional { call.header("if-match", "\"1\"") } else { call });
            let (foreign, missing) = (foreign.send().await, missing.send().await);
            assert_eq!(foreign.status, 404);
            assert_eq!(foreign.comparable(), missing.comparable());
        }
    }
    assert_eq!(bob.read(task.id).await, task);
    assert_eq!(ada.log().await.len(), 1, "a rejected request left a change");
}

#[tokio::test]
async fn user_ids_with_odd_characters_work_when_percent_encoded() {
    let server = TestServer::start().await;
    let long = "å".repeat(255);
    for name in [
        "ada lovelace",
        "a/b",
        "/",
        "a//b",
        "100%",
        "%2F",
        "%2e%2e",
        "a+b",
        "Zoë",
        "日本",
        "🦀",
        "a?b#c",
        "a;b=c&d",
        "auth0|5f7c",
        "a\\b",
        "\"quoted\"",
        "{user_id}",
        "...",
        "tasks",
        " ",
        long.as_str(),
    ] {
        let user = server.user(name);
        let answer = user.post("/tasks").json(json!({"title": "Buy milk"})).send().await;
        assert_eq!(answer.status, 201, "{name:?}");
        let task: Task = answer.json();
        assert_eq!(task.user_id, name);
        let location = answer.header("location").expect("a Location");
        assert_eq!(user.call(Method::GET, location).expect(200).await.json::<Task>(), task, "{name:?}");
        assert_eq!(user.page("").await.tasks, [task], "{name:?}");
        let stats: Value = user.get("/stats").expect(200).await.json();
        assert_eq!(stats["total"], 1, "{name:?}");
    }
    // In a path, a plus sign is a plus sign, encoded or not; only in a query it means a space.
    let plus = server.user("a+b");
    let stats: Value = plus.call(Method::GET, "/api/a+b/stats").expect(200).await.json();
    assert_eq!(stats["total"], 1);
}

/// Every request for one task.
fn calls(client: &Client, path: &str) -> Vec<Call> {
    vec![
        client.get(path),
        client.call(Method::HEAD, client.own(path)),
        client.patch(path).json(json!({"title": "New"})),
        client.put(path).json(json!({"title": "New"})),
        client.patch(&format!("{path}/complete")),
        client.patch(&format!("{path}/complete")).json(json!({"completed": true})),
        client.delete(path),
    ]
}
