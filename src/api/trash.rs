//! The operations on the trash: list, restore and purge.

use chrono::{DateTime, Utc};
use salvo::http::StatusCode;
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::extract::caller::Caller;
use super::extract::cursor::Cursor;
use super::extract::query::{Limit, Query};
use super::openapi::params::{TrashPath, UserPath};
use super::openapi::responses::{Conflict, NotFound};
use super::respond::json::Json;
use crate::engine::purge::{self, Purge};
use crate::engine::{Done, Operation};
use crate::model::fields::count_schema;
use crate::model::{Position, Problem, Project, Task, TrashEntry, TrashId};
use crate::queries::trash;

/// The most tasks in the response to a restore.
pub const RESTORED_MAX: usize = 500;

/// A page of the trash.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrashList {
    pub entries: Vec<TrashEntry>,
    /// The number of entries in this page.
    #[schema(schema_with = count_schema)]
    pub count: usize,
    /// The `cursor` of the next page, or null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The position that this page reflects. Deleting and restoring append to the change log; purging
    /// does not.
    pub position: Position,
}

/// What was restored, as it is now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Restored {
    /// The project, or null if a task was restored.
    #[schema(required)]
    pub project: Option<Project>,
    /// The tasks, each after its parent. If there are more than 500, the first 500.
    #[schema(max_items = 500)]
    pub tasks: Vec<Task>,
    /// The number of restored tasks, which may exceed 500.
    #[schema(schema_with = count_schema)]
    pub count: usize,
}

impl Restored {
    fn new(project: Option<Project>, mut tasks: Vec<Task>) -> Self {
        let count = tasks.len();
        tasks.truncate(RESTORED_MAX);
        Self { project, tasks, count }
    }
}

/// The key of the last entry of a page.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    at: DateTime<Utc>,
    id: TrashId,
}

impl Key {
    /// A forged cursor may hold a time that Postgres cannot store, so the time is clamped to the years
    /// 1970 to 2262.
    fn clamped(self) -> (DateTime<Utc>, TrashId) {
        let latest = DateTime::from_timestamp_nanos(i64::MAX);
        (self.at.clamp(DateTime::UNIX_EPOCH, latest), self.id)
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrashQuery {
    /// The most entries to return.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<String>, required = false, max_length = 2000)]
    cursor: Option<Cursor<Key>>,
}

/// List the trash
///
/// Returns the deleted tasks and projects that can be restored, newest first, in pages: follow
/// `next_cursor` until it is null. Each entry is one deletion. `along` is the number of tasks that
/// were deleted with it; those have no entries of their own. The server purges an entry after
/// `TRASH_RETENTION` (30 days by default).
#[utoipa::path(
    get,
    path = "/api/{user_id}/trash",
    tag = "trash",
    params(UserPath, TrashQuery),
    responses((status = 200, description = "A page of the trash.", body = TrashList)),
    impl_for = list_trash
)]
#[handler]
pub async fn list_trash(app: App, caller: Caller, query: Query<TrashQuery>) -> Result<Json<TrashList>, Problem> {
    let Query(TrashQuery { limit, cursor }) = query;
    let limit = limit.get();
    let after = cursor.map(|Cursor(key)| key.clamped());
    // One more than the limit, to see whether there is a next page.
    let (mut rows, position) = trash::list(app.pool(), caller.owner(), after, limit + 1).await?;
    let more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|row| Cursor(Key { at: row.deleted_at, id: row.id }).encode());
    let entries: Vec<_> = rows.into_iter().map(|row| row.into_entry(caller.owner(), app.trash_retention())).collect();
    Ok(Json(TrashList { count: entries.len(), entries, next_cursor, position }))
}

/// Restore from the trash
///
/// Restores one deletion, with everything that was deleted with it. Tasks return to their places in
/// the order. A task returns without its parent or project if that no longer exists, and without its
/// parent if there would be more than five levels. If an open task returns below completed ones, these
/// are reopened, each in a change of its own.
///
/// Returns 409 if the task was deleted as a part of another deletion (`detail` names the entry to
/// restore instead), and for a project if the user already has 1000 projects. Repeating the request
/// returns 404, because the entry has left the trash.
#[utoipa::path(
    post,
    path = "/api/{user_id}/trash/{trash_id}/restore",
    tag = "trash",
    params(TrashPath),
    responses(
        (status = 200, description = "The restored project and tasks.", body = Restored),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
    ),
    impl_for = restore_from_trash
)]
#[handler]
pub async fn restore_from_trash(app: App, caller: Caller, id: TrashId) -> Result<Json<Restored>, Problem> {
    match app.engine().run(caller.owner(), Operation::Restore(id.as_uuid())).await? {
        Done::Restored { project, tasks, .. } => Ok(Json(Restored::new(project, tasks))),
        other => Err(Problem::server_error(&format_args!("unexpected result of a restore: {other:?}"))),
    }
}

/// Purge from the trash
///
/// Permanently removes one deletion, with everything that was deleted with it. The change log keeps
/// its changes until they are older than `RETENTION` (7 days by default). Returns 409 if the task was
/// deleted as a part of another deletion; `detail` names the entry to purge instead.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/trash/{trash_id}",
    tag = "trash",
    params(TrashPath),
    responses(
        (status = 204, description = "The entry is permanently removed."),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
    ),
    impl_for = purge_from_trash
)]
#[handler]
pub async fn purge_from_trash(app: App, caller: Caller, id: TrashId) -> Result<StatusCode, Problem> {
    match purge::purge(app.pool(), caller.owner(), id).await? {
        Purge::Purged => Ok(StatusCode::NO_CONTENT),
        Purge::PartOf(root) => Err(Problem::deleted_with(root)),
        Purge::NotFound => Err(Problem::not_in_trash()),
    }
}

/// Empty the trash
///
/// Permanently removes everything that was in the trash when the request arrived. Safe to retry.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/trash",
    tag = "trash",
    params(UserPath),
    responses((status = 204, description = "Everything that was in the trash is permanently removed.")),
    impl_for = empty_trash
)]
#[handler]
pub async fn empty_trash(app: App, caller: Caller) -> Result<StatusCode, Problem> {
    if let Some(until) = purge::newest(app.pool(), caller.owner()).await? {
        purge::purge_until(app.pool(), caller.owner().as_str(), until).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
