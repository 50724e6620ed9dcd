//! Statistics: tasks by status, priority, project and due, and completed tasks per day in the
//! caller's time zone.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use taskwire::model::{ProjectId, Task, TimeZone};
use taskwire::queries::stats::{Counts, TaskStats};

use crate::kit::{Client, TestServer, at, query};

async fn stats(client: &Client, parameters: &[(&str, &str)]) -> TaskStats {
    client.get(&format!("/stats?{}", query(parameters))).expect(200).await.json()
}

fn zone(name: &str) -> TimeZone {
    name.parse().expect("a time zone")
}

fn of_project(stats: &TaskStats, project: Option<ProjectId>) -> Option<(i64, i64)> {
    let mut found = stats.by_project.iter().filter(|counts| counts.project_id == project);
    let counts = found.next().map(|counts| (counts.pending, counts.completed));
    assert!(found.next().is_none(), "a project is counted twice");
    counts
}

fn per_day(stats: &TaskStats) -> Vec<(NaiveDate, i64)> {
    stats.completed_per_day.iter().map(|day| (day.date, day.completed)).collect()
}

/// Sets the time at which a task was completed.
async fn set_completed_at(server: &TestServer, task: &Task, at: DateTime<Utc>) {
    sqlx::query("UPDATE tasks SET completed_at = $3 WHERE owner_id = $1 AND id = $2")
        .bind(&task.user_id)
        .bind(task.id)
        .bind(at)
        .execute(&mut server.database.connection().await)
        .await
        .expect("the time is set");
}

#[tokio::test]
async fn tasks_are_counted_by_status_priority_and_project() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (home, empty) = (ada.project("A project").await, ada.project("A project").await);
    for (priority, completed, project) in [
        ("high", false, Some(home)),
        ("high", true, Some(home)),
        ("high", false, None),
        ("urgent", true, Some(home)),
        ("none", false, None),
    ] {
        ada.create_with(json!({"title": "a", "priority": priority, "completed": completed, "project_id": project}))
            .await;
    }
    let found = stats(&ada, &[]).await;
    assert_eq!((found.total, found.pending, found.completed), (5, 3, 2));
    let counts = |pending, completed| Counts { pending, completed };
    let by = found.by_priority;
    assert_eq!((by.none, by.low, by.medium), (counts(1, 0), counts(0, 0), counts(0, 0)));
    assert_eq!((by.high, by.urgent), (counts(2, 1), counts(0, 1)));
    assert_eq!(of_project(&found, Some(home)), Some((1, 2)));
    assert_eq!(of_project(&found, None), Some((2, 0)));
    assert_eq!(of_project(&found, Some(empty)), None);
    let nothing = stats(&bob, &[]).await;
    assert_eq!((nothing.total, nothing.by_project.len(), nothing.completed_per_day.len()), (0, 0, 30));
}

#[tokio::test]
async fn dues_are_counted_in_the_callers_time_zone() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    // The zones are 25 hours apart, so it is never the same day in both.
    let (early, late) = (zone("Pacific/Kiritimati"), zone("Pacific/Pago_Pago"));
    let now = Utc::now();
    for (date, completed) in [(early.date_at(now), false), (late.date_at(now), false), (late.date_at(now), true)] {
        ada.create_with(json!({"title": "a", "due": {"date": date}, "completed": completed})).await;
    }
    let past = now - TimeDelta::minutes(2);
    let (date, time) = (past.format("%Y-%m-%d").to_string(), past.format("%H:%M").to_string());
    ada.create_with(json!({"title": "a", "due": {"date": date, "time": time, "time_zone": "UTC"}})).await;
    for zone in [early, late] {
        let found = stats(&ada, &[("time_zone", zone.name())]).await;
        let passed_today = i64::from(zone.date_at(past) == zone.date_at(now));
        assert_eq!(found.due_today, 1 + passed_today, "{}", zone.name());
        assert_eq!(found.overdue, if zone == early { 2 } else { 1 }, "{}", zone.name());
        let listed = ada.all(&query(&[("due", "overdue"), ("time_zone", zone.name())])).await;
        assert_eq!(listed.len(), usize::try_from(found.overdue).expect("few"));
    }
}

#[tokio::test]
async fn completions_are_counted_per_day_in_the_callers_time_zone() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let berlin = zone("Europe/Berlin");
    let today = berlin.date_at(Utc::now());
    let (begins, ends) = berlin.day_bounds(today - Days::new(2));
    for at in [begins - TimeDelta::microseconds(1), begins, ends - TimeDelta::microseconds(1), ends] {
        let task = ada.create_with(json!({"title": "a", "completed": true})).await;
        set_completed_at(&server, &task, at).await;
    }
    ada.create("not yet").await;
    let done_now = ada.create_with(json!({"title": "now", "completed": true})).await;
    let expected: Vec<_> = [(3, 1), (2, 2), (1, 1), (0, 1)].map(|(ago, done)| (today - Days::new(ago), done)).into();
    let found = stats(&ada, &[("time_zone", "Europe/Berlin"), ("days", "4")]).await;
    assert_eq!(per_day(&found), expected);
    let found = stats(&ada, &[("time_zone", "Europe/Berlin"), ("days", "3")]).await;
    assert_eq!(per_day(&found), expected[1..]);
    // A reopened task does not count as completed.
    ada.update(done_now.id, json!({"completed": false})).await;
    let found = stats(&ada, &[("time_zone", "Europe/Berlin"), ("days", "1")]).await;
    assert_eq!(per_day(&found), [(today, 0)]);
    for days in [1, 366] {
        let found = stats(&ada, &[("days", &days.to_string())]).await;
        assert_eq!(found.completed_per_day.len(), days);
        assert!(found.completed_per_day.windows(2).all(|pair| pair[0].date + Days::new(1) == pair[1].date));
    }
}

#[tokio::test]
async fn each_occurrence_of_a_recurring_task_counts_once() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let due = json!({"date": "2026-11-30"});
    let task = ada.create_with(json!({"title": "a", "due": due, "recurrence": "FREQ=DAILY;COUNT=3"})).await;
    for (done, date) in [(1, "2026-11-30"), (2, "2026-12-01"), (3, "2026-12-02")] {
        let body = json!({"completed": true, "occurrence": date});
        let now: Task = ada.patch(&format!("{}/complete", at(task.id))).json(body).expect(200).await.json();
        assert_eq!(now.completed, done == 3);
        let found = stats(&ada, &[("days", "2")]).await;
        assert_eq!(found.completed_per_day.iter().map(|day| day.completed).sum::<i64>(), done);
        assert_eq!((found.total, found.completed), (1, i64::from(done == 3)));
    }
}

#[tokio::test]
async fn malformed_parameters_are_rejected_by_name() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for (field, value) in [
        ("days", "0"),
        ("days", "367"),
        ("days", "ten"),
        ("days", ""),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", ""),
        ("zone", "UTC"),
    ] {
        ada.get(&format!("/stats?{}", query(&[(field, value)]))).invalid(field).await;
    }
    ada.get("/stats?days=1&days=2").invalid("days").await;
}
