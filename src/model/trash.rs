//! One entry of the trash, as clients see it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{count_schema, rfc3339};
use super::{Id, Identified, Project, Task};

pub type TrashId = Id<TrashEntry>;

/// Whether a task or a project was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrashKind {
    Task,
    Project,
}

/// A deleted task or project that can be restored, with the tasks that were deleted with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrashEntry {
    pub id: TrashId,
    #[schema(inline)]
    pub kind: TrashKind,
    /// When the task or project was deleted, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub deleted_at: DateTime<Utc>,
    /// When the server removes the entry for good, in UTC. The removal may be some minutes later.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: DateTime<Utc>,
    /// The task as it was when it was deleted; only if `kind` is `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<Task>,
    /// The project as it was when it was deleted; only if `kind` is `project`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project: Option<Project>,
    /// How many tasks were deleted together with it. They are restored or purged together with it.
    #[schema(schema_with = count_schema)]
    pub along: i64,
}

impl Identified for TrashEntry {
    const SCHEMA: &'static str = "TrashId";
    const DESCRIPTION: &'static str =
        "The id of an entry of the user's trash: the id of the task or project that was deleted.";
    const PARAMETER: &'static str = "trash_id";
}
