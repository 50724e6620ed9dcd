//! The change log: what happened to a user's tasks, in order. It is the one truth that lists,
//! `GET …/changes` and the live channel all agree on; `tasks` writes it, `live` carries it.

mod handlers;
mod position;
pub mod retention;
pub mod store;
mod write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use handlers::list_changes;
pub use position::{History, Position, Seq};
pub use write::write;

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
    Created(Task),
    Updated(Task),
    Deleted(TaskId),
}

/// The names of the events, in the log and on the wire.
pub mod kind {
    pub const CREATED: &str = "task.created";
    pub const UPDATED: &str = "task.updated";
    pub const DELETED: &str = "task.deleted";
}

/// A change together with the history that it belongs to: all that the hub needs.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub history: History,
    pub change: Change,
}

/// What a write did: its answer, and the change it left in the log, if it changed anything.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    pub recorded: Option<Recorded>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TaskCreatedType {
    #[serde(rename = "task.created")]
    TaskCreated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TaskUpdatedType {
    #[serde(rename = "task.updated")]
    TaskUpdated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TaskDeletedType {
    #[serde(rename = "task.deleted")]
    TaskDeleted,
}

/// A task was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskCreated {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: TaskCreatedType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The task as this change left it.
    pub task: Task,
}

/// A task was updated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskUpdated {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: TaskUpdatedType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The task as this change left it.
    pub task: Task,
}

/// A task was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskDeleted {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: TaskDeletedType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The task that is gone.
    pub task_id: TaskId,
}

/// A change as clients see it, the same on the live channel and in `GET …/changes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Change, discriminator(property_name = "type", mapping(
    ("task.created" = "#/components/schemas/TaskCreated"),
    ("task.updated" = "#/components/schemas/TaskUpdated"),
    ("task.deleted" = "#/components/schemas/TaskDeleted"),
)))]
pub enum ChangeMessage {
    Created(TaskCreated),
    Updated(TaskUpdated),
    Deleted(TaskDeleted),
}

impl ChangeMessage {
    pub fn new(history: History, change: Change) -> Self {
        let Change { seq, at, event } = change;
        let position = history.at(seq);
        match event {
            Event::Created(task) => {
                Self::Created(TaskCreated { kind: TaskCreatedType::TaskCreated, seq, position, at, task })
            }
            Event::Updated(task) => {
                Self::Updated(TaskUpdated { kind: TaskUpdatedType::TaskUpdated, seq, position, at, task })
            }
            Event::Deleted(task_id) => {
                Self::Deleted(TaskDeleted { kind: TaskDeletedType::TaskDeleted, seq, position, at, task_id })
            }
        }
    }
}
