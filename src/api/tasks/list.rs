//! `GET /api/{user_id}/tasks`: pages of tasks by key, not by offset, so that tasks created while
//! a client pages are neither skipped nor shown twice.

mod cursor;
mod parameters;

use chrono::Utc;
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::app::App;
use crate::api::extract::caller::Caller;
use crate::api::extract::query::{Limit, Query};
use crate::api::openapi::params::UserPath;
use crate::api::respond::json::Json;
use crate::model::fields::count_schema;
use crate::model::{DueBound, Position, Priority, Problem, ProjectId, Task, TaskId, TimeZone};
use crate::queries::tasks::filters::{Filters, OrNone};
use crate::queries::tasks::list::{self, PageRequest};
use crate::queries::tasks::order::{Order, SortBy};
use cursor::Cursor;
use parameters::{Instant, LabelNames, Moment, Priorities, Words};

/// Which tasks to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "all")]
pub enum StatusFilter {
    #[default]
    All,
    Pending,
    Completed,
}

/// Whether to list tasks with a due or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueFilter {
    Any,
    None,
    Overdue,
}

/// What to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    Created,
    Updated,
    Title,
    Due,
    Priority,
    Rank,
    Completed,
    Relevance,
}

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Asc,
    Desc,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Which tasks to list.
    #[serde(default)]
    #[param(inline, required = false)]
    status: StatusFilter,
    /// Only tasks of one of these priorities, with commas between them.
    #[param(value_type = Option<Vec<Priority>>, style = Form, explode = false, example = json!(["high", "urgent"]))]
    priority: Option<Priorities>,
    /// Only tasks with at least one of these labels, whatever their case: up to 20, with commas
    /// between them.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["home", "errands"]))]
    labels_any: Option<LabelNames>,
    /// Only tasks with all of these labels, whatever their case: up to 20, with commas between
    /// them.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["home"]))]
    labels_all: Option<LabelNames>,
    /// Only tasks of the project with this id, or with `none` only those of no project.
    #[param(value_type = Option<String>, pattern = "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")]
    project: Option<OrNone<ProjectId>>,
    /// Only direct subtasks of the task with this id, or with `none` only tasks that are part of
    /// no other.
    #[param(value_type = Option<String>, pattern = "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")]
    parent: Option<OrNone<TaskId>>,
    /// `any`: only tasks that have a due; `none`: only tasks that have none; `overdue`: only open
    /// tasks whose due has passed: a date alone when that day is over in `time_zone`, a date with
    /// a time once its instant has come.
    #[param(inline)]
    due: Option<DueFilter>,
    /// Only tasks that are due at this moment or later: a date, or an instant by RFC 3339. A date
    /// begins at midnight in `time_zone`; dues that are a date alone count as the beginning of
    /// their day there. So `due_after=2026-11-25&due_before=2026-11-26` is what is due on the 25th.
    #[param(value_type = Option<String>, example = "2026-11-25")]
    due_after: Option<Moment>,
    /// Only tasks that are due before this moment, and not at it; else as `due_after`.
    #[param(value_type = Option<String>, example = "2026-12-01T00:00:00Z")]
    due_before: Option<Moment>,
    /// The IANA name of the time zone in which days begin and end, in exact case.
    #[param(value_type = Option<String>, default = "UTC", example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// Only tasks that changed at this instant (RFC 3339) or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-25T09:30:00Z")]
    updated_since: Option<Instant>,
    /// Only tasks whose title or description has all these words, each as the beginning of a
    /// word; case and accents do not count. 1 to 200 characters after trimming. Of scripts without
    /// spaces between words, such as Chinese, Japanese and Thai, any part is found. Other signs
    /// than letters and digits are passed over; where there is nothing else, nothing is found.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "buy mil")]
    q: Option<Words>,
    /// By what: when it was `created` or last `updated`, by `title` as people sort words, by `due`
    /// (a date alone as midnight UTC; tasks without one last, in either direction), by `priority`,
    /// by `rank`, which is the order that the user gave, by when it was `completed` (open tasks
    /// last, in either direction), or with `q` by `relevance`, for which words of the title count
    /// more. `relevance` with `q`, else `created`, unless given.
    #[param(inline)]
    sort: Option<Sort>,
    /// In which direction. Unless given, `asc` for `title`, `due` and `rank`, and `desc` for all
    /// others. Tasks that are equal in it are in the order of their ids, in the same direction.
    #[param(inline)]
    order: Option<Direction>,
    /// How many tasks to return at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the page before, together with the same filters, `sort` and `order`.
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// A page of tasks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    pub tasks: Vec<Task>,
    /// The number of tasks in this page.
    #[schema(schema_with = count_schema)]
    pub count: usize,
    /// Where the next page begins, or null after the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The position that this page reflects: connect the live channel here to miss nothing.
    pub position: Position,
}

/// List tasks
///
/// The caller's tasks, page by page: follow `next_cursor` until it is null. All filters that are
/// given hold together. Tasks that are created or changed while paging neither hide nor repeat
/// others. `position` is read in the same snapshot as the tasks, so a live channel opened there
/// continues exactly from this list.
#[utoipa::path(
    get,
    path = "/api/{user_id}/tasks",
    tag = "tasks",
    params(UserPath, ListQuery),
    responses((status = 200, description = "A page of tasks.", body = TaskList)),
    impl_for = list_tasks
)]
#[handler]
pub async fn list_tasks(app: App, caller: Caller, query: Query<ListQuery>) -> Result<Json<TaskList>, Problem> {
    let Query(query) = query;
    let order = query.order()?;
    let after = query.cursor.as_deref().map(|text| Cursor::decode(text, order).ok_or_else(bad_cursor)).transpose()?;
    let limit = query.limit.get();
    let page =
        list::list(app.pool(), caller.owner(), &PageRequest { filters: query.filters(), order, after, limit }).await?;
    let next_cursor = page.end.map(|key| Cursor::after(key, order).encode());
    Ok(Json(TaskList { count: page.tasks.len(), tasks: page.tasks, next_cursor, position: page.position }))
}

impl ListQuery {
    fn order(&self) -> Result<Order, Problem> {
        let by = match (self.sort, &self.q) {
            (None | Some(Sort::Relevance), Some(_)) => SortBy::Relevance,
            (None | Some(Sort::Created), _) => SortBy::Created,
            (Some(Sort::Updated), _) => SortBy::Updated,
            (Some(Sort::Title), _) => SortBy::Title,
            (Some(Sort::Due), _) => SortBy::Due,
            (Some(Sort::Priority), _) => SortBy::Priority,
            (Some(Sort::Rank), _) => SortBy::Rank,
            (Some(Sort::Completed), _) => SortBy::Completed,
            (Some(Sort::Relevance), None) => {
                let message = "must not be relevance without q, the words that it is the relevance of";
                return Err(Problem::invalid_field("sort", "invalid_value", message));
            }
        };
        let descending = self.order.map_or(by.descends_by_default(), |order| order == Direction::Desc);
        Ok(Order { by, descending })
    }

    fn filters(self) -> Filters {
        let zone = self.time_zone.unwrap_or(TimeZone::UTC);
        Filters {
            completed: match self.status {
                // What is overdue is open, and to say so leads to the index of what is.
                StatusFilter::All if self.due == Some(DueFilter::Overdue) => Some(false),
                StatusFilter::All => None,
                StatusFilter::Pending => Some(false),
                StatusFilter::Completed => Some(true),
            },
            priorities: self.priority.map(|Priorities(priorities)| priorities),
            labels_any: self.labels_any.map(|LabelNames(labels)| labels),
            labels_all: self.labels_all.map(|LabelNames(labels)| labels),
            project: self.project,
            parent: self.parent,
            due: match self.due {
                Some(DueFilter::Any) => Some(true),
                Some(DueFilter::None) => Some(false),
                Some(DueFilter::Overdue) | None => None,
            },
            due_after: self.due_after.map(|moment| moment.bound(zone)),
            due_before: self.due_before.map(|moment| moment.bound(zone)),
            overdue: (self.due == Some(DueFilter::Overdue)).then(|| DueBound::overdue(Utc::now(), zone)),
            updated_since: self.updated_since.map(|Instant(instant)| instant),
            words: self.q.map(|Words(words)| words),
        }
    }
}

fn bad_cursor() -> Problem {
    Problem::invalid_field("cursor", "malformed", "must be the next_cursor of a page with the same sort and order")
}
