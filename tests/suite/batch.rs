//! Batches: the operations run in order and in one transaction, all or nothing by default, and
//! their changes have consecutive numbers.

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::model::{Task, TaskId};
use uuid::Uuid;

use crate::concurrency::check_log;
use crate::kit::{Call, Client, Live, TestServer, at};

fn send(client: &Client, body: Value) -> Call {
    client.post("/tasks/batch").json(body)
}

fn create(title: &str) -> Value {
    json!({"op": "create", "task": {"title": title}})
}

fn numbers(changes: &[Value]) -> Vec<i64> {
    changes.iter().map(|change| change["seq"].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn operations_have_the_effect_of_single_requests_in_the_same_order() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (old, doomed) = (ada.create("old").await, ada.create("doomed").await);
    let (mut live, _) = Live::open(&ada, None).await;
    let new = TaskId::new();
    let results = ada
        .batch(json!([
            {"op": "create", "task": {"id": new, "title": "new", "labels": ["Home"]}},
            {"op": "update", "id": old.id, "changes": {"title": "changed", "priority": "high"}},
            {"op": "complete", "id": old.id},
            {"op": "move", "id": new, "to": {"before": old.id}},
            {"op": "delete", "id": doomed.id},
            {"op": "complete", "id": old.id, "completed": false},
            {"op": "update", "id": new, "changes": {}},
        ]))
        .await;
    assert_eq!(results.iter().map(|result| result.status).collect::<Vec<_>>(), [201, 200, 200, 200, 204, 200, 200]);
    let ids = [new, old.id, old.id, new, doomed.id, old.id, new];
    assert!(results.iter().map(|result| result.task_id).eq(ids.map(Some)));
    let tasks: Vec<Option<&Task>> = results.iter().map(|result| result.task.as_ref()).collect();
    assert_eq!(tasks[4], None);
    assert_eq!(tasks[1].map(|task| (task.title.as_str(), task.completed)), Some(("changed", false)), "as it left it");
    assert_eq!(tasks[2].map(|task| task.completed), Some(true));
    assert_eq!(tasks[3], tasks[6], "an operation that changes nothing takes no number");
    let log = check_log(&ada).await;
    assert_eq!(numbers(&log[2..]), [3, 4, 5, 6, 7, 8]);
    assert_eq!(live.changes(6).await, log[2..]);
    assert_eq!(ada.in_order().await, [tasks[6].expect("a task").clone(), tasks[5].expect("a task").clone()]);
}

#[tokio::test]
async fn an_all_or_nothing_batch_changes_nothing_when_one_operation_fails() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (task, parent, gone) = (ada.create("task").await, ada.create("parent").await, ada.create("gone").await);
    ada.create_below(&parent, "child").await;
    ada.delete(&at(gone.id)).expect(204).await;
    let (before, position) = (ada.log().await, ada.position().await);
    for (refused, status, code, field) in [
        (
            json!({"op": "create", "task": {"title": "x", "parent_id": Uuid::now_v7()}}),
            400,
            "VALIDATION_ERROR",
            "operations[2].task.parent_id",
        ),
        (
            json!({"op": "update", "id": task.id, "changes": {"project_id": Uuid::now_v7()}}),
            400,
            "VALIDATION_ERROR",
            "operations[2].changes.project_id",
        ),
        (
            json!({"op": "move", "id": task.id, "to": {"after": task.id}}),
            400,
            "VALIDATION_ERROR",
            "operations[2].to.after",
        ),
        (json!({"op": "update", "id": Uuid::now_v7(), "changes": {"title": "x"}}), 404, "NOT_FOUND", "operations[2]"),
        (json!({"op": "delete", "id": gone.id}), 404, "NOT_FOUND", "operations[2]"),
        (json!({"op": "complete", "id": parent.id}), 409, "CONFLICT", "operations[2]"),
        (json!({"op": "delete", "id": parent.id}), 409, "CONFLICT", "operations[2]"),
        (json!({"op": "create", "task": {"id": task.id, "title": "other"}}), 409, "CONFLICT", "operations[2]"),
        (json!({"op": "create", "task": {"id": gone.id, "title": "gone"}}), 410, "GONE", "operations[2]"),
        (
            json!({"op": "update", "id": parent.id, "if_version": 1, "changes": {"title": "x"}}),
            412,
            "PRECONDITION_FAILED",
            "operations[2]",
        ),
        // The first operation has already changed the version.
        (json!({"op": "complete", "id": task.id, "if_version": 1}), 412, "PRECONDITION_FAILED", "operations[2]"),
    ] {
        let operations =
            [json!({"op": "update", "id": task.id, "changes": {"title": "changed"}}), create("new"), refused];
        let problem = send(&ada, json!({"id": Uuid::now_v7(), "operations": operations})).problem(status, code).await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with(field)), "{problem}");
    }
    assert_eq!((ada.log().await, ada.position().await), (before, position));
    assert_eq!(ada.read(task.id).await, task);
}

#[tokio::test]
async fn a_batch_in_mode_each_applies_the_others_and_reports_every_result() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (task, missing) = (ada.create("task").await, Uuid::now_v7());
    let parent = TaskId::new();
    let body = json!({"mode": "each", "operations": [
        {"op": "delete", "id": missing},
        {"op": "create", "task": {"id": parent, "title": "parent"}},
        {"op": "create", "task": {"title": "child", "parent_id": parent}},
        {"op": "complete", "id": parent},
        {"op": "update", "id": task.id, "if_version": 9, "changes": {"title": "changed"}},
        {"op": "move", "id": task.id, "to": {"before": missing}},
        {"op": "delete", "id": task.id, "if_version": 1},
        {"op": "update", "id": task.id, "changes": {"title": "changed"}},
    ]});
    let answer: Value = send(&ada, body).expect(200).await.json();
    let results = answer["results"].as_array().expect("results");
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().expect("a status")).collect();
    assert_eq!(statuses, [404, 201, 201, 409, 412, 400, 204, 404]);
    for result in results.iter().filter(|result| result["status"].as_u64() >= Some(400)) {
        assert_eq!(result["problem"]["status"], result["status"], "{result}");
        assert!(result["problem"]["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{result}");
    }
    assert_eq!(results[5]["problem"]["errors"][0]["field"], "to.before");
    assert_eq!(numbers(&check_log(&ada).await), [1, 2, 3, 4]);
}

#[tokio::test]
async fn operations_may_refer_to_results_of_earlier_ones() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let ids: Vec<TaskId> = (0..5).map(|_| TaskId::new()).collect();
    let results = ada
        .batch(json!([
            {"op": "create", "task": {"id": ids[0], "title": "house"}},
            {"op": "create", "task": {"id": ids[1], "title": "room", "parent_id": ids[0]}},
            {"op": "create", "task": {"id": ids[2], "title": "wall", "parent_id": ids[1]}},
            {"op": "create", "task": {"id": ids[3], "title": "wall 2"}},
            {"op": "move", "id": ids[3], "to": {"before": ids[2], "parent_id": ids[1]}},
            {"op": "update", "id": ids[2], "if_version": 3, "changes": {"title": "wall 1"}},
            {"op": "complete", "id": ids[1], "children": "include"},
            {"op": "create", "task": {"id": ids[4], "title": "mistake"}},
            {"op": "delete", "id": ids[4]},
            {"op": "delete", "id": ids[0], "children": "include"},
        ]))
        .await;
    assert_eq!(results.len(), 10);
    assert_eq!(results[4].task.as_ref().map(|task| task.version.get()), Some(5));
    let log = check_log(&ada).await;
    assert!(ada.all_tasks().await.is_empty());
    // Five created, one moved, one renamed, three completed, and all five deleted.
    assert_eq!(log.len(), 5 + 1 + 1 + 3 + 5);
    let again = json!({"operations": [{"op": "create", "task": {"id": ids[3], "title": "wall 2"}}]});
    send(&ada, again).problem(410, "GONE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_numbers_of_a_batch_are_consecutive_despite_other_writers() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let shared = ada.create("shared").await;
    let writers = (0..16).map(|writer| {
        let client = server.user("ada");
        tokio::spawn(async move {
            for round in 0..8 {
                if writer % 2 == 0 {
                    let title = json!({"title": format!("{writer} in {round}")});
                    client.patch(&at(shared.id)).json(title).expect(200).await;
                    continue;
                }
                let operations: Vec<Value> = (0..10).map(|number| create(&format!("{number} of {writer}"))).collect();
                let versions: Vec<i64> = client
                    .batch(json!(operations))
                    .await
                    .iter()
                    .map(|result| result.task.as_ref().expect("a task").version.get())
                    .collect();
                assert!(versions.iter().copied().eq(versions[0]..versions[0] + 10), "{versions:?}");
            }
        })
    });
    for done in join_all(writers).await {
        done.expect("no writer fails");
    }
    assert_eq!(check_log(&ada).await.len(), 1 + 8 * 8 + 8 * 8 * 10);
}

#[tokio::test]
async fn a_batch_has_1_to_500_operations() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for count in [0, 501] {
        let problem = send(&ada, json!({"operations": vec![create("one of many"); count]})).invalid("operations").await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("1 to 500 operations")), "{problem}");
    }
    assert!(ada.log().await.is_empty());
    assert_eq!(ada.batch(json!(vec![create("one of many"); 500])).await.len(), 500);
    assert_eq!(check_log(&ada).await.len(), 500);
}

#[tokio::test]
async fn errors_in_a_body_are_reported_for_every_operation() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = Uuid::now_v7();
    let wrong = [
        (json!({}), "op"),
        (json!({"op": "destroy", "id": id}), "op"),
        (json!({"op": 5}), "op"),
        (json!({"op": "create"}), "task"),
        (json!({"op": "create", "task": {"title": " "}}), "task.title"),
        (json!({"op": "create", "task": {"title": "a", "due": {"date": "2026-13-01"}}}), "task.due.date"),
        (json!({"op": "create", "id": id, "task": {"title": "a"}}), "id"),
        (json!({"op": "update", "id": id}), "changes"),
        (json!({"op": "update", "id": "x", "changes": {}}), "id"),
        (json!({"op": "update", "id": id, "changes": {"tilte": "a"}}), "changes.tilte"),
        (json!({"op": "update", "id": id, "if_version": "1", "changes": {}}), "if_version"),
        (json!({"op": "complete", "id": id, "completed": null}), "completed"),
        (json!({"op": "complete", "id": id, "children": "both"}), "children"),
        (json!({"op": "complete"}), "id"),
        (json!({"op": "move", "id": id}), "to"),
        (json!({"op": "move", "id": id, "to": {"before": id, "after": id}}), "to.after"),
        (json!({"op": "delete", "id": id, "children": null}), "children"),
        (json!("delete everything"), "body"),
    ];
    let operations: Vec<&Value> = wrong.iter().map(|(operation, _)| operation).collect();
    for mode in ["all_or_nothing", "each"] {
        let problem =
            send(&ada, json!({"mode": mode, "operations": operations})).problem(400, "VALIDATION_ERROR").await;
        let told: Vec<&str> = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| error["field"].as_str().expect("a field"))
            .collect();
        let expected: Vec<String> =
            wrong.iter().enumerate().map(|(place, (_, field))| format!("operations[{place}].{field}")).collect();
        assert_eq!(told, expected);
    }
    // Two errors of one operation count as two. Of very many, the first hundred are reported.
    let doubly = json!({"op": "create", "task": {"title": "", "description": "x".repeat(1001)}});
    let problem = send(&ada, json!({"operations": vec![doubly; 120]})).problem(400, "VALIDATION_ERROR").await;
    let errors = problem["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 100);
    assert_eq!(errors[99]["field"], "operations[49].task.title");
    for (field, body) in [
        ("mode", json!({"mode": "most", "operations": [create("a")]})),
        ("mode", json!({"mode": null, "operations": [create("a")]})),
        ("id", json!({"id": "x", "operations": [create("a")]})),
        ("id", json!({"id": null, "operations": [create("a")]})),
        ("operations", json!({"operations": {"op": "create"}})),
        ("operations", json!({})),
        ("tasks", json!({"operations": [create("a")], "tasks": []})),
    ] {
        send(&ada, body).invalid(field).await;
    }
    assert!(ada.log().await.is_empty());
}
