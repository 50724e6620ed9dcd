//! Concurrent writers on one tree of tasks: at every point of the log, each task has an existing
//! parent, there is no cycle, no task is too deep, and no completed task has an open subtask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::model::{Task, TaskId};

use crate::concurrency::check_log;
use crate::kit::{Client, TestServer, at};

const WRITERS: usize = 16;
const ROUNDS: usize = 20;

/// Makes random changes to a tree of tasks that others change too.
async fn meddle(client: Client, family: Arc<Mutex<Vec<TaskId>>>, writer: usize) {
    let pick = |at: usize| {
        let family = family.lock().expect("no panic while locked");
        family[at % family.len()]
    };
    let include = json!({"completed": true, "children": "include"});
    for round in 0..ROUNDS {
        let (number, task) = (writer * 7 + round, pick(writer * 31 + round * 17));
        let answer = match number % 11 {
            0 => client.post("/tasks").json(json!({"title": "root"})).send().await,
            1..=2 => client.post("/tasks").json(json!({"title": "child", "parent_id": task})).send().await,
            3 => client.patch(&at(task)).json(json!({"completed": true})).send().await,
            4 => client.patch(&format!("{}/complete", at(task))).json(include.clone()).send().await,
            5 => client.patch(&format!("{}/complete", at(task))).send().await,
            6 => client.patch(&at(task)).json(json!({"completed": false})).send().await,
            7 => client.delete(&at(task)).send().await,
            8 if round % 2 == 0 => client.delete(&format!("{}?children=include", at(task))).send().await,
            9 => client.patch(&at(task)).json(json!({"parent_id": pick(number * 13)})).send().await,
            _ => client.post(&format!("{}/move", at(task))).json(json!({"parent_id": null})).send().await,
        };
        let status = answer.status.as_u16();
        assert!([200, 201, 204, 400, 404, 409].contains(&status), "{answer:?}");
        let mut family = family.lock().expect("no panic while locked");
        match status {
            201 => family.push(answer.json::<Task>().id),
            // Drop deleted tasks, but keep the last known one.
            204 | 404 if family.len() > 1 => family.retain(|id| *id != task),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_leave_no_orphan_and_no_completed_task_above_an_open_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let roots = join_all((0..4).map(|number| ada.create_with(json!({ "title": format!("root {number}") })))).await;
    let family = Arc::new(Mutex::new(roots.iter().map(|root| root.id).collect::<Vec<_>>()));
    let work = (0..WRITERS).map(|writer| tokio::spawn(meddle(server.user("ada"), family.clone(), writer)));
    for done in join_all(work).await {
        done.expect("no writer fails");
    }

    let mut known: HashMap<String, Value> = HashMap::new();
    let (mut completions, mut deletions) = (0, 0);
    for change in check_log(&ada).await {
        let task = &change["task"];
        let Some(id) = task["id"].as_str() else {
            let gone = change["task_id"].as_str().expect("an id");
            known.remove(gone);
            deletions += 1;
            assert!(known.values().all(|task| task["parent_id"] != gone), "{change} left an orphan");
            continue;
        };
        let (mut above, mut levels) = (task["parent_id"].as_str(), 1);
        while let Some(parent) = above {
            levels += 1;
            assert!(parent != id && levels <= 5, "{change} makes a cycle or is too deep");
            above = known.get(parent).unwrap_or_else(|| panic!("{change} is an orphan"))["parent_id"].as_str();
        }
        let before = known.insert(id.to_owned(), task.clone());
        if task["completed"] == true && before.is_some_and(|before| before["completed"] == false) {
            completions += 1;
            let mut open = known.values().filter(|task| task["completed"] == false);
            assert!(open.all(|open| !is_below(open, id, &known)), "{change} completed a task above an open one");
        }
    }
    assert!(
        completions > 10 && deletions > 10,
        "{completions} completions and {deletions} deletions are too few for a race"
    );
}

fn is_below(task: &Value, id: &str, known: &HashMap<String, Value>) -> bool {
    std::iter::successors(task["parent_id"].as_str(), |above| known[*above]["parent_id"].as_str())
        .any(|above| above == id)
}
