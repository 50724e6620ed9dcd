//! Tasks: the types that the API speaks, with their limits. `handlers` answers requests,
//! `list` pages through many, and `store` holds all SQL of tasks. `due`, `recurrence` and `rank`
//! reckon with values alone: when a task is due, when it comes round again, and its place by hand.

#[cfg(feature = "broken")]
mod broken;
pub mod due;
mod handlers;
mod list;
pub mod rank;
pub mod recurrence;
pub mod store;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

pub use handlers::{create_task, delete_task, get_stats, get_task, replace_task, set_task_completion, update_task};
pub use list::{TaskList, list_tasks};

use crate::auth::OwnerId;
use crate::changes::Seq;
use crate::http::body::{not_null, nullable};
use crate::http::json::whole_time;

/// The longest title, in characters after trimming.
pub const TITLE_MAX: u64 = 200;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: u64 = 1000;

/// Names one task of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(try_from = "Cow<str>")]
#[sqlx(transparent)]
#[schema(value_type = Uuid, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
pub struct TaskId(Uuid);

impl TaskId {
    /// A fresh id whose order is that of creation.
    #[expect(clippy::new_without_default, reason = "every call gives another id")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

/// The text is not a UUID as the contract spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID such as 019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
pub struct MalformedTaskId;

impl FromStr for TaskId {
    type Err = MalformedTaskId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Uuid also reads braces, URNs and bare digits; the contract promises one form.
        text.parse().ok().filter(|_| text.len() == 36).map(Self).ok_or(MalformedTaskId)
    }
}

impl TryFrom<Cow<'_, str>> for TaskId {
    type Error = MalformedTaskId;

    fn try_from(text: Cow<'_, str>) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// A UUID, by default version 7.
    pub id: TaskId,
    /// Whose task it is: the user who created it.
    #[schema(min_length = 1, max_length = 255, example = "ada")]
    pub user_id: String,
    /// What is to be done: 1 to 200 characters, trimmed.
    #[schema(min_length = 1, max_length = 200, example = "Buy milk")]
    pub title: String,
    /// More about it, up to 1000 characters, or null.
    #[schema(required, max_length = 1000, example = "Two litres, the blue one")]
    pub description: Option<String>,
    /// Whether it is done.
    pub completed: bool,
    /// When it was created, in UTC.
    #[serde(serialize_with = "whole_time")]
    pub created_at: DateTime<Utc>,
    /// When it last changed, in UTC.
    #[serde(serialize_with = "whole_time")]
    pub updated_at: DateTime<Utc>,
    /// The number of the change that last touched it; its ETag is this number in quotes.
    pub version: Seq,
}

/// A task as the log keeps it. Fields that came later carry a default, so that rows written by
/// every earlier version still read.
#[derive(Debug, Deserialize)]
pub struct LoggedTask {
    id: TaskId,
    title: String,
    description: Option<String>,
    completed: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: Seq,
}

impl LoggedTask {
    pub fn of(self, owner: &OwnerId) -> Task {
        Task {
            id: self.id,
            user_id: owner.as_str().to_owned(),
            title: self.title,
            description: self.description,
            completed: self.completed,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

/// A task to be created.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
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
}

impl CreateTask {
    /// Tells a repeated request from another one with the same id. Fields that are left out do
    /// not count, so a field added later does not change the digest of older requests.
    pub fn digest(&self) -> [u8; 32] {
        // Strings, booleans and ids always serialise.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(canonical).into()
    }
}

/// What to change about a task. A field that is left out keeps its value.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTask {
    /// A new title: 1 to 200 characters after trimming. It cannot be cleared.
    #[serde(default, deserialize_with = "trimmed_not_null")]
    #[validate(
        length(min = 1, max = "TITLE_MAX", message = "must be 1 to 200 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "Buy oat milk")]
    pub title: Option<String>,
    /// A new description of up to 1000 characters; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(
        length(max = "DESCRIPTION_MAX", message = "must be at most 1000 characters"),
        custom(function = "storable")
    )]
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub description: Option<Option<String>>,
    /// Whether it is done.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub completed: Option<bool>,
}

/// The state of completion to set.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCompletion {
    /// Whether the task is done.
    pub completed: bool,
}

/// What an update does to a task, whichever operation asked for it.
#[derive(Debug, Default)]
pub struct TaskPatch {
    pub title: Option<String>,
    /// `Some(None)` clears.
    pub description: Option<Option<String>>,
    pub completion: Completion,
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
}

impl From<UpdateTask> for TaskPatch {
    fn from(update: UpdateTask) -> Self {
        Self {
            title: update.title,
            description: update.description,
            completion: update.completed.map_or(Completion::Keep, Completion::Set),
        }
    }
}

/// How many tasks there are.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskStats {
    /// All of them.
    #[schema(schema_with = count_schema)]
    pub total: i64,
    /// Those that are not done.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Those that are done.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
}

fn count_schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    <Seq as utoipa::PartialSchema>::schema()
}

fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    Ok(text.trim().to_owned())
}

fn trimmed_not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    trimmed(deserializer).map(Some)
}

/// Postgres text holds every character but U+0000.
fn storable(text: &str) -> Result<(), ValidationError> {
    if text.contains('\0') {
        return Err(ValidationError::new("nul").with_message("must not contain the character U+0000".into()));
    }
    Ok(())
}
