//! One deletion that can be taken back, as clients see it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{count_schema, rfc3339};
use super::{Id, Identified, Project, Task};

pub type TrashId = Id<TrashEntry>;

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
    #[serde(serialize_with = "rfc3339")]
    pub deleted_at: DateTime<Utc>,
    /// When it is removed for good, in UTC; it may take some minutes more.
    #[serde(serialize_with = "rfc3339")]
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

impl Identified for TrashEntry {
    const SCHEMA: &'static str = "TrashId";
    const DESCRIPTION: &'static str =
        "Names one deletion of its owner: the id of the task or project that was deleted.";
    const PARAMETER: &'static str = "trash_id";
}
