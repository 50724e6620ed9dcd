//! The requests about the trash.

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

/// The most tasks that the answer to a restore holds.
pub const RESTORED_MAX: usize = 500;

/// A page of the trash.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrashList {
    pub entries: Vec<TrashEntry>,
    /// The number of entries in this page.
    #[schema(schema_with = count_schema)]
    pub count: usize,
    /// Where the next page begins, or null after the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The position that this page reflects. Deleting and restoring are changes, purging is none.
    pub position: Position,
}

/// What came back out of the trash, as it is now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Restored {
    /// The project, if it was one that was deleted.
    #[schema(required)]
    pub project: Option<Project>,
    /// The tasks, each after the one that it is part of; of very many the first 500.
    #[schema(max_items = 500)]
    pub tasks: Vec<Task>,
    /// How many tasks came back.
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

/// The last entry of a page.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    at: DateTime<Utc>,
    id: TrashId,
}

impl Key {
    /// What is far outside of all times is beyond the database, too, and a key may be forged.
    fn within_times(self) -> (DateTime<Utc>, TrashId) {
        let end_of_times = DateTime::from_timestamp_nanos(i64::MAX);
        (self.at.clamp(DateTime::UNIX_EPOCH, end_of_times), self.id)
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrashQuery {
    /// How many entries to return at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>, required = false, max_length = 2000)]
    cursor: Option<Cursor<Key>>,
}

/// List the trash
///
/// What the caller has deleted and can still take back, newest first, page by page: follow
/// `next_cursor` until it is null. Each entry is one deletion, with the number of tasks that went
/// along; those have no entries of their own.
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
    let after = cursor.map(|Cursor(key)| key.within_times());
    // One more than the limit shows whether there is a next page.
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
/// Takes back one deletion with everything that went along. Tasks return to their places; a task
/// whose parent or project is gone meanwhile comes back without it. What was deleted only as a
/// part of something is refused with 409, and `detail` says what to restore instead; so is a
/// project while there are 1000 others.
#[utoipa::path(
    post,
    path = "/api/{user_id}/trash/{trash_id}/restore",
    tag = "trash",
    params(TrashPath),
    responses(
        (status = 200, description = "What came back.", body = Restored),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
    ),
    impl_for = restore_from_trash
)]
#[handler]
pub async fn restore_from_trash(app: App, caller: Caller, id: TrashId) -> Result<Json<Restored>, Problem> {
    match app.engine().run(caller.owner(), Operation::Restore(id.as_uuid())).await? {
        Done::Restored { project, tasks } => Ok(Json(Restored::new(project, tasks))),
        other => Err(Problem::server_error(&format_args!("a restore came to {other:?}"))),
    }
}

/// Purge from the trash
///
/// Removes one deletion for good, with everything that went along, at once. The change log may
/// still tell of it, for as long as it reaches back.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/trash/{trash_id}",
    tag = "trash",
    params(TrashPath),
    responses(
        (status = 204, description = "It is gone for good."),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
    ),
    impl_for = purge_from_trash
)]
#[handler]
pub async fn purge_from_trash(app: App, caller: Caller, id: TrashId) -> Result<StatusCode, Problem> {
    match purge::purge(app.pool(), caller.owner(), id).await? {
        Purge::Purged => Ok(StatusCode::NO_CONTENT),
        Purge::PartOf(root) => Err(Problem::went_along(root)),
        Purge::NotFound => Err(Problem::not_in_trash()),
    }
}

/// Empty the trash
///
/// Removes for good everything that was in the trash when the request came; safe to retry.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/trash",
    tag = "trash",
    params(UserPath),
    responses((status = 204, description = "The trash is empty.")),
    impl_for = empty_trash
)]
#[handler]
pub async fn empty_trash(app: App, caller: Caller) -> Result<StatusCode, Problem> {
    if let Some(until) = purge::newest(app.pool(), caller.owner()).await? {
        purge::purge_until(app.pool(), caller.owner().as_str(), until).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
