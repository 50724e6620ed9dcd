//! The other fields of a task: each keeps its given value, null clears it where that is allowed, an
//! update that omits it leaves it unchanged, and an invalid value is rejected with the allowed
//! values. A client that knows none of these fields works as before.

use serde_json::{Value, json};
use taskwire::model::Task;
use uuid::Uuid;

use crate::kit::{Client, TestServer, at};

#[tokio::test]
async fn a_client_that_knows_only_title_description_and_completed_works_unchanged() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let project = ada.project("Garden").await;
    let task = ada.create_with(json!({"title": "Buy milk", "description": "Two litres"})).await;
    let plain = json!(task);
    let expected = json!({
        "completed_at": null, "priority": "none", "due": null, "recurrence": null, "labels": [],
        "project_id": null, "parent_id": null,
    });
    for (field, default) in expected.as_object().expect("an object") {
        assert_eq!(&plain[field], default, "{field}");
    }

    // This client neither sees nor clears the values that another client has set.
    let rich = json!({
        "priority": "high", "labels": ["Home"], "due": {"date": "2026-11-25"}, "project_id": project,
    });
    let before = json!(ada.update(task.id, rich.clone()).await);
    let titled = json!({"title": "Buy oat milk"});
    ada.patch(&at(task.id)).json(titled).expect(200).await;
    ada.put(&at(task.id))
        .json(json!({"title": "Buy bread", "description": "One", "completed": false}))
        .expect(200)
        .await;
    ada.patch(&format!("{}/complete", at(task.id))).expect(200).await;
    let after = json!(ada.read(task.id).await);
    for field in ["priority", "labels", "due", "project_id", "rank"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(
        (&after["title"], &after["description"], &after["completed"]),
        (&json!("Buy bread"), &json!("One"), &json!(true))
    );
    ada.delete(&at(task.id)).expect(204).await;
}

#[tokio::test]
async fn each_field_keeps_its_given_value() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let project = ada.project("Garden").await;
    let task = ada.create("Buy milk").await;
    let twenty: Vec<String> = (1..=20).map(|number| format!("label {number}")).collect();
    for (field, value) in [
        ("priority", json!("low")),
        ("priority", json!("medium")),
        ("priority", json!("high")),
        ("priority", json!("urgent")),
        ("priority", json!("none")),
        ("labels", json!(["Home", "errands", "Ähre", "日本"])),
        ("labels", json!(["home", "errands"])),
        ("labels", json!(["errands", "home"])),
        ("labels", json!(["é".repeat(50), "a"])),
        ("labels", json!(twenty)),
        ("labels", json!([])),
        ("due", json!({"date": "1900-01-01"})),
        ("due", json!({"date": "9999-12-31"})),
        ("due", json!({"date": "2028-02-29"})),
        ("due", json!({"date": "2026-11-25", "time": "09:30", "time_zone": "Europe/Berlin"})),
        ("due", json!({"date": "2026-03-29", "time": "02:30", "time_zone": "Europe/Berlin"})),
        ("due", json!({"date": "9999-12-31", "time": "23:59", "time_zone": "America/New_York"})),
        ("due", json!(null)),
        ("project_id", json!(project)),
        ("project_id", json!(null)),
    ] {
        let what = format!("{field}: {value}");
        let new = json!({"title": "Buy bread", field: value});
        let created = ada.create_with(new).await;
        assert_eq!(json!(created)[field], value, "{what}");
        let updated = ada.update(task.id, json!({ field: value })).await;
        assert_eq!(json!(updated)[field], value, "{what}");
        for known in [created, updated] {
            assert_eq!(ada.read(known.id).await, known, "{what}");
            let change = ada.log().await.into_iter().find(|change| change["seq"] == json!(known.version));
            assert_eq!(change.map(|mut change| change["task"].take()), Some(json!(known)), "{what}");
        }
    }
    let spaced = ada.update(task.id, json!({"labels": [" Home ", "\u{3000}errands\n"]})).await;
    assert_eq!(json!(spaced)["labels"], json!(["Home", "errands"]));
}

#[tokio::test]
async fn null_clears_optional_fields_and_is_rejected_for_others() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let parent = ada.create("Shopping").await;
    let empty = json!({
        "title": "Buy milk", "description": null, "due": null, "recurrence": null, "project_id": null, "parent_id": null,
    });
    let task = ada.create_with(empty).await;
    for (field, value) in [
        ("description", json!("Two litres")),
        ("due", json!({"date": "2026-11-25"})),
        ("project_id", json!(ada.project("Garden").await)),
        ("parent_id", json!(parent.id)),
    ] {
        if field == "parent_id" {
            ada.update(task.id, json!({"project_id": null})).await;
        }
        ada.update(task.id, json!({ field: value })).await;
        assert_eq!(json!(ada.update(task.id, json!({"title": "Buy oat milk"})).await)[field], value);
        let cleared = ada.update(task.id, json!({ field: null })).await;
        assert_eq!(json!(cleared)[field], Value::Null, "{field}");
    }
    for field in ["title", "completed", "priority", "labels"] {
        refused(&ada, &task, field, &Value::Null, "").await;
    }
}

#[tokio::test]
async fn a_write_of_the_current_values_creates_no_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let project = ada.project("Garden").await;
    let whole = json!({
        "title": "Buy milk", "description": "Two litres", "completed": true, "priority": "high",
        "labels": ["Home", "errands"], "due": {"date": "2026-11-25", "time": "09:30", "time_zone": "Europe/Berlin"},
        "project_id": project, "parent_id": null,
    });
    let task = ada.create_with(whole.clone()).await;
    let length = ada.log().await.len();
    for (field, value) in whole.as_object().expect("an object") {
        for call in [ada.patch(&at(task.id)), ada.put(&at(task.id))] {
            assert_eq!(call.json(json!({ field: value })).expect(200).await.json::<Task>(), task, "{field}");
        }
    }
    assert_eq!(ada.update(task.id, whole.clone()).await, task);
    let results = ada.batch(json!([{"op": "update", "id": task.id, "changes": whole}])).await;
    assert_eq!(results[0].task.as_ref(), Some(&task));
    assert_eq!(ada.log().await.len(), length);
    // A label in another case is the same label with a new text.
    let louder = ada.update(task.id, json!({"labels": ["HOME", "errands"]})).await;
    assert_eq!(louder.version.get(), task.version.get() + 1);
}

#[tokio::test]
async fn completed_at_is_when_the_task_was_done_and_nothing_else() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let born_done = ada.create_with(json!({"title": "Done", "completed": true})).await;
    assert_eq!(born_done.completed_at, Some(born_done.created_at));

    let task = ada.create("Buy milk").await;
    assert_eq!(task.completed_at, None);
    let done = ada.update(task.id, json!({"completed": true, "title": "Bought milk"})).await;
    assert_eq!(done.completed_at, Some(done.updated_at));
    let later = ada.update(task.id, json!({"description": "Two litres", "completed": true})).await;
    assert!(later.updated_at > done.updated_at);
    assert_eq!(later.completed_at, done.completed_at);
    let planned = ada.batch(json!([{"op": "update", "id": task.id, "changes": {"priority": "low"}}])).await;
    assert_eq!(planned[0].task.as_ref().expect("a task").completed_at, done.completed_at);
    let open = ada.update(task.id, json!({"completed": false})).await;
    assert_eq!(open.completed_at, None);
    let again = ada.batch(json!([{"op": "complete", "id": task.id}])).await.remove(0).task.expect("a task");
    assert_eq!(again.completed_at, Some(again.updated_at));
    assert!(again.completed_at > done.completed_at);
    assert_eq!(ada.read(task.id).await, again);
}

/// Fails the test unless every way to set the field rejects the value and names the field and the
/// allowed values.
async fn refused(client: &Client, task: &Task, field: &str, value: &Value, allowed: &str) {
    let top = field.split(['.', '[']).next().expect("a name");
    let mut new = json!({"title": "Buy milk"});
    new[top] = value.clone();
    let update = json!({ top: value });
    let batch = json!({"operations": [
        {"op": "create", "task": new}, {"op": "update", "id": task.id, "changes": update},
    ]});
    let (created, changed) = (format!("operations[0].task.{field}"), format!("operations[1].changes.{field}"));
    for (call, field) in [
        (client.post("/tasks").json(new), field),
        (client.patch(&at(task.id)).json(update.clone()), field),
        (client.put(&at(task.id)).json(update), field),
        (client.post("/tasks/batch").json(batch.clone()), created.as_str()),
        (client.post("/tasks/batch").json(batch), changed.as_str()),
    ] {
        let problem = call.invalid(field).await;
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains(allowed), "{field} {value}: {allowed:?} is not in {detail:?}");
    }
}

#[tokio::test]
async fn an_invalid_value_is_rejected_with_its_field_and_the_allowed_values() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let task = ada.create("Buy milk").await;
    let (bobs, bobs_project) = (bob.create("Bob's").await, bob.project("Bob's").await);
    let many: Vec<String> = (0..21).map(|number| format!("label {number}")).collect();
    let due = |time: &str, zone: &str| json!({"date": "2026-11-25", "time": time, "time_zone": zone});
    let (a_date, a_time, a_zone) =
        ("a date from 1900-01-01 to 9999-12-31", "a time from 00:00 to 23:59", "IANA time zone");
    for (field, value, allowed) in [
        ("priority", json!("highest"), "`urgent`"),
        ("priority", json!("High"), "`high`"),
        ("priority", json!(3), "expected a string"),
        ("labels", json!("home"), "expected an array"),
        ("labels", json!({}), "expected an array"),
        ("labels[1]", json!(["a", 5]), "expected a string"),
        ("labels", json!([""]), "1 to 50 characters"),
        ("labels", json!(["a", " \t"]), "1 to 50 characters"),
        ("labels", json!(["é".repeat(51)]), "1 to 50 characters"),
        ("labels", json!(["a,b"]), "without a comma"),
        ("labels", json!(["a\u{0}"]), "U+0000"),
        ("labels", json!(["Home", "home"]), "twice, whatever its case"),
        ("labels", json!(["Ähre", "äHRE"]), "twice, whatever its case"),
        ("labels", json!(many), "at most 20 labels"),
        ("due", json!("2026-11-25"), "expected an object with a date"),
        ("due", json!(["2026-11-25"]), "expected an object with a date"),
        ("due.date", json!({}), "missing field"),
        ("due.date", json!({"date": null}), "expected a string"),
        ("due.date", json!({"date": 20_261_125}), "expected a string"),
        ("due.date", json!({"date": "2026-02-29"}), a_date),
        ("due.date", json!({"date": "2026-1-1"}), a_date),
        ("due.date", json!({"date": "1899-12-31"}), a_date),
        ("due.date", json!({"date": "10000-01-01"}), a_date),
        ("due.time", due("24:00", "UTC"), a_time),
        ("due.time", due("9:30", "UTC"), a_time),
        ("due.time", due("09:30:15", "UTC"), a_time),
        ("due.time_zone", due("09:30", "Mars/Olympus"), a_zone),
        ("due.time_zone", due("09:30", "europe/berlin"), a_zone),
        ("due.time_zone", due("09:30", ""), a_zone),
        ("due.instant", json!({"date": "2026-11-25", "instant": 5}), "unknown field"),
        ("due", json!({"date": "2026-11-25", "time": "09:30"}), "must have a time_zone"),
        ("due", json!({"date": "2026-11-25", "time_zone": "UTC"}), "must have a time"),
        ("project_id", json!("garden"), "must be a UUID"),
        ("project_id", json!(7), "expected a"),
        ("project_id", json!([]), "expected a"),
        ("parent_id", json!("garden"), "must be a UUID"),
        ("completed_at", json!("2026-11-25T00:00:00Z"), "unknown field"),
        ("rank", json!("80"), "unknown field"),
    ] {
        refused(&ada, &task, field, &value, allowed).await;
    }
    // An error that only the database can find is reported for the first operation of a batch.
    for (field, id) in [("project_id", Uuid::now_v7()), ("project_id", bobs_project.as_uuid())]
        .into_iter()
        .chain([("parent_id", Uuid::now_v7()), ("parent_id", bobs.id.as_uuid())])
    {
        let allowed = if field == "project_id" { "one of your projects" } else { "one of your tasks" };
        let new = json!({"title": "Buy bread", field: id});
        for (call, field) in [
            (ada.post("/tasks").json(new.clone()), field.to_owned()),
            (ada.patch(&at(task.id)).json(json!({ field: id })), field.to_owned()),
            (
                ada.post("/tasks/batch").json(json!({"operations": [{"op": "create", "task": new}]})),
                format!("operations[0].task.{field}"),
            ),
        ] {
            let problem = call.invalid(&field).await;
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(allowed)), "{problem}");
        }
    }
    assert_eq!(ada.read(task.id).await, task);
    assert_eq!(ada.log().await.len(), 1, "a rejected write left a change");
}
