//! No open task is below a completed one, whichever request puts it there: the completed tasks above it are
//! reopened, each in a change of its own, before it. A database that breaks this is found by the same checks.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor;
use taskwire::config::LiveConfig;
use taskwire::model::{Task, TaskId};

use crate::concurrency::check_log;
use crate::kit::{Call, Client, Live, Options, TestServer, at};
use crate::migrations::database_of;
use crate::trash::{delete, restore};

/// The number of migrations before the one that reopens what is completed above open tasks.
const WITH_HOLES: usize = 8;

/// The titles of the open tasks that are below a completed one.
pub async fn holes(client: &Client) -> Vec<String> {
    let tasks = client.all_tasks().await;
    let completed = |id: TaskId| tasks.iter().any(|task| task.id == id && task.completed);
    let open = tasks.iter().filter(|task| !task.completed && task.parent_id.is_some_and(completed));
    open.map(|task| task.title.clone()).collect()
}

/// A completed tree of three levels, an open task beside it, and one that was deleted out of it while open.
struct Scene {
    top: Task,
    middle: Task,
    leaf: Task,
    /// Recurring, below the middle one. Its only occurrence was completed.
    ended: Task,
    beside: Task,
    deleted: Task,
}

async fn scene(client: &Client) -> Scene {
    let top = client.create("top").await;
    let middle = client.create_below(&top, "middle").await;
    let leaf = client.create_below(&middle, "leaf").await;
    let deleted = client.create_below(&middle, "deleted").await;
    let recurring = json!({"title": "ended", "parent_id": middle.id, "due": {"date": "2026-11-30"}, "recurrence": "FREQ=DAILY;COUNT=1"});
    let ended = client.create_with(recurring).await;
    let beside = client.create("beside").await;
    delete(client, &deleted).await;
    let done = json!({"completed": true});
    client.patch(&format!("{}/complete", at(ended.id))).json(done).expect(200).await;
    let whole = json!({"completed": true, "children": "include"});
    client.patch(&format!("{}/complete", at(top.id))).json(whole).expect(200).await;
    assert!(client.all_tasks().await.iter().all(|task| task.completed == (task.id != beside.id)));
    Scene { top, middle, leaf, ended, beside, deleted }
}

/// Every kind of request that leaves an open task below the middle one.
const WAYS: [&str; 18] = [
    "create",
    "update",
    "put",
    "complete",
    "toggle",
    "reparent",
    "move",
    "restore",
    "take back",
    "import",
    "batch create",
    "batch update",
    "batch complete",
    "batch reparent",
    "batch move",
    "batch restore",
    "batch take back",
    "batch delete and restore",
];

fn request(client: &Client, scene: &Scene, way: &str) -> Call {
    let Scene { middle, leaf, ended, beside, deleted, .. } = scene;
    let (open, below) = (json!({"completed": false}), json!({"parent_id": middle.id}));
    let new = json!({"title": "new", "parent_id": middle.id});
    let back = json!({"completed": false, "occurrence": "2026-11-30"});
    let complete = |task: &Task| client.patch(&format!("{}/complete", at(task.id)));
    let batch = |operations: Value| client.post("/tasks/batch").json(json!({ "operations": operations }));
    let file = json!({
        "taskwire": {"version": 1},
        "projects": [],
        "tasks": [{"id": TaskId::new(), "title": "new", "parent_id": middle.id}],
    });
    match way {
        "create" => client.post("/tasks").json(new),
        "update" => client.patch(&at(leaf.id)).json(open),
        "put" => client.put(&at(leaf.id)).json(open),
        "complete" => complete(leaf).json(open),
        "toggle" => complete(leaf),
        "reparent" => client.patch(&at(beside.id)).json(below),
        "move" => client.post(&format!("{}/move", at(beside.id))).json(below),
        "restore" => client.post(&format!("/trash/{}/restore", deleted.id)),
        "take back" => complete(ended).json(back),
        "import" => client.post("/import").json(file),
        "batch create" => batch(json!([{"op": "create", "task": new}])),
        "batch update" => batch(json!([{"op": "update", "id": leaf.id, "changes": open}])),
        "batch complete" => batch(json!([{"op": "complete", "id": leaf.id, "completed": false}])),
        "batch reparent" => batch(json!([{"op": "update", "id": beside.id, "changes": below}])),
        "batch move" => batch(json!([{"op": "move", "id": beside.id, "to": below}])),
        "batch restore" => batch(json!([{"op": "restore", "id": deleted.id}])),
        "batch take back" => {
            batch(json!([{"op": "complete", "id": ended.id, "completed": false, "occurrence": "2026-11-30"}]))
        }
        "batch delete and restore" => batch(json!([
            {"op": "update", "id": beside.id, "changes": below},
            {"op": "delete", "id": beside.id},
            {"op": "complete", "id": middle.id},
            {"op": "complete", "id": scene.top.id},
            {"op": "restore", "id": beside.id},
        ])),
        other => panic!("{other} is no way"),
    }
}

#[tokio::test]
async fn every_way_to_an_open_task_below_a_completed_one_reopens_those_above_first() {
    let server = TestServer::start().await;
    for way in WAYS {
        let ada = server.user(way);
        let scene = scene(&ada).await;
        let before = ada.log().await.len();
        let (mut live, _) = Live::open(&ada, None).await;
        let answer = request(&ada, &scene, way).send().await;
        assert!(answer.status.is_success(), "{way}: {}", String::from_utf8_lossy(&answer.body));
        let log = check_log(&ada).await;
        assert_eq!(live.changes(log.len() - before).await, log[before..], "{way}");
        // Those above come right before the last change, from the top down.
        let [.., top, middle, last] = &log[before..] else { panic!("{way}: {log:?}") };
        for (change, task) in [(top, &scene.top), (middle, &scene.middle)] {
            assert_eq!((&change["type"], &change["task"]["id"]), (&json!("task.updated"), &json!(task.id)), "{way}");
            assert_eq!((&change["task"]["completed"], &change["task"]["completed_at"]), (&json!(false), &Value::Null));
            assert_eq!(change["task"]["version"], change["seq"], "{way}");
        }
        assert_eq!((&last["task"]["completed"], &last["task"]["parent_id"]), (&json!(false), &json!(scene.middle.id)));
        let body: Value = answer.json();
        if body["version"].is_number() {
            assert_eq!(body, last["task"], "{way}: the response is the task alone");
        }
        assert_eq!(holes(&ada).await, [""; 0], "{way}");
    }
}

/// The checks are checked: a database that keeps the top one completed is found in every way.
#[tokio::test]
async fn a_hole_in_any_way_is_found() {
    let server = TestServer::start().await;
    let plant = "
        CREATE FUNCTION keep_completed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.completed := true;
            NEW.completed_at := OLD.completed_at;
            RETURN NEW;
        END $$;
        CREATE TRIGGER keep_completed BEFORE UPDATE ON tasks FOR EACH ROW
        WHEN (OLD.title = 'top' AND OLD.completed AND NOT NEW.completed) EXECUTE FUNCTION keep_completed();";
    server.database.connection().await.execute(plant).await.expect("the fault is planted");
    for way in WAYS.iter().filter(|way| !way.contains("delete and")) {
        let ada = server.user(way);
        let scene = scene(&ada).await;
        request(&ada, &scene, way).send().await;
        assert_eq!(holes(&ada).await, ["middle"], "{way}");
        let checked = tokio::spawn(async move { check_log(&ada).await });
        assert!(checked.await.is_err(), "{way}: the log is not the table any more");
    }
}

#[tokio::test]
async fn a_completed_task_may_be_below_anything_and_reopens_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let scene = scene(&ada).await;
    ada.create_with(json!({"title": "done", "completed": true, "parent_id": scene.leaf.id})).await;
    ada.update(scene.beside.id, json!({"completed": true})).await;
    ada.move_task(scene.beside.id, json!({"parent_id": scene.leaf.id})).await;
    ada.update(scene.leaf.id, json!({"title": "still done"})).await;
    assert!(ada.all_tasks().await.iter().all(|task| task.completed));
    check_log(&ada).await;
}

/// What is reopened for the sake of an imported task may come from the same file.
#[tokio::test]
async fn an_import_reopens_what_it_creates_completed_above_an_open_task() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let ids: Vec<TaskId> = (0..3).map(|_| TaskId::new()).collect();
    let file = json!({
        "taskwire": {"version": 1},
        "projects": [],
        "tasks": [
            {"id": ids[2], "title": "leaf", "parent_id": ids[1], "order": 1},
            {"id": ids[0], "title": "top", "completed": true, "order": 3,
             "due": {"date": "2026-11-30"}, "recurrence": "FREQ=DAILY;COUNT=1",
             "occurrences": [{"due": "2026-11-30T00:00:00", "completed_at": "2026-11-20T10:00:00Z"}]},
            {"id": ids[1], "title": "middle", "completed": true, "parent_id": ids[0], "order": 2},
        ],
    });
    let answer = ada.import("application/json", file.to_string()).await;
    assert_eq!(answer.tasks.created, 3);
    let tasks = ada.in_order().await;
    let titles: Vec<&str> = tasks.iter().map(|task| task.title.as_str()).collect();
    assert_eq!(titles, ["leaf", "middle", "top"]);
    assert!(tasks.iter().all(|task| !task.completed && task.completed_at.is_none()));
    assert_eq!(check_log(&ada).await.len(), 5);
    let exported = ada.everything().await;
    assert!(!exported.to_string().contains("occurrences"), "the last occurrence is open again: {exported}");
}

/// A tree in the trash from before this rule comes back without a hole.
#[tokio::test]
async fn a_hole_in_the_trash_is_closed_when_it_is_restored() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let top = ada.create("top").await;
    ada.create_below(&top, "leaf").await;
    delete(&ada, &top).await;
    let old = r#"UPDATE trash SET task = task || '{"completed": true, "completed_at": "2026-11-01T00:00:00Z"}' WHERE id = root_id"#;
    server.database.connection().await.execute(old).await.expect("the trash has a hole");
    let restored = restore(&ada, top.id).await;
    assert!(restored.tasks.iter().all(|task| !task.completed), "{restored:?}");
    for task in restored.tasks {
        assert_eq!(ada.read(task.id).await, task);
    }
    let log = ada.log().await;
    let told: Vec<&Value> = log[4..].iter().map(|change| &change["type"]).collect();
    assert_eq!(told, ["task.restored", "task.updated", "task.restored"]);
}

/// Completed tasks above open ones are reopened in the log, so a client that stays connected has the same tasks as
/// the server.
#[tokio::test]
async fn completed_tasks_above_open_ones_are_reopened_for_connected_clients_too() {
    let database = Arc::new(database_of(WITH_HOLES).await);
    let live = LiveConfig { sweep: Duration::from_millis(200), ..Options::default().live };
    let server = TestServer::on(database.clone(), Options { live, ..Options::default() }).await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let mut expected = Vec::new();
    for client in [&ada, &bob] {
        let top = client
            .create_with(json!({"title": "top", "due": {"date": "2026-11-30"}, "recurrence": "FREQ=DAILY;COUNT=1"}))
            .await;
        let middle = client.create_below(&top, "middle").await;
        let leaf = client.create_below(&middle, "leaf").await;
        let sound = client.create_with(json!({"title": "sound", "completed": true})).await;
        client.create_with(json!({"title": "part", "completed": true, "parent_id": sound.id})).await;
        let whole = json!({"completed": true, "children": "include"});
        client.patch(&format!("{}/complete", at(top.id))).json(whole).expect(200).await;
        expected.push((top, middle, leaf));
    }
    // The functions of the release before reopen only the task itself.
    let leaf = &expected[0].2;
    let reopen = format!(
        "SELECT taskwire_update_task('ada', '{}', NULL, NULL, false, NULL, false, false, NULL, false, NULL, NULL, NULL,
                                     NULL, NULL)",
        leaf.id
    );
    database
        .connection()
        .await
        .execute(sqlx::AssertSqlSafe(reopen))
        .await
        .expect("a server of that release reopens it");
    assert_eq!(holes(&ada).await, ["leaf"]);
    let (mut live, _) = Live::open(&ada, None).await;
    let (position, log) = (ada.position().await, ada.log().await.len());
    let bobs = bob.log().await;

    taskwire::database::migrate(database.url()).await.expect("the database is migrated");
    let changes = live.changes(2).await;
    assert_eq!(changes, ada.log().await[log..], "the client that stayed connected has what the log has");
    let (top, middle, _) = &expected[0];
    let told: Vec<_> = changes.iter().map(|change| (&change["type"], &change["task"]["id"])).collect();
    let updated = json!("task.updated");
    assert_eq!(told, [(&updated, &json!(top.id)), (&updated, &json!(middle.id))]);
    let rest: Value = ada.get(&format!("/changes?after={position}")).expect(200).await.json();
    assert_eq!(rest["changes"], json!(changes));
    assert_eq!(holes(&ada).await, [""; 0]);
    for change in &changes {
        assert_eq!(json!(ada.read(change["task"]["id"].as_str().expect("an id")).await), change["task"]);
    }
    assert!(!ada.everything().await.to_string().contains("occurrences"), "the last occurrence is open again");
    assert_eq!(check_log(&bob).await, bobs, "nothing was to be reopened");
    // The next write goes on after them.
    let next = ada.create("next").await;
    assert_eq!(live.expect("task.created").await["task"], json!(next));
}
