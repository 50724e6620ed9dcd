//! The lists that people use, by name: the query, the time limit of the database for any page at
//! 100,000 tasks, and the expected indexes. The benchmark measures them, and a test of the suite
//! checks their plans.

use chrono::{Days, NaiveDate};

use super::seed;

/// The time limit of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// A view: any page within 10 ms.
    View,
    /// Reads each of the owner's tasks at most once: any page within 150 ms.
    Bounded,
}

#[derive(Debug, Clone)]
pub struct Combination {
    pub name: &'static str,
    /// The path below the owner.
    pub path: String,
    pub promise: Promise,
    /// The plan must use at least one of these indexes and no other.
    pub indexes: &'static [&'static str],
}

const OPEN: &[&str] = &["tasks_by_created", "tasks_open_plain", "tasks_open_by_due", "tasks_open_by_priority"];
/// With the index of labels, those that lead to the owner's tasks in the order of a list or by status.
const LABELED: &[&str] = &["tasks_by_label", "tasks_by_created", "tasks_by_rank", "tasks_by_title"];
/// The indexes that lead to all of the owner's tasks.
const OWNER: &[&str] =
    &["tasks_pkey", "tasks_by_created", "tasks_by_title", "tasks_by_rank", "tasks_by_label", "tasks_done_by_completed"];

/// All named lists for this day.
pub fn all(today: NaiveDate) -> Vec<Combination> {
    let (project, parent) = (seed::project(3), seed::parent());
    let (tomorrow, week) = (today + Days::new(1), today + Days::new(8));
    let view = |name, query: &str, indexes| Combination {
        name,
        path: format!("/tasks?{query}"),
        promise: Promise::View,
        indexes,
    };
    let bounded = |name, query: &str, indexes| Combination { promise: Promise::Bounded, ..view(name, query, indexes) };
    vec![
        view("all, newest first", "", &["tasks_by_created"]),
        view("all by title", "sort=title", &["tasks_by_title"]),
        view("all by rank", "sort=rank", &["tasks_by_rank"]),
        view("open, newest first", "status=pending", &["tasks_by_created"]),
        view("open by title", "status=pending&sort=title", &["tasks_by_title"]),
        view("open by rank", "status=pending&sort=rank", &["tasks_by_rank"]),
        view("open by due", "status=pending&sort=due", &["tasks_open_by_due", "tasks_open_plain"]),
        view(
            "open by due, last first",
            "status=pending&sort=due&order=desc",
            &["tasks_open_by_due", "tasks_open_plain"],
        ),
        view("open by priority", "status=pending&sort=priority", &["tasks_open_by_priority", "tasks_open_plain"]),
        view("done, last first", "status=completed&sort=completed", &["tasks_done_by_completed"]),
        view("overdue", "due=overdue&sort=due", &["tasks_open_by_due"]),
        view(
            "today",
            &format!("status=pending&due_after={today}&due_before={tomorrow}&sort=due"),
            &["tasks_open_by_due"],
        ),
        view(
            "the next 7 days",
            &format!("status=pending&due_after={tomorrow}&due_before={week}&sort=due"),
            &["tasks_open_by_due"],
        ),
        view(
            "a project's open tasks by rank",
            &format!("project={project}&status=pending&sort=rank"),
            &["tasks_by_project"],
        ),
        view("a project's tasks by rank", &format!("project={project}&sort=rank"), &["tasks_by_project"]),
        view(
            "a project's open tasks by due",
            &format!("project={project}&status=pending&sort=due"),
            &[
                "tasks_by_project",
                "tasks_open_by_due",
                "tasks_open_plain",
                "tasks_by_created",
                "tasks_open_by_priority",
            ],
        ),
        view("open tasks of no project by rank", "project=none&status=pending&sort=rank", &["tasks_by_rank"]),
        view("open tasks at the top by rank", "parent=none&status=pending&sort=rank", &["tasks_by_rank"]),
        view("a task's subtasks by rank", &format!("parent={parent}&sort=rank"), &["tasks_by_parent"]),
        view("open with a label, newest first", "status=pending&labels_any=label+3", LABELED),
        view(
            "open with one of two labels by due",
            "status=pending&labels_any=label+3,rare+7&sort=due",
            &["tasks_by_label", "tasks_open_plain", "tasks_open_by_due", "tasks_open_by_priority"],
        ),
        view("with a label, newest first", "labels_any=label+3", LABELED),
        view("with a rare label, newest first", "labels_any=rare+7", LABELED),
        view("open, urgent or high, by due", "status=pending&priority=urgent,high&sort=due", OPEN),
        bounded(
            "open: search",
            "status=pending&q=mil",
            &["tasks_by_created", "tasks_open_by_due", "tasks_open_by_priority", "tasks_by_rank", "tasks_by_title"],
        ),
        bounded("all: search", "q=mil", OWNER),
        bounded("all: search that fits a third", "q=b", OWNER),
        bounded("all by update", "sort=updated", OWNER),
        bounded("all by due", "sort=due", OWNER),
        bounded(
            "all of a month by due",
            &format!("due_after={today}&due_before={}&sort=due", today + Days::new(30)),
            OWNER,
        ),
        bounded("all by priority", "sort=priority", OWNER),
        bounded("all by completion", "sort=completed", OWNER),
        bounded("done with a label by completion", "status=completed&labels_any=label+3&sort=completed", OWNER),
        bounded(
            "a project's done tasks by completion",
            &format!("project={project}&status=completed&sort=completed"),
            &["tasks_by_project", "tasks_done_by_completed"],
        ),
        Combination {
            name: "the counts, 366 days",
            path: "/stats?days=366".to_owned(),
            promise: Promise::Bounded,
            indexes: OWNER,
        },
    ]
}
