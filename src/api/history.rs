//! `GET /api/{user_id}/tasks/{task_id}/history`: what the log still tells of one task, whether it
//! is there, in the trash, or gone.

use chrono::{DateTime, Utc};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::extract::caller::Caller;
use super::extract::cursor::Cursor;
use super::extract::query::{Limit, Query};
use super::openapi::params::TaskPath;
use super::openapi::responses::NotFound;
use super::respond::json::Json;
use crate::changes::log;
use crate::model::fields::maybe_whole_time;
use crate::model::{Change, Problem, Seq, TaskId};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// How many changes to return at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>, required = false, max_length = 2000)]
    cursor: Option<Cursor<Seq>>,
}

/// Changes of one task, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskHistory {
    pub changes: Vec<Change>,
    /// Whether the last page ends with the task's creation: then nothing is missing.
    pub complete: bool,
    /// The time since which every change is told, in UTC, or null when the log is empty. What
    /// happened before it has been forgotten.
    #[serde(serialize_with = "maybe_whole_time")]
    #[schema(required)]
    pub reaches_back_to: Option<DateTime<Utc>>,
    /// Where the next page begins, or null after the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Get the history of a task
///
/// Its changes, newest first, page by page, each with the task as it was then: as far back as the
/// change log reaches, and `complete` says whether that is to the beginning. A task that was
/// deleted has its history for as long as the trash or the log knows it.
#[utoipa::path(
    get,
    path = "/api/{user_id}/tasks/{task_id}/history",
    tag = "changes",
    params(TaskPath, HistoryQuery),
    responses(
        (status = 200, description = "A page of the history.", body = TaskHistory),
        (status = 404, response = NotFound),
    ),
    impl_for = get_task_history
)]
#[handler]
pub async fn get_task_history(
    app: App,
    caller: Caller,
    id: TaskId,
    query: Query<HistoryQuery>,
) -> Result<Json<TaskHistory>, Problem> {
    let Query(HistoryQuery { limit, cursor }) = query;
    let limit = limit.get();
    let before = cursor.map(|Cursor(seq)| seq);
    // One more than the limit shows whether there is a next page.
    let task = log::read_task(app.pool(), caller.owner(), id, before, limit + 1).await?;
    let task = task.ok_or_else(Problem::task_not_found)?;
    let mut changes = task.changes;
    let more = changes.len() > usize::from(limit);
    changes.truncate(usize::from(limit));
    let next_cursor = changes.last().filter(|_| more).map(|change| Cursor(change.seq()).encode());
    Ok(Json(TaskHistory { changes, complete: task.complete, reaches_back_to: task.reaches_back_to, next_cursor }))
}
