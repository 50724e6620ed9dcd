//! Recurring tasks: completing one moves it to its next occurrence, once per occurrence.

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::model::Task;

use crate::kit::{Client, TestServer, at};

async fn daily(ada: &Client, rule: &str) -> Task {
    let new = json!({"title": "Water the plants", "due": {"date": "2026-11-30"}, "recurrence": rule});
    ada.post("/tasks").json(new).expect(201).await.json()
}

async fn complete(ada: &Client, task: &Task, body: Value) -> Task {
    ada.patch(&format!("{}/complete", at(task.id))).json(body).expect(200).await.json()
}

fn due(task: &Task) -> Value {
    json!(task)["due"].clone()
}

#[tokio::test]
async fn completing_an_occurrence_moves_the_task_to_the_next() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY;INTERVAL=2").await;
    let next = complete(&ada, &task, json!({"completed": true})).await;
    assert_eq!(due(&next), json!({"date": "2026-12-02"}));
    assert_eq!((next.completed, next.completed_at), (false, None));
    assert_eq!(json!(next)["recurrence"], "FREQ=DAILY;INTERVAL=2");
    assert_eq!(next.version.get(), task.version.get() + 1);
    assert_eq!(ada.log().await.len(), 2, "completing it is one change, the later due date");
}

#[tokio::test]
async fn an_update_that_completes_does_the_same() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=WEEKLY").await;
    let next = ada.update(task.id, json!({"completed": true, "title": "Water all plants"})).await;
    assert_eq!(due(&next), json!({"date": "2026-12-07"}));
    assert_eq!((next.title.as_str(), next.completed), ("Water all plants", false));
}

#[tokio::test]
async fn the_local_time_stays_the_same_when_the_clocks_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let due_at = json!({"date": "2026-10-24", "time": "09:30", "time_zone": "Europe/Berlin"});
    let new = json!({"title": "Call home", "due": due_at, "recurrence": "FREQ=DAILY"});
    let task: Task = ada.post("/tasks").json(new).expect(201).await.json();
    let next = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-10-24"})).await;
    assert_eq!(due(&next), json!({"date": "2026-10-25", "time": "09:30", "time_zone": "Europe/Berlin"}));
    let instants: Vec<String> = {
        let mut connection = server.database.connection().await;
        let rows = sqlx::raw_sql("SELECT due_at::text FROM tasks").fetch_all(&mut connection).await.expect("rows");
        rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
    };
    assert!(instants[0].starts_with("2026-10-25 08:30"), "{instants:?}");
}

#[tokio::test]
async fn a_rule_with_a_count_ends_in_a_completed_task() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut task = daily(&ada, "FREQ=DAILY;COUNT=3").await;
    for (date, left) in [("2026-11-30", "FREQ=DAILY;COUNT=2"), ("2026-12-01", "FREQ=DAILY;COUNT=1")] {
        task = complete(&ada, &task, json!({"completed": true, "occurrence": date})).await;
        assert_eq!(json!(task)["recurrence"], left);
        assert!(!task.completed);
    }
    task = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-12-02"})).await;
    assert!(task.completed && task.completed_at.is_some());
    assert_eq!(due(&task), json!({"date": "2026-12-02"}));
}

#[tokio::test]
async fn the_last_occurrence_can_be_undone_and_done_again() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let done = async || {
        let stats: Value = ada.get("/stats?days=1").expect(200).await.json();
        stats["completed_per_day"][0]["completed"].clone()
    };
    let task = daily(&ada, "FREQ=DAILY;COUNT=1").await;
    assert!(complete(&ada, &task, json!({"completed": true})).await.completed);
    assert_eq!(done().await, 1);
    assert!(!complete(&ada, &task, json!({"completed": false})).await.completed);
    assert_eq!(done().await, 0, "an undone completion does not count");
    assert!(complete(&ada, &task, json!({"completed": true})).await.completed, "it can be completed again at once");
    assert!(!ada.update(task.id, json!({"completed": false})).await.completed);
    assert!(ada.update(task.id, json!({"completed": true})).await.completed);
    assert_eq!(done().await, 1);
}

#[tokio::test]
async fn a_rule_ends_after_its_until() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20261231").await;
    let task = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-11-30"})).await;
    assert_eq!(due(&task), json!({"date": "2026-12-31"}));
    let task = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-12-31"})).await;
    assert!(task.completed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_completions_complete_one_occurrence() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for body in [json!({"completed": true}), json!({"completed": true, "occurrence": "2026-11-30"})] {
        let task = daily(&ada, "FREQ=DAILY").await;
        let completions = (0..8).map(|_| complete(&ada, &task, body.clone()));
        let answers = join_all(completions).await;
        assert!(answers.iter().all(|answer| due(answer) == json!({"date": "2026-12-01"})), "{answers:?}");
        assert_eq!(ada.read(task.id).await, answers[0]);
    }
}

#[tokio::test]
async fn a_completion_that_names_its_occurrence_is_safe_to_retry_at_any_time() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY").await;
    let first = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-11-30"})).await;
    let second = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-12-01"})).await;
    assert_eq!(due(&second), json!({"date": "2026-12-02"}), "the next occurrence can be completed right after");
    let late = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-11-30"})).await;
    assert_eq!(late, second);
    assert_ne!(first.version, second.version);
    let other = async |occurrence: &str| {
        let other = json!({"completed": true, "occurrence": occurrence});
        ada.patch(&format!("{}/complete", at(task.id))).json(other).problem(409, "CONFLICT").await;
    };
    other("2027-01-01").await;
    other("2026-11-29").await;
    // Another client postpones the occurrence without this client's knowledge.
    ada.update(task.id, json!({"due": {"date": "2026-12-05"}})).await;
    other("2026-12-02").await;
    let still = complete(&ada, &task, json!({"completed": true, "occurrence": "2026-12-01"})).await;
    assert_eq!(due(&still), json!({"date": "2026-12-05"}), "that occurrence was completed before");
}

#[tokio::test]
async fn a_completion_with_if_match_happens_once() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY").await;
    let path = format!("{}/complete", at(task.id));
    let ask = || ada.patch(&path).json(json!({"completed": true})).header("if-match", &format!("\"{}\"", task.version));
    ask().expect(200).await;
    ask().problem(412, "PRECONDITION_FAILED").await;
    assert_eq!(due(&ada.read(task.id).await), json!({"date": "2026-12-01"}));
}

#[tokio::test]
async fn completed_subtasks_are_open_again_in_the_next_round() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY").await;
    let part = json!({"title": "The ficus", "parent_id": task.id, "completed": true});
    let part: Task = ada.post("/tasks").json(part).expect(201).await.json();
    complete(&ada, &task, json!({"completed": true})).await;
    assert!(!ada.read(part.id).await.completed);
}

#[tokio::test]
async fn an_invalid_rule_is_rejected_with_the_allowed_values() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let with = |rule: &str, due: Value| json!({"title": "a", "due": due, "recurrence": rule});
    let date = json!({"date": "2026-11-30"});
    for (rule, due) in [
        ("FREQ=HOURLY", &date),
        ("FREQ=DAILY;INTERVAL=0", &date),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", &date),
        ("FREQ=DAILY;COUNT=0", &date),
        ("FREQ=DAILY;UNTIL=20200101", &date),
        ("every day", &date),
        ("FREQ=DAILY", &Value::Null),
    ] {
        ada.post("/tasks").json(with(rule, due.clone())).invalid("recurrence").await;
    }
    let task = daily(&ada, "FREQ=DAILY").await;
    ada.patch(&at(task.id)).json(json!({"due": null})).invalid("recurrence").await;
    ada.patch(&at(task.id)).json(json!({"recurrence": "FREQ=MINUTELY"})).invalid("recurrence").await;
    let plain = ada.update(task.id, json!({"due": null, "recurrence": null})).await;
    assert_eq!((plain.due, plain.recurrence), (None, None));
}
