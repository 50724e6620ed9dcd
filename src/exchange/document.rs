//! The JSON document: what it holds, with the limits that hold for it on its way back in. The
//! other formats are read into its tasks too, so that all go by the same rules.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::model::fields::{optional_rfc3339, rfc3339, storable, trimmed, word};
use crate::model::project::is_color;
use crate::model::task_input::recurrence_fits;
use crate::model::{
    DESCRIPTION_MAX, Due, Labels, NAME_MAX, Priority, ProjectId, ProjectRow, Recurrence, TITLE_MAX, TaskId,
};

/// The version of the document that this server writes and reads.
pub const VERSION: u32 = 1;

/// All that a user has: projects in their order, then tasks, each after the task that it is a part
/// of. Not part of it are the trash, the change log, and what belongs to this server's copy alone:
/// `user_id`, `rank`, `updated_at` and `version`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportDocument {
    pub taskwire: ExportHeader,
    /// Up to 100,000 of them on import.
    #[serde(default)]
    #[schema(max_items = 100_000)]
    pub projects: Vec<ExportedProject>,
    /// Up to 100,000 of them on import. They may be in any order.
    #[serde(default)]
    #[schema(max_items = 100_000)]
    pub tasks: Vec<ExportedTask>,
}

/// What the document is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportHeader {
    /// The version of the document's form: 1.
    #[schema(minimum = 1, maximum = 1, example = 1)]
    pub version: u32,
    /// When it was written, in UTC. Of no account on import.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub exported_at: Option<DateTime<Utc>>,
    /// The position in the change log that the document reflects: the changes after it are what
    /// has happened since. Of no account on import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// A project as the document holds it. What is left out is null or false.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedProject {
    pub id: ProjectId,
    /// 1 to 100 characters after trimming.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(min_length = 1, max_length = 100, example = "Garden")]
    pub name: String,
    /// A colour as `#rrggbb` in lower case, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "is_color"))]
    #[schema(pattern = "^#[0-9a-f]{6}$", example = "#2f855a")]
    pub color: Option<String>,
    /// Whether it is put away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub archived: bool,
    /// When it was created, in UTC; on import left out, now.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "in_range"))]
    pub created_at: Option<DateTime<Utc>>,
}

/// A task as the document holds it. What is left out is null, false, none or empty.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "fits_together"))]
pub struct ExportedTask {
    pub id: TaskId,
    /// 1 to 200 characters after trimming.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(min_length = 1, max_length = 200, example = "Buy milk")]
    pub title: String,
    /// Up to 1000 characters, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(
        length(max = "DESCRIPTION_MAX", message = "must be at most 1000 characters"),
        custom(function = "storable")
    )]
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    /// Whether it is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub completed: bool,
    /// When it was done, in UTC, or null while it is not; on import left out, now.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "in_range"))]
    pub completed_at: Option<DateTime<Utc>>,
    /// How much it matters.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Priority::is_none")]
    #[schema(default = "none")]
    pub priority: Priority,
    /// When it is due, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// How it recurs, or null; needs `due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The project that it belongs to, or null: one of the document or one that the user has. A
    /// subtask is in its parent's, whatever is said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The task of which it is a part, or null: one of the document or one that the user has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
    /// Its place among all tasks in the order that the user gave, from 1. On import the smaller
    /// comes first, what has none comes last, as the document has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 4_294_967_295_u32)]
    pub order: Option<u32>,
    /// When it was created, in UTC; on import left out, now.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "in_range"))]
    pub created_at: Option<DateTime<Utc>>,
    /// The occurrences of a recurring task that were completed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(nested)]
    #[schema(required = false)]
    pub occurrences: Vec<ExportedOccurrence>,
}

/// An occurrence of a recurring task that was completed.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedOccurrence {
    /// The local date and time at which it was due; of a date alone, midnight.
    #[schema(value_type = String, pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$", example = "2026-11-25T09:30:00")]
    #[validate(custom(function = "local_in_range"))]
    pub due: NaiveDateTime,
    /// When it was completed, in UTC.
    #[serde(serialize_with = "rfc3339")]
    #[validate(custom(function = "in_range"))]
    pub completed_at: DateTime<Utc>,
}

impl ExportedTask {
    /// An open task of which there is nothing more to say.
    pub fn titled(id: TaskId, title: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            description: None,
            completed: false,
            completed_at: None,
            priority: Priority::None,
            due: None,
            recurrence: None,
            labels: Labels::default(),
            project_id: None,
            parent_id: None,
            order: None,
            created_at: None,
            occurrences: Vec::new(),
        }
    }
}

impl From<ProjectRow> for ExportedProject {
    fn from(row: ProjectRow) -> Self {
        let ProjectRow { id, name, color, archived, created_at, .. } = row;
        Self { id, name, color, archived, created_at: Some(created_at) }
    }
}

fn in_range(time: &DateTime<Utc>) -> Result<(), ValidationError> {
    local_in_range(&time.naive_utc())
}

fn local_in_range(time: &NaiveDateTime) -> Result<(), ValidationError> {
    // A leap second of the last year would be stored as a time of the next.
    if (1900..=9999).contains(&time.year()) && time.nanosecond() < 1_000_000_000 {
        return Ok(());
    }
    let message = "must be a time in the years 1900 to 9999, and no leap second";
    Err(ValidationError::new("range").with_message(message.into()))
}

fn fits_together(task: &ExportedTask) -> Result<(), ValidationError> {
    if let Some(recurrence) = &task.recurrence {
        recurrence_fits(recurrence, task.due.as_ref())
            .map_err(|message| ValidationError::new("recurrence").with_message(message.into()))?;
    }
    if task.completed_at.is_some() && !task.completed {
        let message = "must be left out while the task is not completed";
        return Err(ValidationError::new("completed_at").with_message(message.into()));
    }
    Ok(())
}
