//! `GET /api/{user_id}/tasks`: a page of tasks. A page starts after the key of a task and not at an offset,
//! so a client that pages while tasks are created neither skips tasks nor gets them twice.

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
use crate::queries::tasks::page::TaskRows;
use cursor::Cursor;
use parameters::{Instant, LabelNames, Moment, Priorities, Words};

/// Which tasks to list: `pending` for open tasks, `completed` for completed ones, `all` for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "all")]
pub enum StatusFilter {
    #[default]
    All,
    Pending,
    Completed,
}

/// Which tasks to list: `any` for tasks with a due date, `none` for tasks without one, `overdue` for
/// open tasks whose due date has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueFilter {
    Any,
    None,
    Overdue,
}

/// The field to sort by.
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

/// The direction of the order: `asc` for ascending, `desc` for descending.
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
    /// List only `pending` (open) or only `completed` tasks. The default, `all`, lists both.
    #[serde(default)]
    #[param(inline, required = false)]
    status: StatusFilter,
    /// List only tasks with one of these priorities, separated by commas.
    #[param(value_type = Option<Vec<Priority>>, style = Form, explode = false, example = json!(["high", "urgent"]))]
    priority: Option<Priorities>,
    /// List only tasks with at least one of these labels: up to 20, separated by commas. Case does not
    /// matter.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["home", "errands"]))]
    labels_any: Option<LabelNames>,
    /// List only tasks with all of these labels: up to 20, separated by commas. Case does not matter.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["home"]))]
    labels_all: Option<LabelNames>,
    /// List only tasks of the project with this id; with `none`, only tasks without a project.
    #[param(value_type = Option<String>, pattern = "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")]
    project: Option<OrNone<ProjectId>>,
    /// List only direct subtasks of the task with this id; with `none`, only tasks without a parent.
    #[param(value_type = Option<String>, pattern = "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")]
    parent: Option<OrNone<TaskId>>,
    /// `any` lists only tasks with a due date, `none` only tasks without one, and `overdue` only open
    /// tasks whose due date has passed. A due date without a time has passed when that day is over in
    /// `time_zone`; one with a time has passed at that instant.
    #[param(inline)]
    due: Option<DueFilter>,
    /// List only tasks that are due at this moment or later: a date, or an instant (RFC 3339). A date
    /// means midnight in `time_zone`. A due date without a time counts as midnight of that day in
    /// `time_zone`. So `due_after=2026-11-25&due_before=2026-11-26` lists the tasks due on the 25th.
    #[param(value_type = Option<String>, example = "2026-11-25")]
    due_after: Option<Moment>,
    /// List only tasks that are due before this moment. Otherwise the same as `due_after`.
    #[param(value_type = Option<String>, example = "2026-12-01T00:00:00Z")]
    due_before: Option<Moment>,
    /// The IANA name of the time zone in which days begin and end. Case matters.
    #[param(value_type = Option<String>, default = "UTC", example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// List only tasks that changed at this instant (RFC 3339) or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-25T09:30:00Z")]
    updated_since: Option<Instant>,
    /// List only tasks whose title or description has all these words: 1 to 200 characters after
    /// trimming. Each word matches the beginning of a word; case, accents and characters that nobody sees,
    /// such as soft hyphens, do not matter. In scripts
    /// without spaces between words, such as Chinese, Japanese and Thai, it matches any part. Characters
    /// other than letters and digits are ignored; a text without letters and digits matches nothing.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "buy mil")]
    q: Option<Words>,
    /// The field to sort by: the time at which the task was `created`, last `updated` or `completed`
    /// (open tasks last in both directions); `title` in alphabetical order, with numbers by their value; `due` (a date
    /// without a time as midnight UTC; tasks without a due date last in both directions); `priority`;
    /// `rank`, the order that the user gave; or `relevance`, which needs `q` and counts words in the
    /// title more. The default is `relevance` with `q`, and otherwise `created`.
    #[param(inline)]
    sort: Option<Sort>,
    /// The direction of the order. The default is `asc` for `title`, `due` and `rank`, and `desc` for
    /// the others. Tasks with equal values follow the order of their ids, in the same direction.
    #[param(inline)]
    order: Option<Direction>,
    /// The most tasks to return.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the previous page. Send it with the same filters, `sort` and `order`.
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
    /// The `cursor` of the next page, or null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The position that this page reflects. Open the live channel with it to miss no change.
    pub position: Position,
}

/// A [`TaskList`] as the server writes it.
#[derive(Debug, Serialize)]
pub struct WrittenTaskList {
    tasks: TaskRows,
    count: usize,
    next_cursor: Option<String>,
    position: Position,
}

/// List tasks
///
/// Returns the user's tasks in pages: follow `next_cursor` until it is null. A task must pass all
/// filters that you give. If tasks are created or changed while you page, no other task is skipped or
/// repeated.
///
/// `position` comes from the same snapshot as the tasks, so a live channel that is opened with it
/// continues exactly from this list. With several pages, use the `position` of the first one.
#[utoipa::path(
    get,
    path = "/api/{user_id}/tasks",
    tag = "tasks",
    params(UserPath, ListQuery),
    responses((status = 200, description = "A page of tasks.", body = TaskList)),
    impl_for = list_tasks
)]
#[handler]
pub async fn list_tasks(app: App, caller: Caller, query: Query<ListQuery>) -> Result<Json<WrittenTaskList>, Problem> {
    let Query(query) = query;
    let order = query.order()?;
    let after = query.cursor.as_deref().map(|text| Cursor::decode(text, order).ok_or_else(bad_cursor)).transpose()?;
    let limit = query.limit.get();
    let page =
        list::list(app.pool(), caller.owner(), &PageRequest { filters: query.filters(), order, after, limit }).await?;
    let next_cursor = page.end.map(|key| Cursor::after(key, order).encode());
    Ok(Json(WrittenTaskList { count: page.tasks.count(), tasks: page.tasks, next_cursor, position: page.position }))
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
                let message = "must not be relevance without q: there are no words to compare with";
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
                // Overdue tasks are open. The condition lets Postgres use the index of open tasks.
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
