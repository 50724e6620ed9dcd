//! Changes as clients see them, the same on the live channel and in `GET …/changes`: one schema
//! for each kind, told apart by `type`, so that generated clients are typed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Event, History, Position, Seq};
use crate::projects::{Project, ProjectId};
use crate::tasks::{Task, TaskId};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TaskRestoredType {
    #[serde(rename = "task.restored")]
    TaskRestored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProjectCreatedType {
    #[serde(rename = "project.created")]
    ProjectCreated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProjectUpdatedType {
    #[serde(rename = "project.updated")]
    ProjectUpdated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProjectDeletedType {
    #[serde(rename = "project.deleted")]
    ProjectDeleted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProjectRestoredType {
    #[serde(rename = "project.restored")]
    ProjectRestored,
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

/// A task was taken back out of the trash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskRestored {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: TaskRestoredType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The task as this change left it.
    pub task: Task,
}

/// A project was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectCreated {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: ProjectCreatedType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The project as this change left it.
    pub project: Project,
}

/// A project was updated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectUpdated {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: ProjectUpdatedType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The project as this change left it.
    pub project: Project,
}

/// A project was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectDeleted {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: ProjectDeletedType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The project that is gone.
    pub project_id: ProjectId,
}

/// A project was taken back out of the trash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectRestored {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: ProjectRestoredType,
    /// The number of this change in the user's log: 1, 2, 3, … without gaps.
    pub seq: Seq,
    /// The position right after this change.
    pub position: Position,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The project as this change left it.
    pub project: Project,
}

/// A change as clients see it, the same on the live channel and in `GET …/changes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Change, discriminator(property_name = "type", mapping(
    ("task.created" = "#/components/schemas/TaskCreated"),
    ("task.updated" = "#/components/schemas/TaskUpdated"),
    ("task.deleted" = "#/components/schemas/TaskDeleted"),
    ("task.restored" = "#/components/schemas/TaskRestored"),
    ("project.created" = "#/components/schemas/ProjectCreated"),
    ("project.updated" = "#/components/schemas/ProjectUpdated"),
    ("project.deleted" = "#/components/schemas/ProjectDeleted"),
    ("project.restored" = "#/components/schemas/ProjectRestored"),
)))]
pub enum ChangeMessage {
    TaskCreated(TaskCreated),
    TaskUpdated(TaskUpdated),
    TaskDeleted(TaskDeleted),
    TaskRestored(TaskRestored),
    ProjectCreated(ProjectCreated),
    ProjectUpdated(ProjectUpdated),
    ProjectDeleted(ProjectDeleted),
    ProjectRestored(ProjectRestored),
}

impl ChangeMessage {
    pub fn new(history: History, change: Change) -> Self {
        let Change { seq, at, event } = change;
        let position = history.at(seq);
        match event {
            Event::TaskCreated(task) => {
                Self::TaskCreated(TaskCreated { kind: TaskCreatedType::TaskCreated, seq, position, at, task })
            }
            Event::TaskUpdated(task) => {
                Self::TaskUpdated(TaskUpdated { kind: TaskUpdatedType::TaskUpdated, seq, position, at, task })
            }
            Event::TaskDeleted(task_id) => {
                Self::TaskDeleted(TaskDeleted { kind: TaskDeletedType::TaskDeleted, seq, position, at, task_id })
            }
            Event::TaskRestored(task) => {
                Self::TaskRestored(TaskRestored { kind: TaskRestoredType::TaskRestored, seq, position, at, task })
            }
            Event::ProjectCreated(project) => Self::ProjectCreated(ProjectCreated {
                kind: ProjectCreatedType::ProjectCreated,
                seq,
                position,
                at,
                project,
            }),
            Event::ProjectUpdated(project) => Self::ProjectUpdated(ProjectUpdated {
                kind: ProjectUpdatedType::ProjectUpdated,
                seq,
                position,
                at,
                project,
            }),
            Event::ProjectDeleted(project_id) => Self::ProjectDeleted(ProjectDeleted {
                kind: ProjectDeletedType::ProjectDeleted,
                seq,
                position,
                at,
                project_id,
            }),
            Event::ProjectRestored(project) => Self::ProjectRestored(ProjectRestored {
                kind: ProjectRestoredType::ProjectRestored,
                seq,
                position,
                at,
                project,
            }),
        }
    }
}
