//! The change log: what happened to a user's tasks and projects, in order. It is the one truth
//! that lists, `GET …/changes` and the live channel all agree on; `tasks` and `batch` write it,
//! `live` carries it.

mod handlers;
mod history;
mod messages;
mod position;
pub mod retention;
pub mod store;
mod write;

use chrono::{DateTime, Utc};

pub use handlers::list_changes;
pub use history::{TaskHistory, get_task_history};
pub use messages::{
    ChangeMessage, ProjectCreated, ProjectDeleted, ProjectRestored, ProjectUpdated, TaskCreated, TaskDeleted,
    TaskRestored, TaskUpdated,
};
pub use position::{History, Position, Seq};
pub use write::Publisher;

use crate::projects::{Project, ProjectId};
use crate::tasks::{Task, TaskId};

/// One change as it is stored: its place in the order, its time, and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub seq: Seq,
    pub at: DateTime<Utc>,
    pub event: Event,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    TaskCreated(Task),
    TaskUpdated(Task),
    TaskDeleted(TaskId),
    TaskRestored(Task),
    ProjectCreated(Project),
    ProjectUpdated(Project),
    ProjectDeleted(ProjectId),
    ProjectRestored(Project),
}

/// The names of the events, in the log and on the wire.
pub mod kind {
    pub const TASK_CREATED: &str = "task.created";
    pub const TASK_UPDATED: &str = "task.updated";
    pub const TASK_DELETED: &str = "task.deleted";
    pub const TASK_RESTORED: &str = "task.restored";
    pub const PROJECT_CREATED: &str = "project.created";
    pub const PROJECT_UPDATED: &str = "project.updated";
    pub const PROJECT_DELETED: &str = "project.deleted";
    pub const PROJECT_RESTORED: &str = "project.restored";
}

impl Event {
    /// The task as the change left it, if it is about one that is there.
    pub const fn task(&self) -> Option<&Task> {
        match self {
            Self::TaskCreated(task) | Self::TaskUpdated(task) | Self::TaskRestored(task) => Some(task),
            _ => None,
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TaskCreated(_) => kind::TASK_CREATED,
            Self::TaskUpdated(_) => kind::TASK_UPDATED,
            Self::TaskDeleted(_) => kind::TASK_DELETED,
            Self::TaskRestored(_) => kind::TASK_RESTORED,
            Self::ProjectCreated(_) => kind::PROJECT_CREATED,
            Self::ProjectUpdated(_) => kind::PROJECT_UPDATED,
            Self::ProjectDeleted(_) => kind::PROJECT_DELETED,
            Self::ProjectRestored(_) => kind::PROJECT_RESTORED,
        }
    }
}

/// A change together with the history that it belongs to: all that the hub needs.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub history: History,
    pub change: Change,
}

/// What a write did: its answer, and the changes it left in the log, in order.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    pub recorded: Vec<Recorded>,
}
