//! What clients may ask of a task, with its limits: the bodies of the requests, and `TaskPatch`, the one
//! form of every kind of update.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::fields::{not_null, nullable, storable, trimmed, trimmed_not_null, word, word_not_null};
use super::{Due, Labels, Priority, ProjectId, Recurrence, TaskId};

/// The longest title, in characters after trimming.
pub const TITLE_MAX: u64 = 200;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: u64 = 1000;

/// A task to be created.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "recurs_from_its_due"))]
pub struct CreateTask {
    /// An id of the client's own choice (a UUID, best version 7), which makes the creation safe
    /// to retry. Left out, the server chooses.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<TaskId>,
    /// What is to be done: 1 to 200 characters after trimming.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(min_length = 1, max_length = 200, example = "Buy milk")]
    pub title: String,
    /// More about it, up to 1000 characters, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(
        length(max = "DESCRIPTION_MAX", message = "must be at most 1000 characters"),
        custom(function = "storable")
    )]
    #[schema(max_length = 1000, example = "Two litres, the blue one")]
    pub description: Option<String>,
    /// Whether it is already done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub completed: bool,
    /// How much it matters.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Priority::is_none")]
    #[schema(default = "none")]
    pub priority: Priority,
    /// When it is due, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// How it recurs, or null; needs `due`, which is the first occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The project that it belongs to, or null. A subtask belongs to its parent's and need not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The task of which it is a part, or null; at most five levels of tasks hang together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
}

impl CreateTask {
    /// An open task of which there is nothing more to say.
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

    /// Tells a repeated request from another one with the same id. Fields that are left out do
    /// not count, so a field added later does not change the digest of older requests.
    pub fn digest(&self) -> [u8; 32] {
        // Strings, booleans and ids always serialise.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(canonical).into()
    }
}

/// What to change about a task. A field that is left out keeps its value.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTask {
    /// A new title: 1 to 200 characters after trimming. It cannot be cleared.
    #[serde(default, deserialize_with = "trimmed_not_null", skip_serializing_if = "Option::is_none")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable")
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
    /// Whether it is done. A recurring task that is done moves on to its next occurrence; a task
    /// with open subtasks is refused here, see `complete`.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub completed: Option<bool>,
    /// How much it matters.
    #[serde(default, deserialize_with = "word_not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
    /// When it is due; null clears it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Due>)]
    pub due: Option<Option<Due>>,
    /// How it recurs; null makes an end of it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Recurrence>)]
    pub recurrence: Option<Option<Recurrence>>,
    /// All its labels, in place of those it has.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub labels: Option<Labels>,
    /// Another project, which takes its subtasks along; null takes it out of its project.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProjectId>)]
    pub project_id: Option<Option<ProjectId>>,
    /// Another parent, with its subtasks; null makes it a task of its own.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TaskId>)]
    pub parent_id: Option<Option<TaskId>>,
}

/// What happens to the subtasks of a task that is completed or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Children {
    /// The request is refused while there are any (on completion: open ones).
    #[default]
    Refuse,
    /// They go the same way, in the same transaction: with a task that is completed, recurring ones
    /// end, too; with one that recurs, the next round begins with all of them open.
    Include,
}

/// The state of completion to set.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCompletion {
    /// Whether the task is done.
    pub completed: bool,
    /// Of a recurring task, the occurrence that is done, as the `date` of its `due`: makes the
    /// completion safe to retry at any time. One that was done before changes nothing; another
    /// than the present one is refused. Without it, and without `If-Match`, a completion within a
    /// minute of the one before is taken for its repetition.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Date, example = "2026-11-30")]
    pub occurrence: Option<chrono::NaiveDate>,
    /// What happens to open subtasks.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "refuse")]
    pub children: Children,
}

/// What an update does to a task, whichever operation asked for it.
#[derive(Debug, Clone, Default)]
pub struct TaskPatch {
    pub title: Option<String>,
    /// `Some(None)` clears, here and below.
    pub description: Option<Option<String>>,
    pub completion: Completion,
    pub priority: Option<Priority>,
    pub due: Option<Option<Due>>,
    pub recurrence: Option<Option<Recurrence>>,
    pub labels: Option<Labels>,
    pub project_id: Option<Option<ProjectId>>,
    pub parent_id: Option<Option<TaskId>>,
    /// Of a completion: which occurrence, and what of the subtasks.
    pub occurrence: Option<chrono::NaiveDate>,
    pub children: Children,
}

impl TaskPatch {
    /// Whether it concerns more than the columns of one task: then it is planned over all tasks
    /// that hang together, instead of being one statement.
    pub const fn is_structural(&self) -> bool {
        self.recurrence.is_some()
            || self.project_id.is_some()
            || self.parent_id.is_some()
            || self.occurrence.is_some()
            || matches!(self.children, Children::Include)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completion {
    #[default]
    Keep,
    Set(bool),
    Toggle,
}

impl Completion {
    pub const fn value(self) -> Option<bool> {
        match self {
            Self::Set(completed) => Some(completed),
            Self::Keep | Self::Toggle => None,
        }
    }

    /// The state of a task after the update, given its state before.
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

fn recurs_from_its_due(new: &CreateTask) -> Result<(), ValidationError> {
    let Some(recurrence) = &new.recurrence else { return Ok(()) };
    recurrence_fits(recurrence, new.due.as_ref())
        .map_err(|message| ValidationError::new("recurrence").with_message(message.into()))
}

/// Whether a recurrence can go on from a due date, or what is wrong with it.
pub fn recurrence_fits(recurrence: &Recurrence, due: Option<&Due>) -> Result<(), String> {
    let due = due.ok_or("must come with due, which is the first occurrence")?;
    recurrence.check(due).map_err(|error| error.to_string())
}
