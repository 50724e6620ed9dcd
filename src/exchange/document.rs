//! The JSON document of an export, with the limits that an import checks. The readers of the other
//! formats fill the same types, so the same rules apply to every format.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::model::fields::{optional_rfc3339, rfc3339, storable, trimmed, visible, word};
use crate::model::project::is_color;
use crate::model::task_input::recurrence_fits;
use crate::model::{
    DESCRIPTION_MAX, Due, Labels, NAME_MAX, Priority, ProjectId, ProjectRow, Recurrence, TITLE_MAX, TaskId,
};

/// The version of the document that this server writes and reads.
pub const VERSION: u32 = 1;

/// All of a user's data: the projects in their order, then the tasks, each after its parent task. The
/// document contains neither the trash nor the change log, and not the fields `user_id`, `rank`,
/// `updated_at` and `version`, which have a meaning only on this server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportDocument {
    pub taskwire: ExportHeader,
    /// An import accepts at most 100,000 projects.
    #[serde(default)]
    #[schema(max_items = 100_000)]
    pub projects: Vec<ExportedProject>,
    /// An import accepts at most 100,000 tasks, in any order.
    #[serde(default)]
    #[schema(max_items = 100_000)]
    pub tasks: Vec<ExportedTask>,
}

/// The document's version, and when and at which position it was written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportHeader {
    /// The version of the document's format: 1.
    #[schema(minimum = 1, maximum = 1, example = 1)]
    pub version: u32,
    /// When the document was written, in UTC. An import ignores it.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub exported_at: Option<DateTime<Utc>>,
    /// The position in the change log at the time of the export: the document contains all changes
    /// up to it and none after it. An import ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// A project in an export. An absent field is null or false.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedProject {
    pub id: ProjectId,
    /// 1 to 100 characters after trimming, of which at least one can be seen.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable"),
        custom(function = "visible")
    )]
    #[schema(min_length = 1, max_length = 100, example = "Garden")]
    pub name: String,
    /// A colour as `#rrggbb` in lower case, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "is_color"))]
    #[schema(pattern = "^#[0-9a-f]{6}$", example = "#2f855a")]
    pub color: Option<String>,
    /// Whether the project is archived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub archived: bool,
    /// When the project was created, in UTC. Without it, an import uses the current time.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "in_range"))]
    pub created_at: Option<DateTime<Utc>>,
}

/// A task in an export. An absent field is null, false, `none` or empty.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "fits_together"))]
pub struct ExportedTask {
    pub id: TaskId,
    /// 1 to 200 characters after trimming, of which at least one can be seen.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable"),
        custom(function = "visible")
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
    /// Whether the task is completed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub completed: bool,
    /// When the task was completed, in UTC; null while it is open. Without it, an import of a completed
    /// task uses the current time.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "in_range"))]
    pub completed_at: Option<DateTime<Utc>>,
    /// How important the task is.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Priority::is_none")]
    #[schema(default = "none")]
    pub priority: Priority,
    /// When the task is due, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// How the task recurs, or null. A recurring task needs a `due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The project of the task, or null: a project of the document or one that the user has already. A
    /// subtask is always in its parent's project, whatever this field contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The parent task, or null: a task of the document or one that the user has already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
    /// The number of the task in the user's order of all tasks, from 1. An import puts the smallest
    /// first, and tasks without a number last, in the order of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 4_294_967_295_u32)]
    pub order: Option<u32>,
    /// When the task was created, in UTC. Without it, an import uses the current time.
    #[serde(default, serialize_with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "in_range"))]
    pub created_at: Option<DateTime<Utc>>,
    /// The completed occurrences of a recurring task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(nested)]
    #[schema(required = false)]
    pub occurrences: Vec<ExportedOccurrence>,
}

/// A completed occurrence of a recurring task.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedOccurrence {
    /// The local date and time at which it was due; midnight if the due had no time.
    #[schema(value_type = String, pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$", example = "2026-11-25T09:30:00")]
    #[validate(custom(function = "local_in_range"))]
    pub due: NaiveDateTime,
    /// When it was completed, in UTC.
    #[serde(serialize_with = "rfc3339")]
    #[validate(custom(function = "in_range"))]
    pub completed_at: DateTime<Utc>,
}

impl ExportedTask {
    /// An open task with only an id and a title.
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
    // Postgres would store a leap second at the end of the year 9999 as a time of the year 10000.
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
