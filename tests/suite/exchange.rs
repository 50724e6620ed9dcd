//! Export to JSON and import: a second export equals the first, a repeated import changes nothing,
//! and deleted tasks stay deleted.

use serde_json::{Value, json};
use taskwire::exchange::{ImportCounts, ImportResponse};
use taskwire::model::Task;

use crate::kit::{Client, TestServer, at};

const JSON: &str = "application/json";

const fn counts(created: u64, repeated: u64, skipped: u64) -> ImportCounts {
    ImportCounts { created, repeated, skipped }
}

/// Creates data of every kind for a user.
pub async fn furnish(ada: &Client) {
    let garden: Value =
        ada.post("/projects").json(json!({"name": "Garden, \"back\"", "color": "#2f855a"})).expect(201).await.json();
    ada.post("/projects").json(json!({"name": "=Old", "archived": true})).expect(201).await;
    let whole = ada
        .create_with(json!({
            "title": "Grüße, \"quoted\"; back\\slash 🦀", "description": "  Two\nlines, and\ttab; \\n ",
            "priority": "urgent", "due": {"date": "2026-11-30", "time": "09:30", "time_zone": "Europe/Berlin"},
            "recurrence": "FREQ=WEEKLY;UNTIL=20271231T225959Z;BYDAY=MO", "labels": ["Home", "+plus", "日本"],
            "project_id": garden["id"],
        }))
        .await;
    ada.patch(&format!("{}/complete", at(whole.id))).json(json!({"completed": true})).expect(200).await;
    let mut above = whole.clone();
    for (title, priority) in [("=1+1", "low"), ("-minus", "medium"), ("'apostrophe", "high"), ("@at", "none")] {
        let fields =
            json!({"title": title, "priority": priority, "parent_id": above.id, "due": {"date": "2026-12-24"}});
        above = ada.create_with(fields).await;
    }
    ada.create_with(json!({"title": "Done", "completed": true, "description": "'=formula"})).await;
    let daily = json!({"title": "In UTC", "due": {"date": "2027-01-01", "time": "23:00", "time_zone": "UTC"}, "recurrence": "FREQ=DAILY;COUNT=3"});
    ada.create_with(daily).await;
    // This subtask comes before its parent in the user's order.
    ada.move_task(above.id, json!({"before": whole.id})).await;
}

fn in_order(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.title.as_str()).collect()
}

#[tokio::test]
async fn an_export_imported_for_another_user_gives_equal_data() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    let file = ada.export("json").await;
    let answer = bob.import(JSON, file.clone()).await;
    assert_eq!((answer.tasks, answer.projects), (counts(7, 0, 0), counts(2, 0, 0)));
    assert_eq!((answer.dry_run, answer.warnings.len()), (false, 0));
    assert_eq!(bob.everything().await, ada.everything().await);
    assert_eq!(in_order(&bob.in_order().await), in_order(&ada.in_order().await));
    let whole: Value = serde_json::from_str(&file).expect("JSON");
    let tasks = whole["tasks"].as_array().expect("tasks");
    assert_eq!(tasks[0]["occurrences"][0]["due"], "2026-11-30T09:30:00");
    assert_eq!(whole["taskwire"]["version"], 1);
    assert_eq!(whole["taskwire"]["position"], ada.position().await);

    let elsewhere = TestServer::start().await;
    let ada_again = elsewhere.user("ada");
    ada_again.import(JSON, file).await;
    assert_eq!(ada_again.everything().await, ada.everything().await);
}

#[tokio::test]
async fn subtasks_follow_their_parents_and_each_item_has_its_own_line() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    furnish(&ada).await;
    let file = ada.export("json").await;
    let tasks = ada.everything().await["tasks"].clone();
    let mut seen = vec![Value::Null];
    for task in tasks.as_array().expect("tasks") {
        assert!(seen.contains(&task["parent_id"]), "{task} comes before its parent");
        seen.push(task["id"].clone());
        let line = file.lines().find(|line| line.contains(&task["id"].to_string())).expect("a line");
        assert_eq!(serde_json::from_str::<Value>(line.trim_end_matches(',')).expect("one item"), *task);
    }
}

#[tokio::test]
async fn a_repeated_import_changes_nothing() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    let file = ada.export("json").await;
    bob.import(JSON, file.clone()).await;
    let changed: Task = bob.in_order().await.remove(0);
    bob.update(changed.id, json!({"title": "Changed meanwhile"})).await;
    let log = bob.log().await;
    let answer = bob.import(JSON, file.clone()).await;
    assert_eq!((answer.tasks, answer.projects), (counts(0, 7, 0), counts(0, 2, 0)));
    assert_eq!(bob.log().await, log);
    assert_eq!(ada.import(JSON, file).await.tasks, counts(0, 7, 0), "the user's own export contains nothing new");
}

#[tokio::test]
async fn an_import_creates_one_change_per_task_and_appends_it() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    bob.create("Was there").await;
    bob.import(JSON, ada.export("json").await).await;
    let kinds: Vec<Value> = bob.log().await.into_iter().map(|change| change["type"].clone()).collect();
    let projects = kinds.iter().filter(|kind| **kind == "project.created").count();
    let tasks = kinds.iter().filter(|kind| **kind == "task.created").count();
    assert_eq!((projects, tasks, kinds.len()), (2, 8, 10));
    let mut expected = vec!["Was there".to_owned()];
    expected.extend(ada.in_order().await.into_iter().map(|task| task.title));
    assert_eq!(in_order(&bob.in_order().await), expected);
    // The log agrees with the tasks.
    for change in bob.log().await.iter().filter(|change| change["type"] == "task.created") {
        let id = change["task"]["id"].as_str().expect("an id");
        assert_eq!(change["task"], json!(bob.read(id).await));
    }
    bob.create("Comes after").await;
    assert_eq!(bob.in_order().await.last().map(|task| task.title.clone()).as_deref(), Some("Comes after"));
}

#[tokio::test]
async fn a_dry_run_reports_the_result_and_changes_nothing() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    let (file, position) = (ada.export("json").await, bob.position().await);
    let dry: ImportResponse = bob.post("/import?dry_run=true").bytes(JSON, file.clone()).expect(200).await.json();
    assert_eq!((dry.dry_run, dry.tasks, dry.projects), (true, counts(7, 0, 0), counts(2, 0, 0)));
    assert_eq!(bob.position().await, position);
    let unknown = json!({"taskwire": {"version": 1}, "tasks": [{"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d61",
        "title": "a", "parent_id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d62"}]});
    bob.post("/import?dry_run=true").json(unknown).invalid("line 1, tasks[0].parent_id").await;
}

#[tokio::test]
async fn deleted_items_stay_deleted_and_their_dependants_are_imported_without_them() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    furnish(&ada).await;
    let file = ada.export("json").await;
    let before = ada.in_order().await;
    let whole = before.iter().find(|task| task.recurrence.is_some() && task.project_id.is_some()).expect("a task");
    ada.delete(&format!("{}?children=include", at(whole.id))).expect(204).await;
    let answer = ada.import(JSON, file.clone()).await;
    assert_eq!((answer.tasks, answer.projects), (counts(0, 2, 5), counts(0, 2, 0)));
    assert_eq!(ada.in_order().await.len(), 2);

    // A new subtask of a deleted parent.
    let mut file: Value = serde_json::from_str(&file).expect("JSON");
    let part = json!({"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d61", "title": "Part", "parent_id": whole.id});
    file["tasks"].as_array_mut().expect("tasks").push(part);
    let answer = ada.import(JSON, file.to_string()).await;
    assert_eq!(answer.tasks, counts(1, 2, 5));
    assert_eq!(ada.read("019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d61").await.parent_id, None);
}

#[tokio::test]
async fn two_imports_at_once_create_everything_once() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    let file = ada.export("json").await;
    let answers = futures_util::future::join_all((0..4).map(|_| bob.import(JSON, file.clone()))).await;
    assert_eq!(answers.iter().map(|answer| answer.tasks.created).sum::<u64>(), 7);
    assert_eq!(answers.iter().map(|answer| answer.tasks.repeated).sum::<u64>(), 21);
    assert_eq!(bob.everything().await, ada.everything().await);
}

#[tokio::test]
async fn a_small_file_written_by_hand_is_enough_and_may_refer_to_what_is_there() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let there = ada.create("There").await;
    let id = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d61";
    let file = json!({"taskwire": {"version": 1}, "tasks": [
        {"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d63", "title": "Below", "parent_id": id, "completed": true},
        {"id": id, "title": "  Part ", "parent_id": there.id, "completed": true},
    ]});
    // Starts with the byte order mark that some editors write.
    let answer = ada.import(JSON, format!("\u{feff}{file}")).await;
    assert_eq!(answer.tasks, counts(2, 0, 0));
    let part = ada.read(id).await;
    assert_eq!((part.title.as_str(), part.parent_id, part.completed), ("Part", Some(there.id), true));
    assert!(part.completed_at.is_some() && part.created_at > there.created_at);
}

#[tokio::test]
async fn the_response_names_the_file_and_head_returns_no_body() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("Something").await;
    for (query, media_type, extension) in [
        ("", "application/json; charset=utf-8", "json"),
        ("?format=ics", "text/calendar; charset=utf-8", "ics"),
        ("?format=csv", "text/csv; charset=utf-8; header=present", "csv"),
    ] {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let answer = ada.call(method, ada.own(&format!("/export{query}"))).expect(200).await;
            assert_eq!(answer.header("content-type"), Some(media_type));
            let name = answer.header("content-disposition").expect("a name");
            assert!(name.starts_with("attachment; filename=\"taskwire-20"), "{name}");
            assert!(name.ends_with(&format!(".{extension}\"")), "{name}");
        }
    }
    ada.get("/export?format=xml").invalid("format").await;
    ada.get("/export?fromat=csv").invalid("fromat").await;
}

#[tokio::test]
async fn an_empty_export_is_a_valid_file() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    for (format, media_type) in [("json", JSON), ("ics", "text/calendar"), ("csv", "text/csv")] {
        let answer = bob.import(media_type, ada.export(format).await).await;
        assert_eq!((answer.tasks, answer.projects), (counts(0, 0, 0), counts(0, 0, 0)), "{format}");
    }
    assert_eq!(bob.everything().await, json!({"projects": [], "tasks": []}));
}
