//! The filters of a list: each alone, several combined, and invalid values, which are rejected by
//! name.

use chrono::{DateTime, Days, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use taskwire::model::TimeZone;

use crate::kit::{Client, TestServer, query};

/// The titles of the tasks in a list with these parameters, from A to Z.
async fn found(client: &Client, parameters: &[(&str, &str)]) -> Vec<String> {
    client.titles(&[parameters, &[("sort", "title")]].concat()).await
}

async fn create_all(client: &Client, tasks: &[(&str, Value)]) {
    for (title, fields) in tasks {
        let mut task = fields.clone();
        task["title"] = json!(title);
        client.create_with(task).await;
    }
}

fn zone(name: &str) -> TimeZone {
    name.parse().expect("a time zone")
}

#[tokio::test]
async fn priorities_are_one_or_several() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for priority in ["none", "low", "medium", "high", "urgent"] {
        ada.create_with(json!({"title": priority, "priority": priority})).await;
    }
    assert_eq!(found(&ada, &[("priority", "medium")]).await, ["medium"]);
    assert_eq!(found(&ada, &[("priority", "urgent,high,none,high")]).await, ["high", "none", "urgent"]);
    assert_eq!(found(&ada, &[("priority", "low"), ("status", "completed")]).await, [""; 0]);
}

#[tokio::test]
async fn labels_are_found_whatever_their_case() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let tasks = [
        ("a", json!({"labels": ["Home", "Küche"]})),
        ("b", json!({"labels": ["home"]})),
        ("c", json!({"labels": ["KÜCHE", "a b"]})),
        ("d", json!({"labels": []})),
    ];
    create_all(&ada, &tasks).await;
    create_all(&bob, &[("e", json!({"labels": ["home", "küche"]}))]).await;
    assert_eq!(found(&ada, &[("labels_any", "HOME")]).await, ["a", "b"]);
    assert_eq!(found(&ada, &[("labels_any", "küche, home ,nowhere")]).await, ["a", "b", "c"]);
    assert_eq!(found(&ada, &[("labels_all", "küche,home,HOME")]).await, ["a"]);
    assert_eq!(found(&ada, &[("labels_all", "A B")]).await, ["c"]);
    assert_eq!(found(&ada, &[("labels_all", "home,nowhere")]).await, [""; 0]);
    assert_eq!(found(&ada, &[("labels_any", "a b,home"), ("labels_all", "küche")]).await, ["a", "c"]);
    assert_eq!(found(&ada, &[("labels_any", "%")]).await, [""; 0]);
}

#[tokio::test]
async fn a_project_or_none_and_a_parent_or_none() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (home, work) = (ada.project("A project").await, ada.project("A project").await);
    let parent = ada.create_with(json!({"title": "a", "project_id": home})).await;
    let tasks = [
        ("b", json!({"project_id": work})),
        ("c", json!({"parent_id": parent.id})),
        ("d", json!({"parent_id": parent.id})),
        ("e", json!({})),
    ];
    create_all(&ada, &tasks).await;
    let (home, work, parent) = (home.to_string(), work.to_string(), parent.id.to_string());
    assert_eq!(found(&ada, &[("project", &home)]).await, ["a", "c", "d"]);
    assert_eq!(found(&ada, &[("project", &work)]).await, ["b"]);
    assert_eq!(found(&ada, &[("project", "none")]).await, ["e"]);
    assert_eq!(found(&ada, &[("parent", &parent)]).await, ["c", "d"]);
    assert_eq!(found(&ada, &[("parent", "none")]).await, ["a", "b", "e"]);
    assert_eq!(found(&ada, &[("parent", "none"), ("project", &home)]).await, ["a"]);
    // Another user's project and a missing one both give an empty list.
    assert_eq!(found(&bob, &[("project", &home)]).await, [""; 0]);
    assert_eq!(found(&bob, &[("parent", &parent)]).await, [""; 0]);
    assert_eq!(found(&ada, &[("project", &parent)]).await, [""; 0]);
}

#[tokio::test]
async fn due_after_and_due_before_take_dates() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let at = |date: &str, time: &str, zone: &str| json!({"due": {"date": date, "time": time, "time_zone": zone}});
    let tasks = [
        ("24", json!({"due": {"date": "2026-11-24"}})),
        ("25", json!({"due": {"date": "2026-11-25"}})),
        ("25 00:00 Berlin", at("2026-11-25", "00:00", "Europe/Berlin")),
        ("25 23:59 Berlin", at("2026-11-25", "23:59", "Europe/Berlin")),
        ("25 23:59 New York", at("2026-11-25", "23:59", "America/New_York")),
        ("26", json!({"due": {"date": "2026-11-26"}})),
        ("whenever", json!({})),
    ];
    create_all(&ada, &tasks).await;
    let day = [("due_after", "2026-11-25"), ("due_before", "2026-11-26")];
    let berlin = [&day[..], &[("time_zone", "Europe/Berlin")]].concat();
    assert_eq!(found(&ada, &berlin).await, ["25", "25 00:00 Berlin", "25 23:59 Berlin"]);
    let new_york = [&day[..], &[("time_zone", "America/New_York")]].concat();
    assert_eq!(found(&ada, &new_york).await, ["25", "25 23:59 Berlin", "25 23:59 New York"]);
    // When the day begins in Berlin, it is still the 24th in UTC.
    assert_eq!(found(&ada, &day).await, ["25", "25 23:59 Berlin"]);
    assert_eq!(found(&ada, &[("due_before", "2026-11-25")]).await, ["24", "25 00:00 Berlin"]);
    assert_eq!(found(&ada, &[("due_after", "2026-11-26")]).await, ["25 23:59 New York", "26"]);
}

#[tokio::test]
async fn due_after_and_due_before_take_instants() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let due = json!({"due": {"date": "2026-11-25", "time": "09:30", "time_zone": "Europe/Berlin"}});
    create_all(&ada, &[("timed", due), ("dated", json!({"due": {"date": "2026-11-25"}})), ("free", json!({}))]).await;
    for (after, found_after) in [
        ("2026-11-24T23:00:00Z", &["dated", "timed"][..]),
        ("2026-11-25T00:00:00+01:00", &["dated", "timed"]),
        // A date without a time counts as the beginning of its day.
        ("2026-11-24T23:00:00.000001Z", &["timed"]),
        ("2026-11-25T09:30:00+01:00", &["timed"]),
        ("2026-11-25T08:30:00.000001Z", &[]),
    ] {
        let zone = ("time_zone", "Europe/Berlin");
        assert_eq!(found(&ada, &[("due_after", after), zone]).await, found_after, "after {after}");
        let rest: Vec<_> = ["dated", "timed"].into_iter().filter(|title| !found_after.contains(title)).collect();
        assert_eq!(found(&ada, &[("due_before", after), zone]).await, rest, "before {after}");
    }
}

#[tokio::test]
async fn with_a_due_or_without_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_all(&ada, &[("due", json!({"due": {"date": "2026-11-25"}})), ("free", json!({}))]).await;
    assert_eq!(found(&ada, &[("due", "any")]).await, ["due"]);
    assert_eq!(found(&ada, &[("due", "none")]).await, ["free"]);
    assert_eq!(found(&ada, &[("due", "none"), ("due_after", "2000-01-01")]).await, [""; 0]);
}

#[tokio::test]
async fn a_day_ends_in_the_callers_time_zone() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    // The zones are 25 hours apart, so it is never the same day in both.
    let (early, late) = (zone("Pacific/Kiritimati"), zone("Pacific/Pago_Pago"));
    let now = Utc::now();
    let timed = |at: DateTime<Utc>| {
        let (date, time) = (at.format("%Y-%m-%d").to_string(), at.format("%H:%M").to_string());
        json!({"due": {"date": date, "time": time, "time_zone": "UTC"}})
    };
    let tasks = [
        ("long ago", json!({"due": {"date": "2020-01-01"}})),
        ("long ago and done", json!({"due": {"date": "2020-01-01"}, "completed": true})),
        ("today in Pago Pago", json!({"due": {"date": late.date_at(now)}})),
        ("tomorrow in Kiritimati", json!({"due": {"date": early.date_at(now) + Days::new(1)}})),
        ("two minutes ago", timed(now - TimeDelta::minutes(2))),
        ("in an hour", timed(now + TimeDelta::hours(1))),
        ("whenever", json!({})),
    ];
    create_all(&ada, &tasks).await;
    let overdue = |zone: TimeZone| {
        let ada = ada.clone();
        async move { found(&ada, &[("due", "overdue"), ("time_zone", zone.name())]).await }
    };
    assert_eq!(overdue(early).await, ["long ago", "today in Pago Pago", "two minutes ago"]);
    assert_eq!(overdue(late).await, ["long ago", "two minutes ago"]);
    assert_eq!(found(&ada, &[("due", "overdue"), ("status", "completed")]).await, [""; 0]);
}

#[tokio::test]
async fn changed_at_an_instant_or_later() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for title in ["a", "b", "c"] {
        ada.create(title).await;
    }
    let first = ada.page("sort=created&order=asc").await.tasks[0].clone();
    let changed = ada.update(first.id, json!({"priority": "high"})).await;
    let rfc3339 = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    assert_eq!(found(&ada, &[("updated_since", &rfc3339(first.created_at))]).await, ["a", "b", "c"]);
    assert_eq!(found(&ada, &[("updated_since", &rfc3339(changed.updated_at))]).await, ["a"]);
    let later = changed.updated_at + TimeDelta::microseconds(1);
    assert_eq!(found(&ada, &[("updated_since", &rfc3339(later))]).await, [""; 0]);
}

#[tokio::test]
async fn a_task_must_pass_every_filter() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let project = ada.project("A project").await;
    let whole = json!({
        "priority": "high", "labels": ["Home"], "project_id": project, "due": {"date": "2026-11-25"},
        "description": "Zweite Straße links",
    });
    let mut tasks = vec![("all", whole.clone())];
    let others = [("priority", json!("low")), ("labels", json!([])), ("due", json!({"date": "2026-11-27"}))];
    for (field, other) in others.into_iter().chain([("project_id", Value::Null), ("description", Value::Null)]) {
        let mut task = whole.clone();
        task[field] = other;
        tasks.push((field, task));
    }
    tasks.push(("completed", json!({"completed": true})));
    create_all(&ada, &tasks).await;
    let project = project.to_string();
    let filters = [
        ("status", "pending"),
        ("priority", "high,urgent"),
        ("labels_any", "home,work"),
        ("labels_all", "home"),
        ("project", project.as_str()),
        ("parent", "none"),
        ("due", "any"),
        ("due_after", "2026-11-25"),
        ("due_before", "2026-11-26"),
        ("updated_since", "2020-01-01T00:00:00Z"),
        ("q", "strasse"),
    ];
    for sort in ["created", "updated", "title", "due", "priority", "rank", "completed", "relevance"] {
        for order in ["asc", "desc"] {
            let parameters = [&filters[..], &[("sort", sort), ("order", order)]].concat();
            assert_eq!(ada.titles(&parameters).await, ["all"], "{sort} {order}");
        }
    }
}

#[tokio::test]
async fn invalid_filters_are_rejected_with_the_allowed_values() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (long, many) = ("ä".repeat(201), ["a"; 21].join(","));
    for (field, value, allowed) in [
        ("priority", "", "none, low, medium, high or urgent"),
        ("priority", "high,", "none, low, medium, high or urgent"),
        ("priority", "4", "none, low, medium, high or urgent"),
        ("labels_any", "", "1 to 50 characters"),
        ("labels_any", "a,,b", "1 to 50 characters"),
        ("labels_all", &many, "at most 20 labels"),
        ("labels_all", "a\0", "U+0000"),
        ("project", "", "or none"),
        ("project", "inbox", "or none"),
        ("parent", "{019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e}", "or none"),
        ("due", "today", "`any`, `none`, `overdue`"),
        ("due_before", "tomorrow", "2026-11-25T09:30:00Z"),
        ("due_before", "2026-02-30", "from 1900-01-01 to 9999-12-31"),
        ("due_after", "2026-11-25T09:30:00 01:00", "%2B"),
        ("due_after", "+12026-11-25T09:30:00Z", "from 1900-01-01"),
        ("time_zone", "berlin", "Europe/Berlin"),
        ("updated_since", "2026-11-25", "2026-11-25T09:30:00Z"),
        ("q", "", "1 to 200 characters"),
        ("q", " \u{3000} ", "1 to 200 characters"),
        ("q", &long, "1 to 200 characters"),
        ("q", "a\0b", "U+0000"),
        ("sort", "name", "`created`, `updated`"),
        ("sort", "relevance", "without q"),
        ("order", "down", "`asc` or `desc`"),
        ("labels", "home", "labels_any"),
    ] {
        let problem = ada.get(&format!("/tasks?{}", query(&[(field, value)]))).invalid(field).await;
        let message = problem["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(allowed), "{field}={value}: {message}");
    }
    ada.get("/tasks?q=a&q=b").invalid("q").await;
    ada.get("/tasks?labels_any=a&labels_any=b").invalid("labels_any").await;
}
