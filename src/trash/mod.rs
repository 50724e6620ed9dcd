//! The trash: what was deleted and can be taken back, each entry together with all that went
//! along with it. `batch` puts things in and takes them out again; here the trash is listed and
//! emptied, by its user or, after a while, by `retention`.

mod handlers;
pub mod retention;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use handlers::{empty_trash, list_trash, purge_from_trash, restore_from_trash};

use crate::auth::OwnerId;
use crate::changes::Position;
use crate::http::json::whole_time;
use crate::ids::{Id, Named};
use crate::projects::{Project, ProjectRow};
use crate::tasks::{Task, TaskRow, count_schema};

pub type TrashId = Id<TrashEntry>;

/// The most tasks that the answer to a restore holds.
pub const RESTORED_MAX: usize = 500;

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrashKind {
    Task,
    Project,
}

/// One deletion that can be taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrashEntry {
    pub id: TrashId,
    #[schema(inline)]
    pub kind: TrashKind,
    /// When it was deleted, in UTC.
    #[serde(serialize_with = "whole_time")]
    pub deleted_at: DateTime<Utc>,
    /// When it is removed for good, in UTC; it may take some minutes more.
    #[serde(serialize_with = "whole_time")]
    pub expires_at: DateTime<Utc>,
    /// The task as it was, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<Task>,
    /// The project as it was, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project: Option<Project>,
    /// How many tasks were deleted along with it, and will be restored or purged with it.
    #[schema(schema_with = count_schema)]
    pub along: i64,
}

impl Named for TrashEntry {
    const SCHEMA: &'static str = "TrashId";
    const ABOUT: &'static str = "Names one deletion of its owner: the id of the task or project that was deleted.";
    const PARAMETER: &'static str = "trash_id";
}

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

/// An entry as it is stored.
struct EntryRow {
    id: TrashId,
    deleted_at: DateTime<Utc>,
    task: Option<TaskRow>,
    project: Option<ProjectRow>,
    along: i64,
}

impl EntryRow {
    fn of(self, owner: &OwnerId, kept: Duration) -> TrashEntry {
        let Self { id, deleted_at, task, project, along } = self;
        TrashEntry {
            id,
            kind: if project.is_some() { TrashKind::Project } else { TrashKind::Task },
            deleted_at,
            expires_at: deleted_at + kept,
            task: task.map(|task| task.of(owner)),
            project: project.map(|project| project.of(owner)),
            along,
        }
    }
}
