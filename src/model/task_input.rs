//! The bodies of the requests that create and update tasks, with their limits, and `TaskPatch`, to which
//! every kind of update is converted.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::fields::{not_null, nullable, storable, trimmed, trimmed_not_null, visible, word, word_not_null};
use super::{Due, Labels, Priority, ProjectId, Recurrence, TaskId};

/// The longest title, in characters after trimming.
pub const TITLE_MAX: u64 = 200;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: u64 = 1000;

/// The task to create.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "recurrence_fits_due"))]
pub struct CreateTask {
    /// An id that the client chooses: a UUID, preferably version 7. It makes the request safe to
    /// retry. Without it, the server chooses one.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<TaskId>,
    /// What to do: 1 to 200 characters after trimming, of which at least one can be seen.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable"),
        custom(function = "visible")
    )]
    #[schema(min_length = 1, max_length = 200, example = "Buy milk")]
    pub title: String,
    /// Details, up to 1000 characters, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(
        length(max = "DESCRIPTION_MAX", message = "must be at most 1000 characters"),
        custom(function = "storable")
    )]
    #[schema(max_length = 1000, example = "Two litres, the blue one")]
    pub description: Option<String>,
    /// Whether the new task is already done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub completed: bool,
    /// How important the task is.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Priority::is_none")]
    #[schema(default = "none")]
    pub priority: Priority,
    /// When the task is due, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The recurrence rule, or null. It requires `due`, which is the first occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The project that the task belongs to, or null. A subtask always belongs to the project of its
    /// parent, so it needs no `project_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The task of which the new one is a subtask, or null. A tree of tasks has at most five levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
}

impl CreateTask {
    /// An open task with this title; all other fields have their defaults.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            id: None,
            title: title.into(),
            description: None,
            completed: false,
            priority: Priority::None,
            due: None,
            recurrence: None,
            labels: Labels::default(),
            project_id: None,
            parent_id: None,
        }
    }

    /// A hash of the request. It distinguishes a retry from another request with the same id. Fields
    /// that are left out are not hashed, so a new field does not change the digest of older requests.
    pub fn digest(&self) -> [u8; 32] {
        // Strings, booleans and ids always serialise.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(canonical).into()
    }
}

/// The fields of a task to change. A field that is left out keeps its value.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTask {
    /// A new title: 1 to 200 characters after trimming, of which at least one can be seen. It cannot be cleared.
    #[serde(default, deserialize_with = "trimmed_not_null", skip_serializing_if = "Option::is_none")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable"),
        custom(function = "visible")
    )]
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "Buy oat milk")]
    pub title: Option<String>,
    /// A new description of up to 1000 characters; null clears it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[validate(
        length(max = "DESCRIPTION_MAX", message = "must be at most 1000 characters"),
        custom(function = "storable")
    )]
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub description: Option<Option<String>>,
    /// Whether the task is done. Reopening a task reopens the completed tasks above it too.
    /// Completing a recurring task moves it to its next occurrence. The server rejects the completion of a task that has open subtasks; for these, use
    /// `PATCH …/tasks/{task_id}/complete` with `children`.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub completed: Option<bool>,
    /// How important the task is.
    #[serde(default, deserialize_with = "word_not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
    /// When the task is due; null clears it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Due>)]
    pub due: Option<Option<Due>>,
    /// The recurrence rule; null ends the recurrence.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Recurrence>)]
    pub recurrence: Option<Option<Recurrence>>,
    /// The new labels, which replace all present ones.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub labels: Option<Labels>,
    /// The new project, to which the subtasks move too; null takes the task out of its project.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProjectId>)]
    pub project_id: Option<Option<ProjectId>>,
    /// The new parent. The subtasks of the task move with it. Null makes it a task without a parent.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TaskId>)]
    pub parent_id: Option<Option<TaskId>>,
}

/// What happens to the subtasks of a task that is completed or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Children {
    /// The server rejects the request if the task has subtasks; a completion, if it has open ones.
    #[default]
    Refuse,
    /// The subtasks are completed or deleted in the same transaction. If the task is completed for
    /// good, its recurring subtasks end too. If it recurs, its next occurrence begins with all
    /// subtasks open.
    Include,
}

/// Whether the task is to be done or open.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCompletion {
    /// Whether the task is done.
    pub completed: bool,
    /// For a recurring task, the occurrence to complete, given as the `date` of its `due`. It makes
    /// the request safe to retry at any time: completing an occurrence again changes nothing, and
    /// the server rejects any occurrence that is not the present one. Without this field and
    /// without `If-Match`, the server treats a completion within a minute of the last one as a
    /// retry, unless a completion was taken back or the `due` changed since.
    ///
    /// If `completed` is false, the completed occurrence to take back. It becomes the present one
    /// again, and its completion is no longer counted or exported. An occurrence that is present and
    /// open stays so.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Date, example = "2026-11-30")]
    pub occurrence: Option<chrono::NaiveDate>,
    /// What happens to open subtasks.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "refuse")]
    pub children: Children,
}

/// What an update does to a task. All operations that update a task use it.
#[derive(Debug, Clone, Default)]
pub struct TaskPatch {
    pub title: Option<String>,
    /// `Some(None)` clears the field; the same applies below.
    pub description: Option<Option<String>>,
    pub completion: Completion,
    pub priority: Option<Priority>,
    pub due: Option<Option<Due>>,
    pub recurrence: Option<Option<Recurrence>>,
    pub labels: Option<Labels>,
    pub project_id: Option<Option<ProjectId>>,
    pub parent_id: Option<Option<TaskId>>,
    /// For a completion, or for taking one back: the occurrence, see [`SetCompletion::occurrence`].
    pub occurrence: Option<chrono::NaiveDate>,
    /// For a completion: what happens to open subtasks.
    pub children: Children,
}

impl TaskPatch {
    /// Whether the update can affect other tasks or the table of occurrences. Such an update needs a
    /// plan over the whole tree of tasks; any other is a single write.
    pub const fn is_structural(&self) -> bool {
        self.recurrence.is_some()
            || self.project_id.is_some()
            || self.parent_id.is_some()
            || self.occurrence.is_some()
            || matches!(self.children, Children::Include)
    }

    /// Whether the update sets the completion and nothing else.
    pub const fn is_only_completion(&self) -> bool {
        !matches!(self.completion, Completion::Keep)
            && self.title.is_none()
            && self.description.is_none()
            && self.priority.is_none()
            && self.due.is_none()
            && self.labels.is_none()
            && !self.is_structural()
    }
}

/// What an update does to the completion of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completion {
    #[default]
    Keep,
    Set(bool),
    Toggle,
}

impl Completion {
    /// The state to set; `None` if it depends on the present state.
    pub const fn value(self) -> Option<bool> {
        match self {
            Self::Set(completed) => Some(completed),
            Self::Keep | Self::Toggle => None,
        }
    }

    /// Whether the task is completed after the update, given whether it was before.
    pub const fn apply_to(self, completed: bool) -> bool {
        match self {
            Self::Keep => completed,
            Self::Set(wanted) => wanted,
            Self::Toggle => !completed,
        }
    }
}

impl From<UpdateTask> for TaskPatch {
    fn from(update: UpdateTask) -> Self {
        Self {
            title: update.title,
            description: update.description,
            completion: update.completed.map_or(Completion::Keep, Completion::Set),
            priority: update.priority,
            due: update.due,
            recurrence: update.recurrence,
            labels: update.labels,
            project_id: update.project_id,
            parent_id: update.parent_id,
            occurrence: None,
            children: Children::Refuse,
        }
    }
}

impl From<Option<SetCompletion>> for TaskPatch {
    fn from(body: Option<SetCompletion>) -> Self {
        match body {
            None => Self { completion: Completion::Toggle, ..Self::default() },
            Some(SetCompletion { completed, occurrence, children }) => {
                Self { completion: Completion::Set(completed), occurrence, children, ..Self::default() }
            }
        }
    }
}

fn recurrence_fits_due(new: &CreateTask) -> Result<(), ValidationError> {
    let Some(recurrence) = &new.recurrence else { return Ok(()) };
    recurrence_fits(recurrence, new.due.as_ref())
        .map_err(|message| ValidationError::new("recurrence").with_message(message.into()))
}

/// Checks that a recurrence is possible with this due. The error says what is allowed.
pub fn recurrence_fits(recurrence: &Recurrence, due: Option<&Due>) -> Result<(), String> {
    let due = due.ok_or("must come with due, which is the first occurrence")?;
    recurrence.check(due).map_err(|error| error.to_string())
}
