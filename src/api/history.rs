//! `GET /api/{user_id}/tasks/{task_id}/history`: the changes of one task that the log still has. The
//! task may exist, be in the trash, or have been purged.

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
use crate::model::fields::optional_rfc3339;
use crate::model::{Change, Problem, Seq, TaskId};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The most changes to return.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<String>, required = false, max_length = 2000)]
    cursor: Option<Cursor<Seq>>,
}

/// A page of the changes of one task, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskHistory {
    pub changes: Vec<Change>,
    /// Whether the log still has the creation of the task. Then the last page ends with it, and no
    /// change is missing.
    pub complete: bool,
    /// The log has every change since this time, in UTC; null if the log is empty. Older changes
    /// have been removed.
    #[serde(serialize_with = "optional_rfc3339")]
    #[schema(required)]
    pub reaches_back_to: Option<DateTime<Utc>>,
    /// The `cursor` of the next page, or null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Get the history of a task
///
/// Returns the changes of the task, newest first, in pages: follow `next_cursor` until it is null.
/// Each change has the task as it was after that change. The history reaches as far back as the
/// change log (`RETENTION`, 7 days by default); `complete` says whether that includes the creation
/// of the task. A deleted task has a history for as long as the trash or the log has the task; after
/// that the response is 404.
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
    // One more than the limit, to see whether there is a next page.
    let task = log::read_task(app.pool(), caller.owner(), id, before, limit + 1).await?;
    let task = task.ok_or_else(Problem::task_not_found)?;
    let mut changes = task.changes;
    let more = changes.len() > usize::from(limit);
    changes.truncate(usize::from(limit));
    let next_cursor = changes.last().filter(|_| more).map(|change| Cursor(change.seq()).encode());
    Ok(Json(TaskHistory { changes, complete: task.complete, reaches_back_to: task.reaches_back_to, next_cursor }))
}
