//! A batch with an id is applied once, even if it is sent repeatedly, concurrently or to several
//! servers; and every batch takes the same number of SQL statements.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::engine::BatchResponse;
use taskwire::model::TaskId;
use uuid::Uuid;

use crate::concurrency::check_log;
use crate::kit::{Call, Client, Options, Relay, TestDatabase, TestServer, at};

fn send(client: &Client, body: Value) -> Call {
    client.post("/tasks/batch").json(body)
}

#[tokio::test]
async fn a_repeated_batch_changes_nothing_and_returns_the_current_tasks() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (id, kept, doomed) = (Uuid::now_v7(), ada.create("kept").await, ada.create("doomed").await);
    let body = json!({"id": id, "mode": "each", "operations": [
        {"op": "create", "task": {"title": "new"}},
        {"op": "update", "id": kept.id, "changes": {"title": "renamed"}},
        {"op": "update", "id": doomed.id, "changes": {"title": "renamed"}},
        {"op": "delete", "id": Uuid::nil()},
    ]});
    let first: BatchResponse = send(&ada, body.clone()).expect(200).await.json();
    assert!(!first.repeated);
    let new = first.results[0].task_id.expect("an id");
    let newer = ada.update(new, json!({"title": "newer"})).await;
    ada.delete(&at(doomed.id)).expect(204).await;
    let before = ada.log().await;

    // It is the same batch with other spaces and another order of the keys.
    let pretty = serde_json::to_string_pretty(&body).expect("JSON");
    let turned = pretty
        .replace("\"op\": \"create\",", "")
        .replace("\"title\": \"new\"\n      }", "\"title\": \"n\\u0065w\"}, \"op\": \"create\"");
    assert_ne!(turned, pretty);
    for again in [body.to_string(), pretty, turned] {
        let answer: BatchResponse = ada.post("/tasks/batch").bytes("application/json", again).expect(200).await.json();
        assert!(answer.repeated);
        let statuses: Vec<u16> = answer.results.iter().map(|result| result.status).collect();
        assert_eq!(statuses, [201, 200, 200, 404]);
        assert_eq!(answer.results[0].task.as_ref(), Some(&newer));
        assert_eq!(answer.results[1].task, first.results[1].task);
        assert_eq!((answer.results[2].task_id, answer.results[2].task.as_ref()), (Some(doomed.id), None));
        assert!(answer.results[3].problem.is_some());
    }
    assert_eq!(ada.log().await, before);

    // This also holds after a restart.
    let database = server.stop().await;
    let server = TestServer::on(database, Options::default()).await;
    let answer: BatchResponse = send(&server.user("ada"), body).expect(200).await.json();
    assert!(answer.repeated);
    assert_eq!(check_log(&server.user("ada")).await, before);
}

#[tokio::test]
async fn another_batch_with_the_same_id_is_a_conflict() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let id = Uuid::now_v7();
    let new = |title: &str| json!({"op": "create", "task": {"title": title}});
    let body = json!({"id": id, "operations": [new("a"), new("b")]});
    // A rejected batch was not applied, so the id may be used again with another body.
    send(&ada, json!({"id": id, "operations": [{"op": "delete", "id": Uuid::now_v7()}]}))
        .problem(404, "NOT_FOUND")
        .await;
    send(&ada, body.clone()).expect(200).await;
    for other in [
        json!({"id": id, "operations": [new("a")]}),
        json!({"id": id, "operations": [new("b"), new("a")]}),
        json!({"id": id, "operations": [new("a"), new("b"), new("c")]}),
        json!({"id": id, "mode": "each", "operations": [new("a"), new("b")]}),
    ] {
        let problem = send(&ada, other).problem(409, "CONFLICT").await;
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.contains("another batch had this id")),
            "{problem}"
        );
        assert!(!problem.to_string().contains("operations["), "no operation is at fault: {problem}");
    }
    assert_eq!(ada.log().await.len(), 2);
    // Another user may use the same id.
    let answer: BatchResponse = send(&bob, body).expect(200).await.json();
    assert!(!answer.repeated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_that_is_sent_many_times_concurrently_is_applied_once() {
    let database = Arc::new(TestDatabase::new().await);
    let servers = [
        TestServer::on(database.clone(), Options::default()).await,
        TestServer::on(database, Options::default()).await,
    ];
    for round in 0..8 {
        let user = format!("user {round}");
        let parent = TaskId::new();
        let body = json!({"id": Uuid::now_v7(), "operations": [
            {"op": "create", "task": {"id": parent, "title": "parent"}},
            {"op": "create", "task": {"title": "child", "parent_id": parent}},
        ]});
        let sends = (0..16).map(|sender: usize| {
            let client = servers[sender % 2].user(&user);
            let body = body.clone();
            tokio::spawn(async move { send(&client, body).expect(200).await.json::<BatchResponse>() })
        });
        let answers: Vec<BatchResponse> =
            join_all(sends).await.into_iter().map(|answer| answer.expect("all are answered")).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        let child = answers[0].results[1].task_id;
        assert!(answers.iter().all(|answer| answer.results[1].task_id == child));
        assert_eq!(check_log(&servers[0].user(&user)).await.len(), 2);
    }
}

/// The statements of a batch with `each` operations of each kind on separate tasks.
async fn statements_of(client: &Client, relay: &mut Relay, each: usize) -> Vec<String> {
    let new = (0..each * 4).map(|number| json!({"op": "create", "task": {"title": format!("task {number}")}}));
    let ids: Vec<TaskId> =
        client.batch(json!(new.collect::<Vec<_>>())).await.into_iter().filter_map(|made| made.task_id).collect();
    let mut operations = Vec::new();
    for four in ids.chunks(4) {
        operations.extend([
            json!({"op": "create", "task": {"id": TaskId::new(), "title": "new", "parent_id": four[0]}}),
            json!({"op": "update", "id": four[0], "changes": {"title": "changed", "project_id": null}}),
            json!({"op": "complete", "id": four[1]}),
            json!({"op": "move", "id": four[2], "to": {"before": four[1]}}),
            json!({"op": "delete", "id": four[3]}),
        ]);
    }
    relay.transactions();
    send(client, json!({"id": Uuid::now_v7(), "operations": operations})).expect(200).await;
    let [transaction] = relay.transactions().try_into().expect("a batch is one transaction");
    transaction
}

#[tokio::test]
async fn five_hundred_operations_take_as_many_statements_as_five() {
    let database = Arc::new(TestDatabase::new().await);
    let mut relay = Relay::to(&database).await;
    let options = Options { through: Some(relay.url.clone()), ..Options::default() };
    let server = TestServer::on(database, options).await;
    let ada = server.user("ada");
    let few = statements_of(&ada, &mut relay, 1).await;
    let many = statements_of(&ada, &mut relay, 100).await;
    assert_eq!(many, few);
    assert!((4..=10).contains(&few.len()), "{} statements: {few:#?}", few.len());
    check_log(&ada).await;
}
