//! Creation with a client-chosen id: it is safe to retry, even concurrently and after the task has
//! changed, and it never restores a deleted task.

use std::collections::HashMap;

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::model::{ChangeKind, Subject, Task, TaskId};

use crate::kit::{Answer, Call, Client, TestServer, at};

fn create(client: &Client, id: TaskId, title: &str) -> Call {
    client.post("/tasks").json(json!({"id": id, "title": title}))
}

#[tokio::test]
async fn a_repeated_request_returns_the_current_task() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = TaskId::new();
    let first = create(&ada, id, "Buy milk").expect(201).await;
    let task: Task = first.json();
    assert_eq!(task.id, id);
    assert_eq!(first.header("location"), Some(format!("/api/ada/tasks/{id}").as_str()));

    let again = create(&ada, id, "Buy milk").expect(200).await;
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.json::<Task>(), task);

    let updated = ada.update(id, json!({"title": "Buy oat milk", "completed": true})).await;
    let later = create(&ada, id, "Buy milk").expect(200).await;
    assert_eq!(later.header("etag"), Some("\"2\""));
    assert_eq!(later.json::<Task>(), updated);
    assert_eq!(ada.log().await.len(), 2, "a retry left a change");
}

#[tokio::test]
async fn equivalent_requests_count_as_the_same() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = TaskId::new();
    create(&ada, id, "Buy milk").expect(201).await;
    let upper = id.to_string().to_uppercase();
    for same in [
        json!({"id": id, "title": "  Buy milk\n"}),
        json!({"title": "Buy milk", "id": upper}),
        json!({"id": id, "title": "Buy milk", "description": null, "completed": false}),
    ] {
        ada.post("/tasks").json(same).expect(200).await;
    }
}

#[tokio::test]
async fn another_request_with_the_same_id_is_a_conflict() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = TaskId::new();
    let task: Task = create(&ada, id, "Buy milk").expect(201).await.json();
    for other in [
        json!({"id": id, "title": "Buy oat milk"}),
        json!({"id": id, "title": "Buy milk", "description": ""}),
        json!({"id": id, "title": "Buy milk", "completed": true}),
    ] {
        ada.post("/tasks").json(other).problem(409, "CONFLICT").await;
    }
    assert_eq!(ada.read(id).await, task);

    // A client cannot use an id that the server chose either.
    let chosen = ada.create("Buy bread").await;
    create(&ada, chosen.id, "Buy bread").problem(409, "CONFLICT").await;
    assert_eq!(ada.log().await.len(), 2);
}

#[tokio::test]
async fn the_id_of_a_deleted_task_cannot_be_used_again() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (own, chosen) = (TaskId::new(), ada.create("Buy bread").await.id);
    create(&ada, own, "Buy milk").expect(201).await;
    for id in [own, chosen] {
        ada.delete(&at(id)).expect(204).await;
        create(&ada, id, "Buy milk").problem(410, "GONE").await;
        create(&ada, id, "Something else").problem(410, "GONE").await;
    }
    assert_eq!(ada.page("").await.count, 0);
    assert_eq!(ada.log().await.len(), 4);
}

#[tokio::test]
async fn users_may_choose_the_same_ids() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let id = TaskId::new();
    create(&ada, id, "Ada's").expect(201).await;
    create(&bob, id, "Bob's").expect(201).await;
    bob.delete(&at(id)).expect(204).await;
    assert_eq!(ada.read(id).await.title, "Ada's");
    create(&ada, id, "Ada's").expect(200).await;
}

#[tokio::test]
async fn of_concurrent_creates_exactly_one_creates() {
    let server = TestServer::start().await;
    // In half of the rounds, the owner has never written before.
    for round in 0..25 {
        let user = server.user(&if round % 2 == 0 { "ada".to_owned() } else { format!("user {round}") });
        let before = user.log().await.len();
        let id = TaskId::new();
        let answers = join_all((0..4).map(|_| create(&user, id, "Buy milk").send())).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 201]);
        let tasks: Vec<Task> = answers.iter().map(Answer::json).collect();
        assert!(tasks.iter().all(|task| *task == tasks[0]), "the responses differ: {tasks:?}");
        assert_eq!(user.log().await.len(), before + 1);
    }
}

#[tokio::test]
async fn a_create_that_races_a_delete_never_restores_the_task() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for _ in 0..25 {
        let id = TaskId::new();
        let (first, deleted, second, third) = tokio::join!(
            create(&ada, id, "Buy milk").send(),
            ada.delete(&at(id)).send(),
            create(&ada, id, "Buy milk").send(),
            create(&ada, id, "Buy milk").send(),
        );
        let creates = [first.status, second.status, third.status].map(|status| status.as_u16());
        assert_eq!(creates.iter().filter(|status| **status == 201).count(), 1, "{creates:?}");
        assert!(creates.iter().all(|status| [200, 201, 410].contains(status)), "{creates:?}");
        if deleted.status == 204 {
            create(&ada, id, "Buy milk").problem(410, "GONE").await;
        } else {
            assert_eq!(deleted.status, 404);
            assert!(!creates.contains(&410), "{creates:?} without a delete");
            ada.delete(&at(id)).expect(204).await;
        }
    }
    assert_eq!(ada.page("").await.count, 0);
    // For each task, one change creates it and the next deletes it, in a log without gaps.
    let mut lives: HashMap<TaskId, Vec<ChangeKind>> = HashMap::new();
    for (number, change) in ada.changes(None).await.iter().enumerate() {
        let id = match change.subject() {
            Subject::Task(task) => task.id,
            Subject::TaskId(id) => *id,
            Subject::Project(_) | Subject::ProjectId(_) => panic!("unexpected change {change:?}"),
        };
        assert_eq!(usize::try_from(change.seq().get()), Ok(number + 1));
        lives.entry(id).or_default().push(change.kind());
    }
    assert_eq!(lives.len(), 25);
    assert!(lives.values().all(|life| *life == [ChangeKind::TaskCreated, ChangeKind::TaskDeleted]), "{lives:?}");
}

#[tokio::test]
async fn an_id_has_one_spelling() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = TaskId::new();
    let plain = id.as_uuid().simple().to_string();
    for other in
        [plain.clone(), format!("{{{id}}}"), format!("urn:uuid:{id}"), format!(" {id}"), plain[..31].to_owned()]
    {
        let body: Value = json!({"id": other, "title": "Buy milk"});
        ada.post("/tasks").json(body).invalid("id").await;
        ada.get(&at(percent_encoding::utf8_percent_encode(&other, percent_encoding::NON_ALPHANUMERIC)))
            .invalid("task_id")
            .await;
    }
    for other in [json!(null), json!(7), json!({})] {
        ada.post("/tasks").json(json!({"id": other, "title": "Buy milk"})).invalid("id").await;
    }
}
