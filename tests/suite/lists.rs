//! Lists: order, filters, limits, pages that neither skip nor repeat tasks during writes, and a
//! position from which the change log continues.

use std::collections::{BTreeMap, HashSet};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use taskwire::api::tasks::list::TaskList;
use taskwire::model::{ChangeKind, Subject, Task, TaskId};
use tokio::sync::watch;

use crate::kit::{Client, TestServer, at};

async fn create_many(client: &Client, count: usize) -> Vec<Task> {
    let mut tasks = Vec::new();
    for number in 0..count {
        tasks.push(client.create(&format!("Task {number}")).await);
    }
    tasks
}

fn titles(list: &TaskList) -> Vec<&str> {
    list.tasks.iter().map(|task| task.title.as_str()).collect()
}

/// All pages of a list, following the cursors to the end.
async fn pages(client: &Client, query: &str) -> Vec<TaskList> {
    let mut pages = vec![client.page(query).await];
    while let Some(cursor) = pages.last().and_then(|page| page.next_cursor.clone()) {
        pages.push(client.page(&format!("{query}&cursor={cursor}")).await);
    }
    pages
}

#[tokio::test]
async fn the_newest_task_comes_first() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut tasks = create_many(&ada, 5).await;
    ada.update(tasks[1].id, json!({"completed": true})).await;
    tasks[1] = ada.read(tasks[1].id).await;
    tasks.reverse();
    for query in ["", "sort=created", "status=all&sort=created&limit=200"] {
        let list = ada.page(query).await;
        assert_eq!((list.count, list.next_cursor), (5, None), "{query}");
        assert_eq!(list.tasks, tasks, "{query}");
    }
}

#[tokio::test]
async fn a_page_holds_fifty_tasks_by_default_and_two_hundred_at_most() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_many(&ada, 201).await;
    for (query, expected) in [("", 50), ("limit=1", 1), ("limit=200", 200), ("sort=title&limit=199", 199)] {
        let list = ada.page(query).await;
        assert_eq!((list.count, list.tasks.len()), (expected, expected), "{query}");
        assert!(list.next_cursor.is_some(), "{query}");
    }
    // A full last page has no next cursor.
    let sizes: Vec<_> = pages(&ada, "limit=67").await.iter().map(|page| page.count).collect();
    assert_eq!(sizes, [67, 67, 67]);
    for limit in ["0", "201", "-1", "65536", "99999999999999999999", "1.5", "ten", "", "+5", "%205"] {
        ada.get(&format!("/tasks?limit={limit}")).invalid("limit").await;
    }
}

#[tokio::test]
async fn a_filter_shows_only_tasks_of_that_status() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let tasks = create_many(&ada, 6).await;
    for task in &tasks[..2] {
        ada.update(task.id, json!({"completed": true})).await;
    }
    for sort in ["created", "title"] {
        for (status, completed, count) in [("pending", false, 4), ("completed", true, 2)] {
            let pages = pages(&ada, &format!("status={status}&sort={sort}&limit=1")).await;
            assert_eq!(pages.len(), count);
            assert!(pages.iter().all(|page| page.count == 1 && page.tasks[0].completed == completed));
        }
        assert_eq!(ada.page(&format!("status=all&sort={sort}")).await.count, 6);
    }
}

#[tokio::test]
async fn titles_are_sorted_as_people_sort_them() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let sorted = ["1 egg", "apple", "äpple", "apples", "banana", "Banana", "Zebra", "éclair", "日本", "🦀"];
    let mut expected = sorted.to_vec();
    // In Latin scripts, accents and case only break ties: é sorts as e.
    expected.swap(6, 7);
    for title in sorted.iter().rev() {
        ada.create(title).await;
    }
    let list = ada.page("sort=title").await;
    let mut found = titles(&list);
    // Symbols sort before digits.
    assert_eq!(found.remove(0), "🦀");
    assert_eq!(found, expected[..9]);
    let paged: Vec<_> = pages(&ada, "sort=title&limit=1").await.into_iter().flat_map(|page| page.tasks).collect();
    assert_eq!(paged, list.tasks);
}

#[tokio::test]
async fn tasks_with_one_title_are_paged_one_by_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut ids = HashSet::new();
    for _ in 0..7 {
        ids.insert(ada.create("\u{1}\"\\🦀").await.id);
    }
    let paged: Vec<_> = pages(&ada, "sort=title&limit=2").await.into_iter().flat_map(|page| page.tasks).collect();
    assert_eq!(paged.len(), 7);
    assert_eq!(paged.iter().map(|task| task.id).collect::<HashSet<_>>(), ids);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_others_create() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let existing: HashSet<TaskId> = create_many(&ada, 60).await.iter().map(|task| task.id).collect();
    let (stop, stopped) = watch::channel(false);
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let (ada, stopped) = (ada.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut count = 0;
                while !*stopped.borrow() {
                    // Before, between and after the existing titles.
                    ada.create(&format!("{} {writer} {count}", ["A", "Task 3", "Z"][count % 3])).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    for query in ["sort=created&limit=3", "sort=title&limit=3"] {
        let seen: Vec<TaskId> =
            pages(&ada, query).await.iter().flat_map(|page| &page.tasks).map(|task| task.id).collect();
        let distinct: HashSet<TaskId> = seen.iter().copied().collect();
        assert_eq!(seen.len(), distinct.len(), "{query}: a task was repeated");
        assert_eq!(existing.difference(&distinct).count(), 0, "{query}: a task was skipped");
    }
    stop.send(true).expect("the writers listen");
    for writer in writers {
        assert!(writer.await.expect("the writer ends") > 0, "nothing was written during the test");
    }
}

#[tokio::test]
async fn a_task_that_is_deleted_does_not_break_the_page_after_it() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    create_many(&ada, 4).await;
    for sort in ["created", "title"] {
        let first = ada.page(&format!("sort={sort}&limit=1")).await;
        let rest = ada.page(&format!("sort={sort}")).await.tasks[1..].to_vec();
        ada.delete(&at(first.tasks[0].id)).expect(204).await;
        let cursor = first.next_cursor.expect("there is more");
        assert_eq!(ada.page(&format!("sort={sort}&cursor={cursor}")).await.tasks, rest);
    }
}

#[tokio::test]
async fn a_cursor_of_another_sort_order_is_rejected() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    create_many(&ada, 2).await;
    bob.create("Bob's").await;
    let by_created = ada.page("sort=created&limit=1").await.next_cursor.expect("there is more");
    let by_title = ada.page("sort=title&limit=1").await.next_cursor.expect("there is more");
    ada.get(&format!("/tasks?sort=title&cursor={by_created}")).invalid("cursor").await;
    ada.get(&format!("/tasks?cursor={by_title}")).invalid("cursor").await;

    let id = TaskId::new();
    let forge = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    for garbage in [
        String::new(),
        "null".to_owned(),
        "%25%25".to_owned(),
        "%F0%9F%A6%80".to_owned(),
        format!("{by_created}="),
        by_created[1..].to_owned(),
        forge(json!({})),
        forge(json!({"c": ["2026-11-23T00:00:00Z"]})),
        forge(json!({"c": ["yesterday", id]})),
        forge(json!({"c": ["-200000-01-01T00:00:00Z", id]})),
        forge(json!({"c": ["+262000-01-01T00:00:00Z", id]})),
        forge(json!({"t": ["a\0b", id]})),
        forge(json!({"t": ["a", "no id"]})),
        forge(json!({"t": ["a".repeat(2000), id]})),
        "A".repeat(4000),
    ] {
        for sort in ["created", "title"] {
            ada.get(&format!("/tasks?sort={sort}&cursor={garbage}")).invalid("cursor").await;
        }
    }
    // A cursor is only a place in the order, so another user's cursor gives the caller's own tasks.
    let list = bob.page(&format!("cursor={by_created}")).await;
    assert!(list.tasks.iter().all(|task| task.user_id == "bob"));
}

#[tokio::test]
async fn the_log_continues_from_the_position_of_an_empty_list() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for query in ["", "sort=title", "status=completed"] {
        let empty = ada.page(query).await;
        assert_eq!((empty.count, empty.tasks.len(), empty.next_cursor.as_deref()), (0, 0, None));
        assert!(ada.changes(Some(&empty.position.to_string())).await.is_empty());
    }
    let empty = ada.page("").await;
    let task = ada.create("Buy milk").await;
    let changes = ada.changes(Some(&empty.position.to_string())).await;
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((change.kind(), change.task()), (ChangeKind::TaskCreated, Some(&task)));
}

#[tokio::test]
async fn a_list_plus_the_changes_after_its_position_gives_the_final_list() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let seeds = create_many(&ada, 8).await;
    let writers: Vec<_> = (0..3)
        .map(|writer: usize| {
            let (ada, seeds) = (ada.clone(), seeds.clone());
            tokio::spawn(async move {
                for round in 0..20 {
                    let seed = &seeds[(writer + round) % seeds.len()];
                    match round % 4 {
                        0 => drop(ada.create(&format!("{writer} {round}")).await),
                        1 => drop(ada.patch(&format!("{}/complete", at(seed.id))).send().await),
                        2 => drop(ada.patch(&at(seed.id)).json(json!({"title": format!("{round}")})).send().await),
                        _ => drop(ada.delete(&at(seeds[(writer * 2 + round / 8) % 6].id)).send().await),
                    }
                }
            })
        })
        .collect();
    let mut lists = Vec::new();
    while writers.iter().any(|writer| !writer.is_finished()) {
        lists.push(ada.page("limit=200").await);
    }
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    let by_id =
        |list: TaskList| list.tasks.into_iter().map(|task| (task.id.to_string(), task)).collect::<BTreeMap<_, _>>();
    let last = by_id(ada.page("limit=200").await);
    assert!(lists.len() > 2, "no list was read during the test");
    for list in lists {
        let position = list.position.to_string();
        let mut known = by_id(list);
        for change in ada.changes(Some(&position)).await {
            match (change.kind(), change.subject()) {
                (ChangeKind::TaskCreated, Subject::Task(task)) => {
                    assert!(known.insert(task.id.to_string(), task.clone()).is_none());
                }
                (ChangeKind::TaskUpdated, Subject::Task(task)) => {
                    assert!(known.insert(task.id.to_string(), task.clone()).is_some());
                }
                (ChangeKind::TaskDeleted, Subject::TaskId(id)) => assert!(known.remove(&id.to_string()).is_some()),
                _ => panic!("unexpected change {change:?}"),
            }
        }
        assert_eq!(known, last);
    }
}

#[tokio::test]
async fn unknown_and_repeated_parameters_are_rejected_by_name() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for (query, field) in [
        ("offset=5", "offset"),
        ("Limit=5", "Limit"),
        ("limit=5&page=2", "page"),
        ("limit=5&limit=5", "limit"),
        ("sort=title&sort=created", "sort"),
        ("status=all&status=", "status"),
        ("status=done", "status"),
        ("sort=Title", "sort"),
        ("status=", "status"),
    ] {
        ada.get(&format!("/tasks?{query}")).invalid(field).await;
    }
    ada.get("/changes?since=1").invalid("since").await;
    ada.get("/changes?limit=1&limit=2").invalid("limit").await;
    ada.get("/changes?limit=501").invalid("limit").await;
    ada.get("/changes?after=nowhere").invalid("after").await;
}
