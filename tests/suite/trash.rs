//! The trash: a deleted item is restored with everything that was deleted with it, or it is purged,
//! but never both and never in part.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::api::trash::{Restored, TrashList};
use taskwire::database::Pool;
use taskwire::model::{Project, Task, TaskId, TrashKind};

use crate::concurrency::check_log;
use crate::kit::{Client, Live, Options, TestServer, at};

pub const MONTH: Duration = Duration::from_hours(30 * 24);

/// A server that does not expire the trash by itself.
pub async fn that_keeps_all() -> TestServer {
    TestServer::with(Options { trash_retention: 1000 * MONTH, ..Options::default() }).await
}

async fn post(client: &Client, body: Value) -> Task {
    client.post("/tasks").json(body).expect(201).await.json()
}

pub async fn part_of(client: &Client, parent: &Task, title: &str) -> Task {
    post(client, json!({"title": title, "parent_id": parent.id})).await
}

async fn project(client: &Client, name: &str) -> Project {
    client.post("/projects").json(json!({"name": name})).expect(201).await.json()
}

/// Deletes a task with its subtasks.
pub async fn delete(client: &Client, task: &Task) {
    client.delete(&format!("{}?children=include", at(task.id))).expect(204).await;
}

pub async fn restore(client: &Client, id: impl std::fmt::Display) -> Restored {
    client.post(&format!("/trash/{id}/restore")).expect(200).await.json()
}

pub async fn trash(client: &Client, query: &str) -> TrashList {
    client.get(&format!("/trash?{query}")).expect(200).await.json()
}

fn titles(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.title.as_str()).collect()
}

pub async fn count(pool: &Pool, table: &str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(pool).await.expect("a number")
}

#[tokio::test]
async fn deleted_items_are_listed_newest_first() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    delete(&bob, &bob.create("Bob's").await).await;
    let (move_house, garden) = (ada.create("Move house").await, project(&ada, "Garden").await);
    let boxes = part_of(&ada, &move_house, "Find boxes").await;
    part_of(&ada, &boxes, "Ask the neighbours").await;
    post(&ada, json!({"title": "Pull weeds", "project_id": garden.id})).await;
    delete(&ada, &move_house).await;
    ada.delete(&format!("/projects/{}?tasks=delete", garden.id)).expect(204).await;

    let list = trash(&ada, "").await;
    assert_eq!((list.count, &list.next_cursor), (2, &None));
    assert_eq!(list.position.to_string(), ada.position().await);
    let [first, second] = &list.entries[..] else { panic!("{list:?}") };
    assert_eq!((first.kind, first.along, &first.project), (TrashKind::Project, 1, &Some(garden)));
    assert_eq!((second.kind, second.along, &second.task), (TrashKind::Task, 2, &Some(move_house)));
    let log = ada.log().await;
    assert_eq!(json!(first.deleted_at), log.last().expect("a change")["at"]);
    assert_eq!(first.expires_at, first.deleted_at + MONTH);
}

#[tokio::test]
async fn a_full_trash_comes_in_pages() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for number in 0..7 {
        delete(&ada, &ada.create(&number.to_string()).await).await;
    }
    let (mut seen, mut query) = (Vec::new(), "limit=3".to_owned());
    while let page = trash(&ada, &query).await
        && let Some(next) = page.next_cursor
    {
        seen.extend(page.entries);
        query = format!("limit=3&cursor={next}");
        delete(&ada, &ada.create("meanwhile").await).await;
    }
    seen.extend(trash(&ada, &query).await.entries);
    let seen: Vec<_> = seen.into_iter().map(|entry| entry.task.expect("a task").title).collect();
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
    for forged in ["", "nonsense", "eyJhdCI6IjIwMjYtMDEtMDEifQ"] {
        ada.get(&format!("/trash?cursor={forged}")).invalid("cursor").await;
    }
    // A cursor with a time beyond the database's range starts at the end of the trash.
    let far = "eyJhdCI6IisyNjAwMDAtMDEtMDFUMDA6MDA6MDBaIiwiaWQiOiIwMTlhYjBjNC0yZjZlLTdkMTEtOGE1My02ZjFkMmIzYzRkNWUifQ";
    assert_eq!(trash(&ada, &format!("cursor={far}")).await.count, 9);
}

#[tokio::test]
async fn a_restored_task_comes_back_with_its_subtasks() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = TaskId::new();
    let create =
        json!({"id": id, "title": "Move house", "priority": "high", "labels": ["home"], "due": {"date": "2026-12-01"}});
    let top = post(&ada, create.clone()).await;
    let boxes = part_of(&ada, &top, "Find boxes").await;
    let ask = part_of(&ada, &boxes, "Ask the neighbours").await;
    ada.update(ask.id, json!({"completed": true})).await;
    let after = ada.create("After").await;
    let before = ada.page("").await.tasks;
    delete(&ada, &top).await;
    ada.post("/tasks").json(create.clone()).problem(410, "GONE").await;

    let (mut live, _) = Live::open(&ada, None).await;
    let restored = restore(&ada, id).await;
    assert_eq!((titles(&restored.tasks), restored.count), (vec!["Move house", "Find boxes", "Ask the neighbours"], 3));
    assert_eq!(restored.project, None);
    let now = ada.page("").await.tasks;
    for (before, now) in before.iter().zip(&now) {
        // Only the version and the time of the change differ.
        let expected = Task { version: now.version, updated_at: now.updated_at, ..before.clone() };
        assert_eq!((now, now.version > before.version), (&expected, now.id != after.id));
    }
    assert_eq!(now.len(), before.len());
    let log = check_log(&ada).await;
    let told = live.changes(3).await;
    assert_eq!(told, log[log.len() - 3..]);
    assert!(told.iter().all(|change| change["type"] == "task.restored"));
    // The creation is still safe to retry.
    assert_eq!(ada.post("/tasks").json(create).expect(200).await.json::<Task>(), ada.read(id).await);
    assert_eq!(trash(&ada, "").await.count, 0);
    ada.post(&format!("/trash/{id}/restore")).problem(404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_restored_project_comes_back_with_its_tasks() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (first, garden, last) =
        (project(&ada, "First").await, project(&ada, "Garden").await, project(&ada, "Last").await);
    let weeds = post(&ada, json!({"title": "Pull weeds", "project_id": garden.id})).await;
    part_of(&ada, &weeds, "Buy gloves").await;
    ada.delete(&format!("/projects/{}?tasks=delete", garden.id)).expect(204).await;
    ada.post("/tasks").json(json!({"title": "Sow", "project_id": garden.id})).invalid("project_id").await;

    let restored = restore(&ada, garden.id).await;
    assert_eq!(titles(&restored.tasks), ["Pull weeds", "Buy gloves"]);
    assert!(restored.tasks.iter().all(|task| task.project_id == Some(garden.id)));
    let back = restored.project.expect("the project");
    assert_eq!(back, Project { version: back.version, updated_at: back.updated_at, ..garden.clone() });
    let all: Value = ada.get("/projects").expect(200).await.json();
    let ids: Vec<_> = all["projects"].as_array().expect("projects").iter().map(|project| &project["id"]).collect();
    assert_eq!(ids, [&json!(first.id), &json!(garden.id), &json!(last.id)], "the project is in its old place");
    check_log(&ada).await;
}

#[tokio::test]
async fn two_deletions_from_one_tree_can_be_restored_in_either_order() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let tree = async || {
        let garden = project(&ada, "Garden").await;
        let top = post(&ada, json!({"title": "Top", "project_id": garden.id})).await;
        let child = part_of(&ada, &top, "Child").await;
        let grandchild = part_of(&ada, &child, "Grandchild").await;
        delete(&ada, &child).await;
        ada.delete(&format!("/projects/{}?tasks=delete", garden.id)).expect(204).await;
        (garden, top, child, grandchild)
    };

    let (garden, top, child, _) = tree().await;
    restore(&ada, garden.id).await;
    let back = restore(&ada, child.id).await.tasks;
    assert_eq!((back[0].parent_id, back[0].project_id), (Some(top.id), Some(garden.id)));
    assert_eq!((back[1].parent_id, back[1].project_id), (Some(child.id), Some(garden.id)));

    let (garden, top, child, _) = tree().await;
    // Its parent is gone, so it becomes a top-level task with its own subtask.
    let back = restore(&ada, child.id).await.tasks;
    assert_eq!((back[0].parent_id, back[0].project_id), (None, None));
    assert_eq!((back[1].parent_id, back[1].project_id), (Some(child.id), None));
    assert_eq!(titles(&restore(&ada, garden.id).await.tasks), ["Top"]);
    assert_eq!(ada.read(top.id).await.project_id, Some(garden.id));
    check_log(&ada).await;
}

#[tokio::test]
async fn a_tree_that_is_too_deep_for_its_parent_is_restored_at_the_top_level() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let home = ada.create("Home").await;
    let tree = part_of(&ada, &home, "Tree").await;
    let branch = part_of(&ada, &tree, "Branch").await;
    part_of(&ada, &branch, "Leaf").await;
    delete(&ada, &tree).await;
    // Meanwhile its parent has moved down, so only one more level fits.
    let mut above = ada.create("1").await;
    for level in ["2", "3"] {
        above = part_of(&ada, &above, level).await;
    }
    ada.update(home.id, json!({"parent_id": above.id})).await;
    let back = restore(&ada, tree.id).await.tasks;
    let parents: Vec<_> = back.iter().map(|task| task.parent_id).collect();
    assert_eq!(parents, [None, Some(tree.id), Some(branch.id)]);
    check_log(&ada).await;
}

#[tokio::test]
async fn subtasks_are_restored_and_purged_only_with_the_deleted_task() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let top = ada.create("Top").await;
    let part = part_of(&ada, &top, "Part").await;
    delete(&ada, &top).await;
    for call in [ada.post(&format!("/trash/{}/restore", part.id)), ada.delete(&format!("/trash/{}", part.id))] {
        let refused = call.problem(409, "CONFLICT").await;
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(&top.id.to_string())), "{refused}");
    }
    ada.post("/tasks").json(json!({"id": part.id, "title": "Part"})).problem(410, "GONE").await;
    assert_eq!(restore(&ada, top.id).await.count, 2);
}

#[tokio::test]
async fn purging_removes_the_whole_deletion_and_nothing_else() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let recurring = json!({"title": "Water", "due": {"date": "2026-11-30"}, "recurrence": "FREQ=DAILY"});
    let mut watered = Vec::new();
    for client in [&ada, &ada, &bob] {
        let top = client.create("Top").await;
        let mut part = recurring.clone();
        part["parent_id"] = json!(top.id);
        let part = post(client, part).await;
        client.patch(&format!("{}/complete", at(part.id))).json(json!({"completed": true})).expect(200).await;
        delete(client, &top).await;
        watered.push(top);
    }
    let log = ada.log().await;
    ada.delete(&format!("/trash/{}", watered[0].id)).expect(204).await;
    ada.delete(&format!("/trash/{}", watered[0].id)).problem(404, "NOT_FOUND").await;
    ada.post(&format!("/trash/{}/restore", watered[0].id)).problem(404, "NOT_FOUND").await;
    assert_eq!((count(&server.pool, "trash").await, count(&server.pool, "task_occurrences").await), (4, 2));
    assert_eq!(restore(&ada, watered[1].id).await.count, 2);
    delete(&ada, &watered[1]).await;
    ada.delete("/trash").expect(204).await;
    ada.delete("/trash").expect(204).await;
    assert_eq!((count(&server.pool, "trash").await, count(&server.pool, "task_occurrences").await), (2, 1));
    assert_eq!(ada.log().await[..log.len()], log, "purging is not a change, and the log keeps the old changes");
    assert_eq!(restore(&bob, watered[2].id).await.count, 2);
    ada.post("/tasks").json(json!({"id": watered[0].id, "title": "Top"})).problem(410, "GONE").await;
}

#[tokio::test]
async fn a_task_and_a_project_with_the_same_id_are_separate_in_the_trash() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let garden = project(&ada, "Garden").await;
    let task = post(&ada, json!({"id": garden.id, "title": "The same"})).await;
    ada.delete(&format!("/projects/{}", garden.id)).expect(204).await;
    ada.delete(&at(task.id)).problem(409, "CONFLICT").await;
    ada.delete(&format!("/trash/{}", garden.id)).expect(204).await;
    ada.delete(&at(task.id)).expect(204).await;
    assert_eq!(check_log(&ada).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_restores_and_purges_exactly_one_succeeds() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut ends = BTreeSet::new();
    // At least twenty rounds, and until each side has won once.
    let mut round = 0;
    while round < 20 || ends.len() < 2 {
        assert!(round < 1000, "one side always wins");
        round += 1;
        let top = ada.create("Top").await;
        for part in ["One", "Other"] {
            part_of(&ada, &top, part).await;
        }
        delete(&ada, &top).await;
        let path = format!("/trash/{}", top.id);
        let calls = (0..12).map(|number| match (number + round) % 3 {
            0 => ada.delete(&path).send(),
            1 => ada.delete("/trash").send(),
            _ => ada.post(&format!("{path}/restore")).send(),
        });
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|answer| [200, 204, 404].contains(&answer.status.as_u16())), "{answers:?}");
        let restores = answers.iter().filter(|answer| answer.status == 200).count();
        let there = ada.get(&at(top.id)).send().await.status == 200;
        assert_eq!(restores, usize::from(there), "{answers:?}");
        assert_eq!(ada.page("").await.count, if there { 3 } else { 0 }, "all of it or nothing");
        assert_eq!(count(&server.pool, "trash").await, 0);
        if there {
            delete(&ada, &top).await;
            ada.delete("/trash").expect(204).await;
        }
        ends.insert(there);
    }
    check_log(&ada).await;
}
