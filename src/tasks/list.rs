//! `GET /api/{user_id}/tasks`: pages of tasks by key, not by offset, so that tasks created while
//! a client pages are neither skipped nor shown twice.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::query::{self, Key, ListOf};
use super::{Task, TaskId};
use crate::app::App;
use crate::auth::Caller;
use crate::changes::Position;
use crate::http::json::Json;
use crate::http::query::{Limit, Query};
use crate::openapi::params::UserPath;
use crate::problem::Problem;

/// Longer than the cursor after any task can be.
const MAX_CURSOR: usize = 2000;

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

/// In which order to list them: `created` newest first, `title` from A to Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "created")]
pub enum SortOrder {
    #[default]
    Created,
    Title,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Which tasks to list.
    #[serde(default)]
    #[param(inline, required = false)]
    status: StatusFilter,
    /// In which order: `created` is newest first, `title` alphabetical.
    #[serde(default)]
    #[param(inline, required = false)]
    sort: SortOrder,
    /// How many tasks to return at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
    /// `next_cursor` of the page before, together with the same `status` and `sort`.
    #[serde(default)]
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// A page of tasks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    pub tasks: Vec<Task>,
    /// The number of tasks in this page.
    #[schema(schema_with = super::count_schema)]
    pub count: usize,
    /// Where the next page begins, or null after the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The position that this page reflects: connect the live channel here to miss nothing.
    pub position: Position,
}

/// The key of the last task of a page, which the next one starts after. A forged cursor can
/// only start the caller's own list at another place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cursor {
    #[serde(rename = "c")]
    Created(DateTime<Utc>, TaskId),
    #[serde(rename = "t")]
    Title(String, TaskId),
}

impl Cursor {
    fn after(task: &Task, sort: SortOrder) -> Self {
        match sort {
            SortOrder::Created => Self::Created(task.created_at, task.id),
            SortOrder::Title => Self::Title(task.title.clone(), task.id),
        }
    }

    fn encode(&self) -> String {
        // A time, a string and an id always serialise.
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// List tasks
///
/// The caller's tasks, page by page: follow `next_cursor` until it is null. Tasks created while
/// paging are neither skipped nor repeated. `position` is read in the same snapshot as the
/// tasks, so a live channel opened there continues exactly from this list.
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
    let Query(ListQuery { status, sort, limit, cursor }) = query;
    let limit = limit.get();
    let cursor = cursor.as_deref().map(|text| checked_cursor(text, sort)).transpose()?;
    let completed = match status {
        StatusFilter::All => None,
        StatusFilter::Pending => Some(false),
        StatusFilter::Completed => Some(true),
    };
    // One task more than asked for tells whether there is a next page.
    let after = cursor.map(|cursor| match cursor {
        Cursor::Created(at, id) => Key::Created(at, id),
        Cursor::Title(title, id) => Key::Title(title, id),
    });
    let of = ListOf { completed, by_title: sort == SortOrder::Title, after, limit: limit + 1 };
    let (mut tasks, position) = query::list(app.pool(), caller.owner(), &of).await?;
    let more = tasks.len() > usize::from(limit);
    tasks.truncate(usize::from(limit));
    let next_cursor = tasks.last().filter(|_| more).map(|task| Cursor::after(task, sort).encode());
    Ok(Json(TaskList { count: tasks.len(), tasks, next_cursor, position }))
}

fn checked_cursor(text: &str, sort: SortOrder) -> Result<Cursor, Problem> {
    let cursor = Some(text).filter(|text| text.len() <= MAX_CURSOR).and_then(Cursor::decode);
    // Times out of all range and text with U+0000 are unknown to the database, which would answer
    // with a fault.
    match (cursor, sort) {
        (Some(Cursor::Created(at, id)), SortOrder::Created) if (1..=9999).contains(&at.year()) => {
            Ok(Cursor::Created(at, id))
        }
        (Some(Cursor::Title(title, id)), SortOrder::Title) if !title.contains('\0') => Ok(Cursor::Title(title, id)),
        _ => Err(bad_cursor()),
    }
}

fn bad_cursor() -> Problem {
    Problem::invalid_field("cursor", "malformed", "must be the next_cursor of a page with the same sort")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_wire() {
        for cursor in [
            Cursor::Created(DateTime::from_timestamp_micros(1_795_441_234_567_891).expect("a time"), TaskId::new()),
            Cursor::Title("Zoë \"quotes\" 🦀".to_owned(), TaskId::new()),
        ] {
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
    }

    #[test]
    fn a_forged_cursor_is_refused_not_believed() {
        let title = Cursor::Title("a".to_owned(), TaskId::new()).encode();
        for (text, sort) in
            [("", SortOrder::Created), ("%%%", SortOrder::Created), (title.as_str(), SortOrder::Created)]
        {
            assert!(checked_cursor(text, sort).is_err(), "{text}");
        }
    }
}
