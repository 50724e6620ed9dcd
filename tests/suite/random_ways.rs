//! Random requests of every kind, with subtasks and recurring tasks: after each, no open task is below a
//! completed one, and the log gives the list.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use taskwire::model::{ProjectId, TaskId};

use crate::concurrency::check_log;
use crate::equivalence::{SLOTS, Step, operation, request, step};
use crate::kit::{Client, TestServer};
use crate::open_below_completed::holes;

/// How a request is made of steps.
#[derive(Debug, Clone)]
enum Way {
    Single(Step),
    Batch(Vec<Step>),
    /// Imports a task and its subtask: their slots, and the slot of the parent.
    Import {
        slots: [usize; 2],
        parent: usize,
        completed: [bool; 2],
    },
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![
        6 => step().prop_map(Way::Single),
        2 => vec(step(), 1..5).prop_map(Way::Batch),
        1 => ([0..SLOTS, 0..SLOTS], 0..SLOTS, [any::<bool>(), any::<bool>()])
            .prop_map(|(slots, parent, completed)| Way::Import { slots, parent, completed }),
    ]
}

async fn send(way: &Way, ada: &Client, ids: &[TaskId], project: ProjectId) {
    let answer = match way {
        Way::Single(step) => request(step, ada, ids, project).send().await,
        Way::Batch(steps) => {
            let operations: Vec<Value> = steps.iter().map(|step| operation(step, ids, project)).collect();
            ada.post("/tasks/batch").json(json!({"mode": "each", "operations": operations})).expect(200).await
        }
        Way::Import { slots: [top, part], parent, completed: [top_done, part_done] } => {
            let tasks = json!([
                {"id": ids[*top], "title": "imported", "parent_id": ids[*parent], "completed": top_done},
                {"id": ids[*part], "title": "imported", "parent_id": ids[*top], "completed": part_done},
            ]);
            let file = json!({"taskwire": {"version": 1}, "projects": [], "tasks": tasks});
            ada.post("/import").json(file).send().await
        }
    };
    assert!(answer.status.as_u16() < 500, "{way:?}: {}", String::from_utf8_lossy(&answer.body));
}

async fn play(server: &TestServer, number: u32, ways: Vec<Way>) {
    let ada = server.user(&format!("ada {number}"));
    let ids: Vec<TaskId> = (0..SLOTS).map(|_| TaskId::new()).collect();
    let project = ProjectId::new();
    ada.post("/projects").json(json!({"id": project, "name": "Garden"})).expect(201).await;
    let (mut position, mut replica) = (ada.position().await, HashMap::new());
    for way in ways {
        send(&way, &ada, &ids, project).await;
        for change in ada.changes(Some(&position)).await {
            position = change.position().to_string();
            let told = json!(change);
            match change.task() {
                Some(task) => drop(replica.insert(json!(task.id), task.clone())),
                None => drop(replica.remove(&told["task_id"])),
            }
        }
        let listed = ada.all_tasks().await.into_iter().map(|task| (json!(task.id), task)).collect();
        assert_eq!(replica, listed, "after {way:?}");
        assert_eq!(holes(&ada).await, [""; 0], "after {way:?}");
    }
    check_log(&ada).await;
}

#[test]
fn no_request_leaves_an_open_task_below_a_completed_one() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let server = runtime.block_on(TestServer::start());
    let count = AtomicU32::new(0);
    proptest!(ProptestConfig::with_cases(48), |(ways in vec(way(), 1..24))| {
        runtime.block_on(play(&server, count.fetch_add(1, Ordering::Relaxed), ways));
    });
    runtime.block_on(server.stop());
}
