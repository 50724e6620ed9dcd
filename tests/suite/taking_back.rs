//! Taking back a completion leaves no trace of it in the statistics and in an export, and the task can be
//! completed again at once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskwire::model::Task;

use crate::concurrency::check_log;
use crate::kit::{Call, Client, TestServer, at};

/// A task that is due each day from 2026-11-30.
async fn daily(ada: &Client, rule: &str) -> Task {
    let new = json!({"title": "Water the plants", "due": {"date": "2026-11-30"}, "recurrence": rule});
    ada.create_with(new).await
}

fn completion(ada: &Client, task: &Task, body: Value) -> Call {
    ada.patch(&format!("{}/complete", at(task.id))).json(body)
}

async fn complete(ada: &Client, task: &Task) -> Task {
    completion(ada, task, json!({"completed": true})).expect(200).await.json()
}

async fn complete_one(ada: &Client, task: &Task, date: &str) -> Task {
    completion(ada, task, json!({"completed": true, "occurrence": date})).expect(200).await.json()
}

fn back(date: &str) -> Value {
    json!({"completed": false, "occurrence": date})
}

async fn take_back(ada: &Client, task: &Task, date: &str) -> Task {
    completion(ada, task, back(date)).expect(200).await.json()
}

/// Fails the test unless it is a conflict whose detail says this, and nothing was changed.
async fn conflict(ada: &Client, task: &Task, date: &str, says: &str) {
    let before = ada.read(task.id).await;
    let problem = completion(ada, task, back(date)).problem(409, "CONFLICT").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{problem}");
    let batch = json!({"operations": [{"op": "complete", "id": task.id, "completed": false, "occurrence": date}]});
    assert_eq!(ada.post("/tasks/batch").json(batch).problem(409, "CONFLICT").await["title"], problem["title"]);
    assert_eq!(ada.read(task.id).await, before);
}

fn due(task: &Task) -> Value {
    json!(task)["due"]["date"].clone()
}

async fn completed_today(ada: &Client) -> Value {
    let stats: Value = ada.get("/stats?days=1").expect(200).await.json();
    stats["completed_per_day"][0]["completed"].clone()
}

/// The tasks of an export.
async fn exported(ada: &Client) -> Value {
    ada.everything().await["tasks"].clone()
}

#[tokio::test]
async fn a_completion_of_an_occurrence_leaves_no_trace_when_it_is_taken_back() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for rule in ["FREQ=DAILY", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20261231"] {
        let task = daily(&ada, rule).await;
        let (before, counted) = (exported(&ada).await, completed_today(&ada).await);
        assert_eq!(due(&complete(&ada, &task).await), "2026-12-01");
        assert_ne!(completed_today(&ada).await, counted);
        let again = take_back(&ada, &task, "2026-11-30").await;
        assert_eq!((due(&again), &again.recurrence, again.completed), (json!("2026-11-30"), &task.recurrence, false));
        assert_eq!((exported(&ada).await, completed_today(&ada).await), (before, counted), "{rule}");
        // It can be completed again at once, and that counts.
        assert_eq!(due(&complete(&ada, &task).await), "2026-12-01");
        assert_eq!(due(&complete(&ada, &task).await), "2026-12-01", "a repetition");
    }
    assert_eq!(completed_today(&ada).await, 3);
    check_log(&ada).await;
}

#[tokio::test]
async fn a_completion_right_after_taking_back_a_later_one_counts() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY").await;
    complete_one(&ada, &task, "2026-11-30").await;
    complete_one(&ada, &task, "2026-12-01").await;
    take_back(&ada, &task, "2026-12-01").await;
    ada.update(task.id, json!({"title": "Water all plants"})).await;
    assert_eq!(due(&complete(&ada, &task).await), "2026-12-02", "the completion within the minute before is another");
    assert_eq!(due(&complete(&ada, &task).await), "2026-12-02", "a repetition of the one just now");
    assert_eq!(completed_today(&ada).await, 2);
    // In one batch too.
    let (undo, redo) = (
        json!({"op": "complete", "id": task.id, "completed": false, "occurrence": "2026-12-01"}),
        json!({"op": "complete", "id": task.id}),
    );
    let results = ada.batch(json!([undo, redo, redo])).await;
    let dues: Vec<Value> = results.iter().map(|result| due(result.task.as_ref().expect("a task"))).collect();
    assert_eq!(dues, ["2026-12-01", "2026-12-02", "2026-12-02"]);
    assert_eq!(completed_today(&ada).await, 2);
}

#[tokio::test]
async fn a_due_with_a_time_comes_back_as_it_was() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let berlin = json!({"date": "2026-10-24", "time": "09:30", "time_zone": "Europe/Berlin"});
    let task =
        ada.create_with(json!({"title": "Call home", "due": berlin, "recurrence": "FREQ=DAILY;UNTIL=20261030"})).await;
    assert_eq!(due(&complete(&ada, &task).await), "2026-10-25");
    let again = take_back(&ada, &task, "2026-10-24").await;
    assert_eq!((&again.due, &again.recurrence), (&task.due, &task.recurrence));
}

#[tokio::test]
async fn only_the_newest_completion_can_be_taken_back_one_after_the_other() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY;COUNT=3").await;
    for date in ["2026-11-30", "2026-12-01", "2026-12-02"] {
        complete_one(&ada, &task, date).await;
    }
    conflict(&ada, &task, "2026-11-30", "completed again since").await;
    let open = take_back(&ada, &task, "2026-12-02").await;
    assert_eq!((open.completed, open.completed_at, due(&open)), (false, None, json!("2026-12-02")));
    assert_eq!(completed_today(&ada).await, 2);
    let body = json!({"operations": [
        {"op": "complete", "id": task.id, "completed": false, "occurrence": "2026-12-01"},
        {"op": "complete", "id": task.id, "completed": false, "occurrence": "2026-11-30"},
    ]});
    ada.post("/tasks/batch").json(body).expect(200).await;
    let now = ada.read(task.id).await;
    assert_eq!((due(&now), &now.recurrence), (json!("2026-11-30"), &task.recurrence));
    assert_eq!(completed_today(&ada).await, 0);
}

#[tokio::test]
async fn a_completion_that_cannot_be_taken_back_is_a_conflict() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (plain, task) = (ada.create("plain").await, daily(&ada, "FREQ=DAILY").await);
    complete(&ada, &plain).await;
    conflict(&ada, &plain, "2026-11-30", "does not recur").await;
    conflict(&ada, &task, "2026-11-29", "was not completed").await;
    complete(&ada, &task).await;
    conflict(&ada, &task, "2026-11-29", "was not completed").await;
    for changed in
        [json!({"due": {"date": "2026-12-05"}}), json!({"due": {"date": "2026-12-01"}, "recurrence": "FREQ=WEEKLY"})]
    {
        ada.update(task.id, changed).await;
        conflict(&ada, &task, "2026-11-30", "changed since").await;
    }
    ada.update(task.id, json!({"recurrence": null})).await;
    conflict(&ada, &task, "2026-11-30", "does not recur").await;
    ada.update(task.id, json!({"recurrence": "FREQ=DAILY"})).await;
    assert_eq!(due(&take_back(&ada, &task, "2026-11-30").await), "2026-11-30", "they are again as they were");
    // Unknown tasks and malformed dates.
    ada.patch(&format!("{}/complete", at(uuid::Uuid::now_v7())))
        .json(back("2026-11-30"))
        .problem(404, "NOT_FOUND")
        .await;
    completion(&ada, &task, back("30.11.2026")).problem(400, "VALIDATION_ERROR").await;
    // With `completed: true` it is a completion.
    completion(&ada, &task, json!({"completed": true, "occurrence": "2026-11-29"})).problem(409, "CONFLICT").await;
}

#[tokio::test]
async fn taking_back_is_safe_to_retry_and_keeps_to_if_match() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = daily(&ada, "FREQ=DAILY").await;
    let done = complete(&ada, &task).await;
    let stale = completion(&ada, &task, back("2026-11-30")).header("if-match", &format!("\"{}\"", task.version));
    stale.problem(412, "PRECONDITION_FAILED").await;
    let fresh = completion(&ada, &task, back("2026-11-30")).header("if-match", &format!("\"{}\"", done.version));
    let open: Task = fresh.expect(200).await.json();
    assert_eq!(take_back(&ada, &task, "2026-11-30").await, open, "an occurrence that is open stays so");
    assert_eq!(ada.log().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_simultaneous_undos_and_completions_each_happens_once() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for _ in 0..8 {
        let task = daily(&ada, "FREQ=DAILY").await;
        let before = ada.log().await.len();
        complete(&ada, &task).await;
        let undos = (0..4).map(|_| take_back(&ada, &task, "2026-11-30"));
        let opened = join_all(undos).await;
        assert!(opened.iter().all(|open| *open == opened[0] && due(open) == "2026-11-30"), "{opened:?}");
        assert_eq!(ada.log().await.len(), before + 2);
        // An undo against completions of the next occurrence: whichever comes first, the other is rejected or
        // finds the task as the first left it.
        complete(&ada, &task).await;
        let next = json!({"completed": true, "occurrence": "2026-12-01"});
        let calls = (0..4).map(|number| {
            completion(&ada, &task, if number % 2 == 0 { back("2026-11-30") } else { next.clone() }).send()
        });
        let answers = join_all(calls).await;
        let now = ada.read(task.id).await;
        let won = |index: usize| answers[index].status == 200;
        match due(&now).as_str() {
            Some("2026-11-30") => assert!(won(0) && won(2) && !won(1) && !won(3), "{answers:?}"),
            Some("2026-12-02") => assert!(!won(0) && !won(2) && won(1) && won(3), "{answers:?}"),
            other => panic!("{other:?}"),
        }
        check_log(&ada).await;
    }
}

#[tokio::test]
async fn reopening_a_task_that_does_not_recur_leaves_no_trace_either() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let before = exported(&ada).await;
    complete(&ada, &task).await;
    assert_eq!(completed_today(&ada).await, 1);
    completion(&ada, &task, json!({"completed": false})).expect(200).await;
    assert_eq!((exported(&ada).await, completed_today(&ada).await), (before, json!(0)));
    assert!(complete(&ada, &task).await.completed);
}

#[tokio::test]
async fn a_batch_restores_and_takes_back_once() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let garden = ada.project("Garden").await;
    ada.create_with(json!({"title": "Dig", "project_id": garden})).await;
    let (task, top) = (daily(&ada, "FREQ=DAILY").await, ada.create("top").await);
    let child = ada.create_below(&top, "child").await;
    complete(&ada, &task).await;
    ada.delete(&format!("{}?children=include", at(top.id))).expect(204).await;
    ada.delete(&format!("/projects/{garden}?tasks=delete")).expect(204).await;
    let body = json!({"id": uuid::Uuid::now_v7(), "mode": "each", "operations": [
        {"op": "restore", "id": child.id},
        {"op": "restore", "id": top.id},
        {"op": "restore", "id": garden},
        {"op": "complete", "id": task.id, "completed": false, "occurrence": "2026-11-30"},
        {"op": "restore", "id": top.id},
    ]});
    let first: Value = ada.post("/tasks/batch").json(body.clone()).expect(200).await.json();
    let statuses: Vec<&Value> =
        first["results"].as_array().expect("results").iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [409, 200, 200, 200, 404]);
    let [_, restored, project, taken, _] = &first["results"].as_array().expect("results")[..] else {
        panic!("{first}")
    };
    assert_eq!((&restored["count"], &restored["task"]), (&json!(2), &json!(ada.read(top.id).await)));
    assert_eq!((&project["count"], &project["project"]["name"]), (&json!(1), &json!("Garden")));
    assert_eq!(taken["task"]["due"]["date"], "2026-11-30");
    let log = check_log(&ada).await;
    let again: Value = ada.post("/tasks/batch").json(body).expect(200).await.json();
    assert_eq!((&again["repeated"], &again["results"][2]), (&json!(true), project));
    assert_eq!(check_log(&ada).await, log, "the batch was applied once");
    ada.post("/tasks/batch")
        .json(json!({"operations": [{"op": "restore", "id": "no id"}]}))
        .invalid("operations[0].id")
        .await;
}

/// What an operation deletes, a later one of the same batch restores, at its old place.
#[tokio::test]
async fn a_batch_restores_what_it_deleted() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (first, top, last) = (ada.create("first").await, ada.create("top").await, ada.create("last").await);
    let child = ada.create_below(&top, "child").await;
    let order = ada.in_order().await.into_iter().map(|task| task.id).collect::<Vec<_>>();
    let results = ada
        .batch(json!([
            {"op": "delete", "id": top.id, "children": "include"},
            {"op": "restore", "id": top.id},
            {"op": "complete", "id": child.id},
            {"op": "delete", "id": first.id},
            {"op": "restore", "id": first.id},
            {"op": "delete", "id": first.id},
        ]))
        .await;
    assert_eq!(results[1].count, Some(2));
    let now: Vec<_> = ada.in_order().await.into_iter().map(|task| task.id).collect();
    assert_eq!(now, order[1..]);
    assert!(now.contains(&last.id) && ada.read(child.id).await.completed);
    check_log(&ada).await;
    ada.post(&format!("/trash/{}/restore", first.id)).expect(200).await;
    assert_eq!(check_log(&ada).await.len(), 13);
}
