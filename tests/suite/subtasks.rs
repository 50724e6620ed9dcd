//! Subtasks: at most five levels, no cycles, and always in their parent's project. Completing or
//! deleting a parent includes its subtasks or is rejected.

use serde_json::{Value, json};
use taskwire::model::{Task, TaskId};

use crate::concurrency::check_log;
use crate::kit::{Client, TestServer, at};

/// A chain of tasks, each the parent of the next.
async fn chain(client: &Client, levels: usize) -> Vec<Task> {
    let mut chain = vec![client.create("level 1").await];
    for level in 2..=levels {
        let parent = chain.last().expect("a task");
        chain.push(client.create_below(parent, &format!("level {level}")).await);
    }
    chain
}

/// Every way to change a task's parent, with the field that an error names.
fn attach(client: &Client, task: TaskId, parent: TaskId) -> [(crate::kit::Call, &'static str); 4] {
    let to = json!({ "parent_id": parent });
    let batch = |operation: Value| client.post("/tasks/batch").json(json!({ "operations": [operation] }));
    [
        (client.patch(&at(task)).json(to.clone()), "parent_id"),
        (client.post(&format!("{}/move", at(task))).json(to.clone()), "parent_id"),
        (batch(json!({"op": "update", "id": task, "changes": to})), "operations[0].changes.parent_id"),
        (batch(json!({"op": "move", "id": task, "to": to})), "operations[0].to.parent_id"),
    ]
}

/// The types and ids of the changes from this index on.
fn told(log: &[Value], after: usize) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    log[after..]
        .iter()
        .map(|change| {
            let id = if change["task"].is_null() { &change["task_id"] } else { &change["task"]["id"] };
            (text(&change["type"]), text(id))
        })
        .collect()
}

fn all_of(kind: &str, tasks: &[&Task]) -> Vec<(String, String)> {
    tasks.iter().map(|task| (kind.to_owned(), task.id.to_string())).collect()
}

#[tokio::test]
async fn five_levels_are_allowed_and_a_sixth_is_rejected() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let five = chain(&ada, 5).await;
    let sixth = json!({"title": "level 6", "parent_id": five[4].id});
    let problem = ada.post("/tasks").json(sixth.clone()).invalid("parent_id").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("at most 5 levels")), "{problem}");
    let batch = json!({"operations": [{"op": "create", "task": sixth}]});
    ada.post("/tasks/batch").json(batch).invalid("operations[0].task.parent_id").await;

    // A moved task keeps its subtasks, which count as levels.
    let two = chain(&ada, 2).await;
    let before = ada.log().await.len();
    for (call, field) in attach(&ada, two[0].id, five[3].id) {
        call.invalid(field).await;
    }
    assert_eq!(ada.log().await.len(), before, "a rejected request left a change");
    for (call, _) in attach(&ada, two[0].id, five[2].id) {
        call.expect(200).await;
        assert_eq!(ada.read(two[0].id).await.parent_id, Some(five[2].id));
        ada.update(two[0].id, json!({"parent_id": null})).await;
    }
    check_log(&ada).await;
}

#[tokio::test]
async fn no_task_becomes_its_own_ancestor() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let three = chain(&ada, 3).await;
    for below in &three {
        for (call, field) in attach(&ada, three[0].id, below.id) {
            let problem = call.invalid(field).await;
            let detail = problem["detail"].as_str().expect("a text");
            assert!(detail.contains("must not be the task itself or one of its subtasks"), "{detail}");
        }
    }
    // Two operations that are each valid alone cannot make a cycle together either.
    let one = ada.create("one").await;
    let other = ada.create("other").await;
    let knot = json!({"operations": [
        {"op": "update", "id": one.id, "changes": {"parent_id": other.id}},
        {"op": "move", "id": other.id, "to": {"parent_id": one.id}},
    ]});
    ada.post("/tasks/batch").json(knot).invalid("operations[1].to.parent_id").await;
    assert_eq!(ada.log().await.len(), 5);
}

#[tokio::test]
async fn a_subtask_is_in_its_parents_project() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let [garden, kitchen] = [ada.project("Garden").await, ada.project("Kitchen").await];
    let parent = ada.create_with(json!({"title": "Dig", "project_id": garden})).await;
    let child = ada.create_below(&parent, "Find the spade").await;
    assert_eq!(child.project_id, Some(garden));
    let said = json!({"title": "Dig deep", "parent_id": parent.id, "project_id": garden});
    assert_eq!(ada.create_with(said).await.project_id, Some(garden));
    let elsewhere = json!({"title": "Dig deep", "parent_id": parent.id, "project_id": kitchen});
    ada.post("/tasks").json(elsewhere).invalid("project_id").await;
    for project in [json!(kitchen), json!(null)] {
        let to = json!({ "project_id": project });
        ada.patch(&at(child.id)).json(to.clone()).invalid("project_id").await;
        ada.post(&format!("{}/move", at(child.id))).json(to).invalid("project_id").await;
    }

    // A task that is moved under a parent takes over the project, with all its subtasks.
    let two = chain(&ada, 2).await;
    let before = ada.log().await.len();
    let moved = ada.update(two[0].id, json!({"parent_id": child.id})).await;
    assert_eq!((moved.parent_id, moved.project_id), (Some(child.id), Some(garden)));
    assert_eq!(ada.read(two[1].id).await.project_id, Some(garden));
    assert_eq!(told(&ada.log().await, before), all_of("task.updated", &[&two[0], &two[1]]));
    // A task that leaves its parent keeps the project unless the request names another.
    assert_eq!(ada.update(two[0].id, json!({"parent_id": null})).await.project_id, Some(garden));
    let out = ada.move_task(two[0].id, json!({"parent_id": null, "project_id": null})).await;
    assert_eq!((out.project_id, ada.read(two[1].id).await.project_id), (None, None));
}

#[tokio::test]
async fn moving_to_another_project_includes_all_subtasks_with_one_change_each() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let kitchen = ada.project("Kitchen").await;
    let four = chain(&ada, 4).await;
    let sister = ada.create_below(&four[0], "beside").await;
    for (project, by_move) in
        [(json!(kitchen), false), (json!(null), true), (json!(kitchen), true), (json!(null), false)]
    {
        let before = ada.log().await.len();
        let to = json!({ "project_id": project, "before": sister.id });
        let top = if by_move {
            ada.move_task(four[0].id, to).await
        } else {
            ada.update(four[0].id, json!({ "project_id": project })).await
        };
        assert_eq!(top.version.get(), i64::try_from(before).expect("few") + 1, "the parent comes first");
        let log = check_log(&ada).await;
        assert_eq!(log.len(), before + 5);
        let mut moved: Vec<String> = told(&log, before).into_iter().map(|(_, id)| id).collect();
        moved.sort();
        moved.dedup();
        assert_eq!(moved.len(), 5, "one change each");
        for task in four.iter().chain([&sister]) {
            assert_eq!(json!(ada.read(task.id).await)["project_id"], project);
        }
    }
}

#[tokio::test]
async fn completing_a_task_with_open_subtasks_is_rejected_or_includes_them() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let three = chain(&ada, 3).await;
    let complete = format!("{}/complete", at(three[0].id));
    let before = ada.log().await.len();
    for call in [
        ada.patch(&complete),
        ada.patch(&complete).json(json!({"completed": true})),
        ada.patch(&complete).json(json!({"completed": true, "children": "refuse"})),
        ada.patch(&at(three[0].id)).json(json!({"completed": true, "title": "done"})),
        ada.put(&at(three[0].id)).json(json!({"completed": true})),
        ada.post("/tasks/batch").json(json!({"operations": [{"op": "complete", "id": three[0].id}]})),
    ] {
        let problem = call.problem(409, "CONFLICT").await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("include")), "{problem}");
    }
    assert_eq!(ada.log().await.len(), before, "a rejected request left a change");

    let include = json!({"completed": true, "children": "include"});
    let done: Task = ada.patch(&complete).json(include.clone()).expect(200).await.json();
    assert_eq!(done.completed_at, Some(done.updated_at));
    let log = check_log(&ada).await;
    assert_eq!(told(&log, before), all_of("task.updated", &[&three[2], &three[1], &three[0]]));
    for change in &log[before..] {
        assert_eq!(change["task"]["completed_at"], change["at"]);
    }
    // Completing it again changes nothing, except for subtasks that are open again.
    ada.patch(&complete).json(include.clone()).expect(200).await;
    assert_eq!(ada.log().await.len(), log.len());
    ada.update(three[2].id, json!({"completed": false})).await;
    ada.patch(&complete).json(include).expect(200).await;
    assert!(ada.read(three[2].id).await.completed);
    // Reopening a task does not change its subtasks.
    ada.update(three[0].id, json!({"completed": false})).await;
    assert!(ada.read(three[1].id).await.completed);
}

#[tokio::test]
async fn deleting_a_task_with_subtasks_is_rejected_or_includes_them() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let three = chain(&ada, 3).await;
    let bystander = ada.create("bystander").await;
    let path = at(three[0].id);
    for call in [
        ada.delete(&path),
        ada.delete(&format!("{path}?children=refuse")),
        ada.post("/tasks/batch").json(json!({"operations": [{"op": "delete", "id": three[0].id}]})),
    ] {
        let problem = call.problem(409, "CONFLICT").await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("include")), "{problem}");
    }
    ada.delete(&format!("{path}?children=keep")).invalid("children").await;
    let stale = ada.delete(&format!("{path}?children=include")).header("if-match", "\"9\"");
    assert_eq!(stale.expect(412).await.header("etag"), Some("\"1\""));
    assert_eq!(ada.log().await.len(), 4, "a rejected request left a change");

    ada.delete(&format!("{path}?children=include")).expect(204).await;
    let log = check_log(&ada).await;
    assert_eq!(told(&log, 4), all_of("task.deleted", &[&three[2], &three[1], &three[0]]));
    assert_eq!(ada.all_tasks().await, [bystander]);
}
