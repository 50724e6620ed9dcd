//! Every sort order in both directions: small pages contain every task once and in order, with
//! ties, missing values and concurrent writes.

use std::cmp::Ordering;
use std::collections::HashSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use taskwire::model::{Task, TaskId};

use crate::kit::{Client, TestServer, at};

const SORTS: [&str; 7] = ["created", "updated", "title", "due", "priority", "rank", "completed"];

/// Compares two values; missing ones come last in both directions.
fn missing_last<T: Ord>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

fn compared(a: &Task, b: &Task, sort: &str, descending: bool) -> Ordering {
    let by = match sort {
        "created" => missing_last(Some(a.created_at), Some(b.created_at), descending),
        "updated" => missing_last(Some(a.updated_at), Some(b.updated_at), descending),
        "title" => missing_last(Some(&a.title), Some(&b.title), descending),
        "due" => missing_last(a.due.map(|due| due.instant()), b.due.map(|due| due.instant()), descending),
        "priority" => missing_last(Some(a.priority), Some(b.priority), descending),
        "rank" => missing_last(Some(&a.rank), Some(&b.rank), descending),
        "completed" => missing_last(a.completed_at, b.completed_at, descending),
        other => panic!("{other} is not an order that this test can compute"),
    };
    by.then_with(|| if descending { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) })
}

/// Creates tasks with equal and missing values for every order.
async fn create_some(client: &Client) {
    for number in 0..14 {
        let due = match number % 4 {
            0 => Value::Null,
            1 => json!({"date": "2026-11-25"}),
            2 => json!({"date": "2026-11-24"}),
            _ => json!({"date": "2026-11-25", "time": "01:00", "time_zone": "Europe/Berlin"}),
        };
        let (title, priority) = (["b", "a", "c"][number % 3], ["none", "urgent", "low"][number % 3]);
        client
            .create_with(json!({
                // The ids are not in the order of creation.
                "id": uuid::Uuid::new_v4(),
                "title": title,
                "priority": priority,
                "completed": number % 5 < 2,
                "due": due,
            }))
            .await;
    }
}

#[tokio::test]
async fn pages_of_any_size_contain_every_task_once_and_in_order() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_some(&ada).await;
    let tasks = ada.all("").await;
    for status in ["all", "pending", "completed"] {
        for sort in SORTS {
            for (order, descending) in [("asc", false), ("desc", true)] {
                let mut expected: Vec<_> =
                    tasks.iter().filter(|task| status == "all" || task.completed == (status == "completed")).collect();
                expected.sort_by(|a, b| compared(a, b, sort, descending));
                for limit in [1, 2, 3, 200] {
                    let query = format!("status={status}&sort={sort}&order={order}&limit={limit}");
                    assert_eq!(ada.all(&query).await.iter().collect::<Vec<_>>(), expected, "{query}");
                }
            }
        }
    }
}

#[tokio::test]
async fn each_order_has_a_default_direction() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_some(&ada).await;
    for (sort, usual) in SORTS.into_iter().zip(["desc", "desc", "asc", "asc", "desc", "asc", "desc"]) {
        let (unsaid, said) = (format!("sort={sort}&limit=3"), format!("sort={sort}&order={usual}&limit=3"));
        let (unsaid, said) = (ada.page(&unsaid).await, ada.page(&said).await);
        assert_eq!((unsaid.tasks, unsaid.next_cursor), (said.tasks, said.next_cursor), "{sort}");
    }
    let (unsaid, said) = (ada.page("q=a&limit=2").await, ada.page("q=a&limit=2&sort=relevance&order=desc").await);
    assert_eq!((unsaid.tasks, unsaid.next_cursor), (said.tasks, said.next_cursor));
}

#[tokio::test]
async fn unchanged_tasks_are_neither_skipped_nor_repeated_while_others_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_some(&ada).await;
    let restless: Vec<Task> = ada.all("limit=3").await.into_iter().step_by(3).collect();
    let moving: HashSet<TaskId> = restless.iter().map(|task| task.id).collect();
    for sort in SORTS {
        for (order, descending) in [("asc", false), ("desc", true)] {
            for status in ["all", "pending"] {
                let query = format!("sort={sort}&order={order}&status={status}&limit=2");
                let still = |tasks: Vec<Task>| tasks.into_iter().filter(|task| !moving.contains(&task.id));
                let mut expected: Vec<Task> = still(ada.all(&query).await).collect();
                let (mut seen, mut cursor, mut round) = (Vec::new(), String::new(), 0);
                loop {
                    let page = ada.page(&format!("{query}{cursor}")).await;
                    seen.extend(page.tasks);
                    let Some(next) = page.next_cursor else { break };
                    cursor = format!("&cursor={next}");
                    let task = &restless[round % restless.len()];
                    let priority = ["urgent", "none", "low"][round % 3];
                    let due = if round % 2 == 0 { Value::Null } else { json!({"date": "2026-11-25"}) };
                    let title = ["a", "b", "c", "d"][round % 4];
                    let change = json!({"title": title, "priority": priority, "due": due, "completed": round % 4 < 2});
                    ada.patch(&at(task.id)).json(change).expect(200).await;
                    if round % 5 == 0 {
                        ada.create_with(json!({"title": "b", "priority": "low"})).await;
                    }
                    round += 1;
                }
                let created: HashSet<TaskId> = expected.iter().map(|task| task.id).collect();
                let seen: Vec<Task> = still(seen).filter(|task| created.contains(&task.id)).collect();
                expected.sort_by(|a, b| compared(a, b, sort, descending));
                assert_eq!(seen, expected, "{query}");
                assert!(round > 2, "nothing changed between the pages");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_is_valid_only_for_its_own_order() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_some(&ada).await;
    let orders: Vec<String> = SORTS
        .iter()
        .chain(&["relevance"])
        .flat_map(|sort| ["asc", "desc"].map(|order| format!("q=a&limit=1&sort={sort}&order={order}")))
        .collect();
    for given in &orders {
        let cursor = ada.page(given).await.next_cursor.expect("there is more");
        for asked in &orders {
            let call = ada.get(&format!("/tasks?{asked}&cursor={cursor}"));
            if asked == given {
                call.expect(200).await;
            } else {
                let problem = call.invalid("cursor").await;
                assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("same sort and order")));
            }
        }
    }
}

#[tokio::test]
async fn a_forged_cursor_does_no_harm() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_some(&ada).await;
    let id = TaskId::new();
    let forged = |cursor: Value| BASE64_URL_SAFE_NO_PAD.encode(cursor.to_string());
    // A forged cursor is only another place in the caller's own list.
    for (sort, cursor) in [
        ("updated", json!({"u": ["9999-12-31T23:59:59Z", id]})),
        ("due", json!({"d": ["0001-01-01T00:00:00Z", id], "~": false})),
        ("due", json!({"d": [null, id], "more": 1})),
        ("due&status=pending", json!({"d": [null, id]})),
        ("due&due=any", json!({"d": [null, id]})),
        ("priority", json!({"p": [-32768, id]})),
        ("rank", json!({"r": ["'; DROP TABLE tasks; --", id]})),
        ("completed&status=pending", json!({"x": ["2026-11-25T00:00:00Z", id]})),
        ("relevance&q=a", json!({"q": [0x7f7f_ffff, id]})),
    ] {
        ada.page(&format!("sort={sort}&cursor={}", forged(cursor))).await;
    }
    for (sort, cursor) in [
        ("updated", json!({"u": ["-0001-12-31T23:59:59Z", id]})),
        ("due", json!({"d": ["soon", id]})),
        ("due", json!({"d": [null, id], "~": true})),
        ("due", json!({"d": [null, id], "~": "no"})),
        ("priority", json!({"p": [32768, id]})),
        ("priority", json!({"p": ["high", id]})),
        ("rank", json!({"r": ["\0", id]})),
        ("rank", json!({"r": [null, id]})),
        ("relevance&q=a", json!({"q": [0x7fc0_0000, id]})),
        ("relevance&q=a", json!({"q": [-1, id]})),
        ("created", json!({"c": ["2026-11-25T00:00:00Z", id], "u": ["2026-11-25T00:00:00Z", id], "~": true})),
    ] {
        ada.get(&format!("/tasks?sort={sort}&cursor={}", forged(cursor))).invalid("cursor").await;
    }
    assert_eq!(ada.all("").await.len(), 14);
}

#[tokio::test]
async fn titles_sort_by_the_value_of_the_numbers_in_them() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let titles = ["Task 1", "task 2", "task 2b", "task 10", "task 10 of 9", "task 10 of 11", "Über 7", "Z"];
    for title in titles.iter().rev() {
        ada.create(title).await;
    }
    for limit in [1, 3, 200] {
        let sorted = ada.all(&format!("sort=title&limit={limit}")).await;
        assert_eq!(sorted.iter().map(|task| task.title.as_str()).collect::<Vec<_>>(), titles);
    }
}
