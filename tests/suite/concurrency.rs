//! Many concurrent writers on one user and on one task: the log numbers every acknowledged change
//! once and without gaps, replaying it gives the current tables, and every socket receives exactly
//! the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::engine::{Attempt, Done, single};
use taskwire::identity::tokens::Tokens;
use taskwire::model::{CreateTask, OwnerId, Task, TaskId};

use crate::kit::{Client, Live, Options, SECRET, TestDatabase, TestServer, token};

const WRITERS: usize = 16;
const ROUNDS: usize = 25;

/// The results that the responses of a server acknowledged.
#[derive(Default)]
struct Promises {
    /// The numbers of the changes whose responses contain one.
    numbers: Vec<i64>,
    deleted: Vec<String>,
    toggles: usize,
}

impl Promises {
    fn changed(&mut self, task: &Task) {
        self.numbers.push(task.version.get());
    }

    fn merge(all: Vec<Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, promises| {
            sum.numbers.extend(promises.numbers);
            sum.deleted.extend(promises.deleted);
            sum.toggles += promises.toggles;
            sum
        })
    }
}

/// One of many writers: it creates, changes and deletes its own tasks and changes one task that all
/// share. An unexpected response, such as a 5xx, fails the test.
async fn write(client: Client, shared: TaskId, writer: usize) -> Promises {
    let mut promises = Promises::default();
    let shared = format!("/tasks/{shared}");
    let mut mine: Option<Task> = None;
    for round in 0..ROUNDS {
        match (writer * 3 + round) % 8 {
            0 | 1 => {
                let task = client.create(&format!("task {round} of writer {writer}")).await;
                promises.changed(&task);
                mine = Some(task);
            }
            2 => {
                let title = json!({ "title": format!("round {round} of writer {writer}") });
                promises.changed(&client.patch(&shared).json(title).expect(200).await.json());
            }
            3 | 4 => {
                promises.changed(&client.patch(&format!("{shared}/complete")).expect(200).await.json());
                promises.toggles += 1;
            }
            5 => {
                client.patch(&shared).json(json!({})).expect(200).await;
            }
            6 => {
                let seen = client.get(&shared).expect(200).await;
                let description = json!({ "description": format!("round {round} of writer {writer}") });
                let etag = seen.header("etag").expect("a version");
                let answer = client.patch(&shared).header("if-match", etag).json(description).send().await;
                match answer.status.as_u16() {
                    200 => promises.changed(&answer.json()),
                    status => assert_eq!(status, 412),
                }
            }
            _ => {
                if let Some(task) = mine.take() {
                    client.delete(&format!("/tasks/{}", task.id)).expect(204).await;
                    promises.deleted.push(task.id.to_string());
                }
            }
        }
    }
    promises
}

fn seq(change: &Value) -> i64 {
    change["seq"].as_i64().expect("a number")
}

fn at(change: &Value) -> DateTime<Utc> {
    change["at"].as_str().expect("a time").parse().expect("a time")
}

/// The tasks and projects after replaying a log, by id.
#[derive(Default)]
struct Replay<'l> {
    tasks: BTreeMap<String, &'l Value>,
    projects: BTreeMap<String, &'l Value>,
}

impl<'l> Replay<'l> {
    fn follow(&mut self, change: &'l Value) {
        let (kind, what) = change["type"].as_str().and_then(|kind| kind.split_once('.')).expect("a type");
        let things = if kind == "task" { &mut self.tasks } else { &mut self.projects };
        let now = &change[kind];
        let before = match what {
            "deleted" => things.remove(&change[format!("{kind}_id")].to_string()),
            _ => things.insert(now["id"].to_string(), now),
        };
        assert_eq!(before.is_some(), matches!(what, "updated" | "deleted"), "{change}");
        if !now.is_null() {
            assert_eq!((&now["version"], &now["updated_at"]), (&change["seq"], &change["at"]));
        }
        self.check_references(change);
    }

    /// Fails the test if anything refers to a missing task or project, or an open task is below a completed one.
    fn check_references(&self, change: &Value) {
        let concerned = [&change["task"]["id"], &change["task_id"], &change["project_id"]];
        for task in self.tasks.values() {
            let [project, parent] = [&task["project_id"], &task["parent_id"]];
            if concerned.contains(&&task["id"]) || concerned.contains(&project) || concerned.contains(&parent) {
                assert!(
                    project.is_null() || self.projects.contains_key(&project.to_string()),
                    "after {change}: {task}"
                );
                let Some(parent) = Some(parent).filter(|parent| !parent.is_null()) else { continue };
                let parent = self.tasks.get(&parent.to_string());
                let parent = parent.unwrap_or_else(|| panic!("after {change}: {task} has no parent"));
                assert!(task["completed"] == true || parent["completed"] == false, "after {change}: {task} is open");
            }
        }
    }
}

/// Fails the test unless the log is numbered without gaps, refers only to existing items, and gives
/// the current lists when replayed. Returns the log.
pub async fn check_log(client: &Client) -> Vec<Value> {
    let log = client.log().await;
    assert!(log.iter().map(seq).eq(1..=i64::try_from(log.len()).expect("a length")), "the log has no gap");
    assert!(log.is_sorted_by(|one, next| at(one) < at(next)), "times grow with the numbers");
    let mut replay = Replay::default();
    for change in &log {
        replay.follow(change);
    }
    let mut listed = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page: Value = client.get(&format!("/tasks?limit=200{cursor}")).expect(200).await.json();
        for task in page["tasks"].as_array().expect("tasks") {
            listed.insert(task["id"].to_string(), task.clone());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(listed.iter().eq(replay.tasks.iter().map(|(id, task)| (id, *task))), "replaying the log gives the table");
    let mut list: Value = client.get("/projects").expect(200).await.json();
    let projects = list["projects"].as_array_mut().expect("projects");
    for project in &mut *projects {
        let fields = project.as_object_mut().expect("a project");
        fields.retain(|field, _| !["open_tasks", "completed_tasks"].contains(&field.as_str()));
        assert_eq!(
            replay.projects.remove(&project["id"].to_string()),
            Some(&*project),
            "replaying the log gives the table"
        );
    }
    assert!(replay.projects.is_empty(), "replaying the log gives the table");
    log
}

/// Runs the writers on a user's shared task and compares the log with the responses.
pub async fn check_writers(reader: &Client, writers: impl Fn(usize) -> Client) -> Vec<Value> {
    let shared = reader.create("shared").await;
    let work = (0..WRITERS).map(|writer| tokio::spawn(write(writers(writer), shared.id, writer)));
    let done = join_all(work).await.into_iter().collect::<Result<Vec<_>, _>>().expect("no writer fails");
    let promises = Promises::merge(done);

    let log = check_log(reader).await;
    let deleted: Vec<&str> = log.iter().filter_map(|change| change["task_id"].as_str()).collect();
    let named: BTreeSet<i64> = promises.numbers.iter().copied().collect();
    assert_eq!(named.len(), promises.numbers.len(), "no number was used twice");
    // The first change creates the shared task.
    let others: BTreeSet<i64> = log[1..].iter().filter(|change| change["task_id"].is_null()).map(seq).collect();
    assert_eq!(others, named, "the log holds what was acknowledged, and nothing else");
    assert_eq!(BTreeSet::from_iter(deleted), promises.deleted.iter().map(String::as_str).collect());
    let now: Task = reader.get(&format!("/tasks/{}", shared.id)).expect(200).await.json();
    assert!(promises.toggles > WRITERS, "the shared task was hardly changed");
    assert_eq!(now.completed, promises.toggles % 2 == 1, "{} toggles, none lost", promises.toggles);
    log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_leave_one_log_which_every_socket_receives() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(Live::open(&ada, None).await.0);
    }
    let log = check_writers(&ada, |_| server.user("ada")).await;
    for live in &mut sockets {
        assert_eq!(live.changes(log.len()).await, log);
        live.expect_nothing().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_that_start_and_write_at_once_leave_one_log() {
    let database = Arc::new(TestDatabase::empty().await);
    let start = || async {
        taskwire::database::migrate(database.url()).await.expect("the database is migrated");
        TestServer::on(database.clone(), Options::default()).await
    };
    let (one, other) = tokio::join!(start(), start());
    check_writers(&one.user("ada"), |writer| [&one, &other][writer % 2].user("ada")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_deletes_of_one_task_one_succeeds() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for _ in 0..10 {
        let task = ada.create("contested").await;
        let path = format!("/tasks/{}", task.id);
        let deletes = (0..WRITERS).map(|_| ada.delete(&path).send());
        let mut statuses: Vec<u16> = join_all(deletes).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (204, &[404; WRITERS - 1][..]));
    }
    assert_eq!(check_log(&ada).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_conditional_updates_of_one_version_one_succeeds() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("contested").await;
    let path = format!("/tasks/{}", task.id);
    for round in 1..=10 {
        let updates = (0..WRITERS).map(|writer| {
            let title = json!({ "title": format!("round {round}, writer {writer}") });
            ada.patch(&path).header("if-match", &format!("\"{round}\"")).json(title).send()
        });
        let mut statuses: Vec<u16> = join_all(updates).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (200, &[412; WRITERS - 1][..]));
    }
    assert_eq!(check_log(&ada).await.len(), 11);
}

fn owner(user: &str) -> OwnerId {
    Tokens::new(SECRET.as_bytes(), None, None).verify(&token(user)).expect("a good token").owner
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_that_race_for_an_owners_first_write_number_them_all() {
    let server = TestServer::start().await;
    for round in 0..15 {
        let user = format!("new user {round}");
        let same = TaskId::new();
        let creations = (0..WRITERS).map(|writer| {
            let (pool, owner) = (server.pool.clone(), owner(&user));
            // Half of the writers create the same task, the others each a different one.
            let id = (writer % 2 == 0).then_some(same);
            let new = CreateTask { id, ..CreateTask::titled("the first?") };
            tokio::spawn(async move { single::create(&pool, &owner, &new).await.expect("no deadlock").value })
        });
        let ended =
            tokio::time::timeout(Duration::from_secs(20), join_all(creations)).await.expect("no writer waits forever");
        let (mut created, mut repeated) = (BTreeSet::new(), 0);
        for creation in ended {
            match creation.expect("no writer fails") {
                Attempt::Finished(Ok(Done::TaskCreated(task))) => assert!(created.insert(task.version.get())),
                Attempt::Finished(Ok(Done::TaskRepeated(task))) if task.id == same => repeated += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(created.into_iter().eq(1..=9));
        assert_eq!(repeated, WRITERS / 2 - 1);
        assert_eq!(check_log(&server.user(&user)).await.len(), 9);
    }
}
