//! Concurrent writers that create, fill, rename, move, delete and restore one project.

use futures_util::future::join_all;
use serde_json::json;
use taskwire::model::{ProjectId, Task};

use crate::concurrency::check_log;
use crate::kit::{Answer, Client, Live, TestServer, at};
use crate::projects::{create, there};

const WRITERS: usize = 16;
const ROUNDS: usize = 12;

/// One of many writers: it creates tasks in the project and moves tasks into it, and renames,
/// moves, deletes and restores the project. Every response must be one that concurrency can
/// explain.
async fn write(client: Client, shared: ProjectId, other: ProjectId, writer: usize) {
    let allowed = |answer: &Answer, statuses: &[u16]| {
        assert!(statuses.contains(&answer.status.as_u16()), "{answer:?}");
    };
    let mut mine: Option<Task> = None;
    for round in 0..ROUNDS {
        match (writer * 5 + round) % 8 {
            0..=2 => {
                let new = json!({"title": format!("{round} of {writer}"), "project_id": shared});
                let answer = client.post("/tasks").json(new).send().await;
                allowed(&answer, &[201, 400]);
                mine = (answer.status == 201).then(|| answer.json()).or(mine);
            }
            3 => {
                let task = client.create("On its way").await;
                let into = json!({"project_id": shared});
                allowed(&client.patch(&at(task.id)).json(into).send().await, &[200, 400]);
            }
            4 => {
                let name = json!({"name": format!("{round} of {writer}")});
                allowed(&client.patch(&there(shared)).json(name).send().await, &[200, 404]);
                let place = json!({"after": other});
                allowed(&client.post(&format!("{}/move", there(shared))).json(place).send().await, &[200, 404]);
            }
            5 => {
                let tasks = if writer.is_multiple_of(2) { "delete" } else { "move_out" };
                allowed(&client.delete(&format!("{}?tasks={tasks}", there(shared))).send().await, &[204, 404]);
            }
            6 => {
                if let Some(parent) = mine.take() {
                    let subtask = json!({"title": "A part", "parent_id": parent.id});
                    allowed(&client.post("/tasks").json(subtask).send().await, &[201, 400]);
                }
            }
            _ => allowed(&client.post(&format!("/trash/{shared}/restore")).send().await, &[200, 404]),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_task_is_ever_in_a_deleted_project_despite_concurrent_writers() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (shared, other) = (create(&ada, "Shared").await.id, create(&ada, "Other").await.id);
    let (mut live, _) = Live::open(&ada, None).await;
    let before = ada.log().await.len();
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write(ada.clone(), shared, other, writer)));
    for writer in join_all(writers).await {
        writer.expect("no writer fails");
    }
    let log = check_log(&ada).await;
    let of = |kind: &str| log.iter().filter(|change| change["type"] == kind).count();
    assert!(
        of("project.deleted") > 1 && of("project.restored") > 1,
        "the project was deleted and restored several times"
    );
    assert_eq!(live.changes(log.len() - before).await, log[before..]);
}
