//! There are two write paths: a single statement for changes to one task, and a plan for everything
//! else, including all batches. The test applies the same steps to two users, one by single
//! requests and one by batches. Their responses, tasks and logs must be equal.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use taskwire::model::{ProjectId, TaskId};

use crate::concurrency::check_log;
use crate::kit::{Call, Client, TestServer, at};

/// The greatest number of tasks.
pub const SLOTS: usize = 5;

#[derive(Debug, Clone)]
pub enum Step {
    Create { slot: usize, fields: Fields },
    Update { slot: usize, put: bool, fields: Fields, version: Option<i64> },
    Complete { slot: usize, body: Value, version: Option<i64> },
    Move { slot: usize, place: Option<(bool, usize)>, fields: Fields },
    Delete { slot: usize, children: &'static str, version: Option<i64> },
    Restore { slot: usize },
}

/// Fields with their values; tasks and the project are referred to by number.
#[derive(Debug, Clone)]
pub struct Fields {
    plain: Vec<(&'static str, Value)>,
    parent: Parent,
    in_project: Option<bool>,
}

#[derive(Debug, Clone, Copy)]
pub enum Parent {
    Unsaid,
    None,
    Slot(usize),
}

impl Fields {
    fn json(&self, ids: &[TaskId], project: ProjectId) -> Value {
        let mut fields: serde_json::Map<String, Value> =
            self.plain.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        let parent = match self.parent {
            Parent::Unsaid => None,
            Parent::None => Some(Value::Null),
            Parent::Slot(slot) => Some(json!(ids[slot])),
        };
        fields.extend(parent.map(|parent| ("parent_id".to_owned(), parent)));
        if let Some(inside) = self.in_project {
            fields.insert("project_id".to_owned(), json!(inside.then_some(project)));
        }
        Value::Object(fields)
    }
}

fn plain() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let timed = json!({"date": "2026-03-29", "time": "02:30", "time_zone": "Europe/Berlin"});
    let far = json!({"date": "9999-12-31", "time": "23:59", "time_zone": "America/New_York"});
    let field = prop_oneof![
        select(vec!["a", "b", " b "]).prop_map(|text| ("title", json!(text))),
        select(vec![json!(null), json!(""), json!("more")]).prop_map(|value| ("description", value)),
        any::<bool>().prop_map(|completed| ("completed", json!(completed))),
        select(vec!["none", "low", "urgent"]).prop_map(|word| ("priority", json!(word))),
        select(vec![json!(null), json!({"date": "2026-11-25"}), timed, far]).prop_map(|value| ("due", value)),
        select(vec![json!([]), json!(["Home"]), json!(["home", "b"])]).prop_map(|value| ("labels", value)),
    ];
    vec(field, 0..4)
}

/// A parent, which is left out more often the greater `unsaid` is.
fn parent(unsaid: u32) -> impl Strategy<Value = Parent> {
    prop_oneof![unsaid => Just(Parent::Unsaid), 1 => Just(Parent::None), 2 => (0..SLOTS).prop_map(Parent::Slot)]
}

/// Mostly without parent and project, so that the single-statement path is used too.
fn fields() -> impl Strategy<Value = Fields> {
    (plain(), parent(8), option::weighted(0.2, any::<bool>())).prop_map(|(plain, parent, in_project)| Fields {
        plain,
        parent,
        in_project,
    })
}

pub fn step() -> impl Strategy<Value = Step> {
    let slot = || 0..SLOTS;
    let version = || option::weighted(0.2, 1..12_i64);
    let children = || select(vec!["refuse", "include"]);
    let relations = (parent(6), option::weighted(0.3, any::<bool>())).prop_map(|(parent, in_project)| Fields {
        plain: Vec::new(),
        parent,
        in_project,
    });
    prop_oneof![
        3 => (slot(), fields(), option::weighted(0.3, rule())).prop_map(|(slot, mut fields, rule)| {
            if let Some(rule) = rule {
                fields.plain.push(("due", json!({"date": "2026-11-25"})));
                fields.plain.push(("recurrence", json!(rule)));
            }
            Step::Create { slot, fields }
        }),
        4 => (slot(), any::<bool>(), fields(), version())
            .prop_map(|(slot, put, fields, version)| Step::Update { slot, put, fields, version }),
        2 => (slot(), any::<bool>(), children(), version()).prop_map(|(slot, completed, children, version)| {
            Step::Complete { slot, body: json!({"completed": completed, "children": children}), version }
        }),
        2 => (slot(), any::<bool>(), 25..28, children()).prop_map(|(slot, completed, day, children)| {
            let body = json!({"completed": completed, "occurrence": format!("2026-11-{day}"), "children": children});
            Step::Complete { slot, body, version: None }
        }),
        2 => slot().prop_map(|slot| Step::Restore { slot }),
        2 => (slot(), option::of((any::<bool>(), slot())), relations)
            .prop_map(|(slot, place, fields)| Step::Move { slot, place, fields }),
        1 => (slot(), children(), version())
            .prop_map(|(slot, children, version)| Step::Delete { slot, children, version }),
    ]
}

fn rule() -> impl Strategy<Value = &'static str> {
    select(vec!["FREQ=DAILY", "FREQ=DAILY;COUNT=1", "FREQ=DAILY;COUNT=2"])
}

/// The step as a single request.
pub fn request(step: &Step, client: &Client, ids: &[TaskId], project: ProjectId) -> Call {
    let when = |call: Call, version: &Option<i64>| match version {
        Some(version) => call.header("if-match", &format!("\"{version}\"")),
        None => call,
    };
    match step {
        Step::Create { slot, fields } => client.post("/tasks").json(new(fields, ids[*slot], ids, project)),
        Step::Update { slot, put, fields, version } => {
            let path = at(ids[*slot]);
            let call = if *put { client.put(&path) } else { client.patch(&path) };
            when(call.json(fields.json(ids, project)), version)
        }
        Step::Complete { slot, body, version } => {
            when(client.patch(&format!("{}/complete", at(ids[*slot]))).json(body.clone()), version)
        }
        Step::Move { slot, place, fields } => {
            client.post(&format!("{}/move", at(ids[*slot]))).json(destination(*place, fields, ids, project))
        }
        Step::Delete { slot, children, version } => {
            when(client.delete(&format!("{}?children={children}", at(ids[*slot]))), version)
        }
        Step::Restore { slot } => client.post(&format!("/trash/{}/restore", ids[*slot])),
    }
}

/// The step as an operation of a batch.
pub fn operation(step: &Step, ids: &[TaskId], project: ProjectId) -> Value {
    let (mut operation, version) = match step {
        Step::Create { slot, fields } => {
            (json!({"op": "create", "task": new(fields, ids[*slot], ids, project)}), &None)
        }
        Step::Update { slot, fields, version, .. } => {
            (json!({"op": "update", "id": ids[*slot], "changes": fields.json(ids, project)}), version)
        }
        Step::Complete { slot, body, version } => {
            let mut operation = body.clone();
            (operation["op"], operation["id"]) = (json!("complete"), json!(ids[*slot]));
            (operation, version)
        }
        Step::Move { slot, place, fields } => {
            (json!({"op": "move", "id": ids[*slot], "to": destination(*place, fields, ids, project)}), &None)
        }
        Step::Delete { slot, children, version } => {
            (json!({"op": "delete", "id": ids[*slot], "children": children}), version)
        }
        Step::Restore { slot } => (json!({"op": "restore", "id": ids[*slot]}), &None),
    };
    if let Some(version) = version {
        operation["if_version"] = json!(version);
    }
    operation
}

fn new(fields: &Fields, id: TaskId, ids: &[TaskId], project: ProjectId) -> Value {
    let mut new = fields.json(ids, project);
    new["id"] = json!(id);
    if new["title"].is_null() {
        new["title"] = json!("a");
    }
    new
}

fn destination(place: Option<(bool, usize)>, fields: &Fields, ids: &[TaskId], project: ProjectId) -> Value {
    let mut to = fields.json(ids, project);
    if let Some((before, anchor)) = place {
        to[if before { "before" } else { "after" }] = json!(ids[anchor]);
    }
    to
}

/// A task without its owner and times, in which the two users differ.
fn timeless(mut task: Value) -> Value {
    if task.is_object() {
        task["completed_at"] = json!(task["completed_at"].is_string());
        for field in ["user_id", "created_at", "updated_at"] {
            task[field] = Value::Null;
        }
    }
    task
}

async fn timeless_log(client: &Client) -> Vec<Value> {
    let log = check_log(client).await;
    log.into_iter()
        .map(|mut change| json!([change["seq"], change["type"], change["task_id"], timeless(change["task"].take())]))
        .collect()
}

/// Applies the steps to both users. The second user gets them in batches that end at the cuts and
/// before each move: within a batch, the ranks that tasks have left stay reserved, so a move may
/// get another rank than by a single request, although the order is the same. `moves` tests this.
async fn play(server: &TestServer, number: u32, steps: Vec<(Step, bool)>) -> Result<(), TestCaseError> {
    let names = [format!("one {number}"), format!("other {number}")];
    let [one, other] = [server.user(&names[0]), server.user(&names[1])];
    let ids: Vec<TaskId> = (0..SLOTS).map(|_| TaskId::new()).collect();
    let project = ProjectId::new();
    for client in [&one, &other] {
        client.post("/projects").json(json!({"id": project, "name": "Garden"})).expect(201).await;
    }
    let (mut single, mut operations, mut batched) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (step, cut)) in steps.iter().enumerate() {
        let moves_next = steps.get(number + 1).is_some_and(|(next, _)| matches!(next, Step::Move { .. }));
        let answer = request(step, &one, &ids, project).send().await;
        let status = answer.status.as_u16();
        let mut body: Value = if status < 204 { answer.json() } else { Value::Null };
        if matches!(step, Step::Restore { .. }) && body.is_object() {
            // The restored tree begins with its top.
            body = body["tasks"][0].take();
        }
        let task = timeless(body);
        single.push((u64::from(status), task));
        operations.push(operation(step, &ids, project));
        if *cut || moves_next || single.len() == steps.len() {
            let body = json!({"mode": "each", "operations": std::mem::take(&mut operations)});
            let answer: Value = other.post("/tasks/batch").json(body).expect(200).await.json();
            for result in answer["results"].as_array().expect("results") {
                batched.push((result["status"].as_u64().expect("a status"), timeless(result["task"].clone())));
            }
        }
    }
    prop_assert_eq!(&single, &batched);
    let tasks = |client: Client| async move {
        client.in_order().await.into_iter().map(|task| timeless(json!(task))).collect::<Vec<_>>()
    };
    prop_assert_eq!(tasks(one.clone()).await, tasks(other.clone()).await);
    prop_assert_eq!(timeless_log(&one).await, timeless_log(&other).await);
    Ok(())
}

#[test]
fn single_requests_and_batches_have_the_same_result() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let server = runtime.block_on(TestServer::start());
    let count = AtomicU32::new(0);
    proptest!(ProptestConfig::with_cases(64), |(steps in vec((step(), proptest::bool::weighted(0.3)), 1..24))| {
        runtime.block_on(play(&server, count.fetch_add(1, Ordering::Relaxed), steps))?;
    });
    runtime.block_on(server.stop());
}
