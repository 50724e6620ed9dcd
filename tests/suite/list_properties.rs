//! Property tests of lists: for any tasks and any query, the pages of a list equal the tasks
//! filtered and sorted by the test.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Days, NaiveDate, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use taskwire::model::{Task, TaskId, TimeZone};

use crate::kit::{Client, TestServer, at, query};

const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"];
const PRIORITIES: [&str; 5] = ["none", "low", "medium", "high", "urgent"];
const LABELS: [&str; 4] = ["Home", "work", "ÄRZTE", "a b"];
const WORDS: [&str; 6] = ["buy", "buyer", "milk", "mild", "tea", "2026"];
const SORTS: [&str; 7] = ["created", "updated", "title", "due", "priority", "rank", "completed"];
/// Dues are at most this many days before or after today.
const DAYS: i32 = 3;

/// A task without its id: the fields to create it with. A project or parent is an index into the created
/// ones.
#[derive(Debug, Clone)]
struct Drawn {
    words: Vec<&'static str>,
    described: Vec<&'static str>,
    priority: &'static str,
    completed: bool,
    due: Option<(i32, Option<(u32, &'static str)>)>,
    labels: Vec<&'static str>,
    project: Option<usize>,
    parent: Option<usize>,
}

/// A query. A project, a parent or a task is an index into the created ones; a date is its distance from
/// today in days.
#[derive(Debug, Clone)]
#[expect(clippy::option_option, reason = "not asked for, asked for none, and asked for one")]
struct Asked {
    status: &'static str,
    priority: Option<Vec<&'static str>>,
    labels_any: Option<Vec<&'static str>>,
    labels_all: Option<Vec<&'static str>>,
    project: Option<Option<usize>>,
    parent: Option<Option<usize>>,
    due: Option<&'static str>,
    due_after: Option<(i32, Option<u32>)>,
    due_before: Option<(i32, Option<u32>)>,
    zone: &'static str,
    updated_since: Option<usize>,
    q: Option<Vec<&'static str>>,
    sort: &'static str,
    descending: bool,
    limit: usize,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let due = option::of((-DAYS..=DAYS, option::of((0..24_u32, select(&ZONES[..])))));
    (
        (vec(select(&WORDS[..]), 1..3), vec(select(&WORDS[..]), 0..2), select(&PRIORITIES[..]), any::<bool>()),
        (due, subsequence(&LABELS[..], 0..3), option::of(0..2_usize), option::weighted(0.3, 0..30_usize)),
    )
        .prop_map(|((words, described, priority, completed), (due, labels, project, parent))| Drawn {
            words,
            described,
            priority,
            completed,
            due,
            labels,
            project,
            parent,
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let rarely = |strategy| option::weighted(0.2, strategy);
    let moment = || option::weighted(0.2, (-DAYS..=DAYS, option::of(0..24_u32)));
    let searched = vec(select(&["b", "buy", "MIL", "tea", "20", "x"][..]), 1..3);
    (
        (select(&["all", "pending", "completed"][..]), option::weighted(0.2, subsequence(&PRIORITIES[..], 1..4))),
        (rarely(subsequence(&LABELS[..], 1..3)), rarely(subsequence(&LABELS[..], 1..3))),
        (option::weighted(0.2, option::of(0..2_usize)), option::weighted(0.2, option::of(0..30_usize))),
        (option::weighted(0.2, select(&["any", "none", "overdue"][..])), moment(), moment(), select(&ZONES[..])),
        (option::weighted(0.1, 0..30_usize), option::weighted(0.2, searched)),
        (select(&SORTS[..]), any::<bool>(), 1..8_usize),
    )
        .prop_map(
            |(
                (status, priority),
                (labels_any, labels_all),
                (project, parent),
                (due, due_after, due_before, zone),
                (updated_since, q),
                (sort, descending, limit),
            )| Asked {
                status,
                priority,
                labels_any,
                labels_all,
                project,
                parent,
                due,
                due_after,
                due_before,
                zone,
                updated_since,
                q,
                sort,
                descending,
                limit,
            },
        )
}

fn day(today: NaiveDate, distance: i32) -> NaiveDate {
    let days = Days::new(distance.unsigned_abs().into());
    if distance < 0 { today - days } else { today + days }
}

/// One user's tasks, and the values that queries refer to.
struct World {
    tasks: Vec<Task>,
    projects: Vec<String>,
    today: NaiveDate,
}

impl World {
    async fn create(ada: &Client, drawn: &[Drawn]) -> Self {
        let today = Utc::now().date_naive();
        let projects = [ada.project("A project").await, ada.project("A project").await];
        let mut ids: Vec<TaskId> = Vec::new();
        for task in drawn {
            let due = task.due.map(|(distance, time)| match time {
                None => json!({"date": day(today, distance)}),
                Some((hour, zone)) => {
                    json!({"date": day(today, distance), "time": format!("{hour:02}:30"), "time_zone": zone})
                }
            });
            let mut fields = json!({
                "title": task.words.join(" "), "description": task.described.join(", "), "priority": task.priority,
                "due": due, "labels": task.labels,
            });
            // Here, only top-level tasks get subtasks. A subtask takes the project of its parent.
            match task.parent.filter(|&parent| parent < ids.len() && drawn[parent].parent.is_none_or(|of| of >= parent))
            {
                Some(parent) => fields["parent_id"] = json!(ids[parent]),
                None => fields["project_id"] = json!(task.project.map(|number| projects[number])),
            }
            ids.push(ada.create_with(fields).await.id);
        }
        for (task, id) in drawn.iter().zip(&ids).filter(|(task, _)| task.completed) {
            let body = json!({"completed": task.completed, "children": "include"});
            ada.patch(&format!("{}/complete", at(id))).json(body).expect(200).await;
        }
        let mut tasks = Vec::new();
        for id in ids {
            tasks.push(ada.read(id).await);
        }
        Self { tasks, projects: projects.map(|id| id.to_string()).into(), today }
    }

    fn moment(&self, (distance, hour): (i32, Option<u32>)) -> String {
        let date = day(self.today, distance);
        hour.map_or(date.to_string(), |hour| format!("{date}T{hour:02}:30:00Z"))
    }

    fn parameters(&self, asked: &Asked) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("status", asked.status.to_owned()),
            ("time_zone", asked.zone.to_owned()),
            ("sort", asked.sort.to_owned()),
            ("order", if asked.descending { "desc" } else { "asc" }.to_owned()),
            ("limit", asked.limit.to_string()),
        ];
        let lists =
            [("priority", &asked.priority), ("labels_any", &asked.labels_any), ("labels_all", &asked.labels_all)];
        for (name, list) in lists {
            parameters.extend(list.as_ref().map(|list| (name, list.join(",").to_lowercase())));
        }
        let none = || "none".to_owned();
        parameters
            .extend(asked.project.map(|of| ("project", of.map_or_else(none, |number| self.projects[number].clone()))));
        parameters
            .extend(asked.parent.map(|of| ("parent", of.map_or_else(none, |number| self.parent(number).to_string()))));
        parameters.extend(asked.due.map(|due| ("due", due.to_owned())));
        parameters.extend(asked.due_after.map(|moment| ("due_after", self.moment(moment))));
        parameters.extend(asked.due_before.map(|moment| ("due_before", self.moment(moment))));
        parameters.extend(asked.updated_since.map(|number| ("updated_since", self.since(number).to_rfc3339())));
        parameters.extend(asked.q.as_ref().map(|words| ("q", words.join(" "))));
        parameters
    }

    fn parent(&self, number: usize) -> TaskId {
        self.tasks[number % self.tasks.len()].id
    }

    fn since(&self, number: usize) -> DateTime<Utc> {
        self.tasks[number % self.tasks.len()].updated_at
    }

    /// The expected list at this time.
    fn list(&self, asked: &Asked, now: DateTime<Utc>) -> Vec<TaskId> {
        let mut tasks: Vec<&Task> = self.tasks.iter().filter(|task| self.fits(task, asked, now)).collect();
        tasks.sort_by_key(|task| task.id);
        if asked.descending {
            tasks.reverse();
        }
        // The next sort is stable, so it keeps the order of the ids among equal tasks.
        let descending = asked.descending;
        match asked.sort {
            "created" => sort(&mut tasks, descending, |task| Some(task.created_at)),
            "updated" => sort(&mut tasks, descending, |task| Some(task.updated_at)),
            "title" => sort(&mut tasks, descending, |task| Some(task.title.clone())),
            "due" => sort(&mut tasks, descending, |task| task.due.map(|due| due.instant())),
            "priority" => sort(&mut tasks, descending, |task| Some(task.priority)),
            "rank" => sort(&mut tasks, descending, |task| Some(task.rank.clone())),
            _ => sort(&mut tasks, descending, |task| task.completed_at),
        }
        tasks.iter().map(|task| task.id).collect()
    }

    fn fits(&self, task: &Task, asked: &Asked, now: DateTime<Utc>) -> bool {
        let zone: TimeZone = asked.zone.parse().expect("a zone");
        let labels: HashSet<String> = task.labels.as_slice().iter().map(|label| label.to_lowercase()).collect();
        let has = |label: &&str| labels.contains(&label.to_lowercase());
        let priority = json!(task)["priority"].as_str().expect("a priority").to_owned();
        let project = task.project_id.map(|id| id.to_string());
        let text = format!("{} {}", task.title, task.description.as_deref().unwrap_or_default());
        let words: Vec<String> = text.split([' ', ',']).map(str::to_lowercase).collect();
        // A date without a time counts as the beginning of its day in that zone.
        let begins =
            task.due.map(|due| if due.time().is_none() { zone.day_bounds(due.date()).0 } else { due.instant() });
        let ends = task.due.map(|due| if due.time().is_none() { zone.day_bounds(due.date()).1 } else { due.instant() });
        let cut = |(distance, hour): (i32, Option<u32>)| {
            let date = day(self.today, distance);
            hour.map_or(zone.day_bounds(date).0, |hour| date.and_hms_opt(hour, 30, 0).expect("a time").and_utc())
        };
        (match asked.status {
            "pending" => !task.completed,
            "completed" => task.completed,
            _ => true,
        }) && asked.priority.as_ref().is_none_or(|wanted| wanted.contains(&priority.as_str()))
            && asked.labels_any.as_ref().is_none_or(|wanted| wanted.iter().any(has))
            && asked.labels_all.as_ref().is_none_or(|wanted| wanted.iter().all(has))
            && asked.project.is_none_or(|wanted| project == wanted.map(|number| self.projects[number].clone()))
            && asked.parent.is_none_or(|wanted| task.parent_id == wanted.map(|number| self.parent(number)))
            && asked.due.is_none_or(|wanted| match wanted {
                "any" => task.due.is_some(),
                "none" => task.due.is_none(),
                _ if task.due.is_some_and(|due| due.time().is_some()) => !task.completed && ends < Some(now),
                _ => !task.completed && ends.is_some_and(|ends| ends <= now),
            })
            && asked.due_after.is_none_or(|moment| begins.is_some_and(|begins| begins >= cut(moment)))
            && asked.due_before.is_none_or(|moment| begins.is_some_and(|begins| begins < cut(moment)))
            && asked.updated_since.is_none_or(|number| task.updated_at >= self.since(number))
            && asked.q.as_ref().is_none_or(|wanted| {
                wanted.iter().all(|wanted| words.iter().any(|word| word.starts_with(&wanted.to_lowercase())))
            })
    }
}

/// Sorts tasks without a value last in both directions.
fn sort<K: Ord>(tasks: &mut [&Task], descending: bool, key: impl Fn(&Task) -> Option<K>) {
    if descending {
        tasks.sort_by_key(|task| key(task).map_or((true, None), |key| (false, Some(Reverse(key)))));
    } else {
        tasks.sort_by_key(|task| key(task).map_or((true, None), |key| (false, Some(key))));
    }
}

#[test]
fn a_list_equals_the_tasks_filtered_and_sorted_by_the_test() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = runtime.block_on(TestServer::start());
    let users = AtomicU32::new(0);
    let config = Config { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let strategy = (vec(drawn(), 1..25), vec(asked(), 40));
    let outcome = TestRunner::new(config).run(&strategy, |(drawn, questions)| {
        let user = format!("user {}", users.fetch_add(1, Ordering::Relaxed));
        runtime.block_on(async {
            let ada = server.user(&user);
            let world = World::create(&ada, &drawn).await;
            for asked in &questions {
                let before = Utc::now();
                let parameters = world.parameters(asked);
                let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, &**value)).collect();
                let listed: Vec<TaskId> = ada.all(&query(&parameters)).await.iter().map(|task| task.id).collect();
                let expected = world.list(asked, before);
                // If a task became overdue in between, the test cannot know which list is right.
                if expected == world.list(asked, Utc::now()) {
                    prop_assert_eq!(listed, expected, "{:?} of {:#?}", parameters, json!(world.tasks));
                }
            }
            Ok(())
        })
    });
    assert!(outcome.is_ok(), "{}", outcome.err().map(|error| error.to_string()).unwrap_or_default());
}
