//! A task as clients see it, and as the database stores it. [`TaskRow`] reads the table as well as the
//! JSON in the change log, so both have the same defaults.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{optional_rfc3339, rfc3339};
use super::{Due, Id, Identified, Labels, OwnerId, Priority, ProjectId, Rank, Recurrence, Seq, priority};

pub type TaskId = Id<Task>;

/// A task: a thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// A UUID, by default version 7.
    pub id: TaskId,
    /// The owner: the user who created the task.
    #[schema(min_length = 1, max_length = 255, example = "ada")]
    pub user_id: String,
    /// What to do: 1 to 200 characters, trimmed.
    #[schema(min_length = 1, max_length = 200, example = "Buy milk")]
    pub title: String,
    /// Details, up to 1000 characters, or null.
    #[schema(required, max_length = 1000, example = "Two litres, the blue one")]
    pub description: Option<String>,
    /// Whether the task is done.
    pub completed: bool,
    /// When the task was completed, in UTC, or null while it is open.
    #[serde(default, serialize_with = "optional_rfc3339")]
    #[schema(required)]
    pub completed_at: Option<DateTime<Utc>>,
    /// How important the task is.
    #[serde(default)]
    pub priority: Priority,
    /// When the task is due, or null.
    #[serde(default)]
    #[schema(required)]
    pub due: Option<Due>,
    /// The recurrence rule, or null. Completing a recurring task moves `due` to the next occurrence.
    #[serde(default)]
    #[schema(required)]
    pub recurrence: Option<Recurrence>,
    #[serde(default)]
    pub labels: Labels,
    /// The project that the task belongs to, or null.
    #[serde(default)]
    #[schema(required)]
    pub project_id: Option<ProjectId>,
    /// The task of which this is a subtask, or null.
    #[serde(default)]
    #[schema(required)]
    pub parent_id: Option<TaskId>,
    /// The place in the user's own order: tasks sort by this text, byte by byte.
    #[serde(default)]
    pub rank: Rank,
    /// When the task was created, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// When the task last changed, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub updated_at: DateTime<Utc>,
    /// The sequence number of the task's last change. The ETag is this number in quotes.
    pub version: Seq,
}

impl Identified for Task {
    const SCHEMA: &'static str = "TaskId";
    const DESCRIPTION: &'static str = "The id of one of the user's tasks.";
    const PARAMETER: &'static str = "task_id";
}

/// A row of the table `tasks`. The change log stores the same fields as JSON. Fields that later
/// versions added have a default, so that entries of every earlier version can still be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, sqlx::FromRow)]
pub struct TaskRow {
    pub id: TaskId,
    pub title: String,
    pub description: Option<String>,
    pub completed: bool,
    #[serde(default)]
    pub completed_at: Option<DateTime<Utc>>,
    #[serde(default, with = "priority::as_number")]
    pub priority: Priority,
    #[serde(default)]
    pub due_date: Option<NaiveDate>,
    #[serde(default)]
    pub due_time: Option<NaiveTime>,
    #[serde(default)]
    pub due_time_zone: Option<String>,
    #[serde(default)]
    pub recurrence: Option<String>,
    #[serde(default)]
    pub labels: Vec<String>,
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    #[serde(default)]
    pub parent_id: Option<TaskId>,
    #[serde(default = "default_rank")]
    pub rank: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: Seq,
}

/// Takes a [`TaskRow`] out of a row that has more columns. sqlx's `query_as!` can only fill a struct
/// that has exactly the columns of the query.
macro_rules! task_row {
    ($row:expr) => {
        $crate::model::TaskRow {
            id: $row.id,
            title: $row.title,
            description: $row.description,
            completed: $row.completed,
            completed_at: $row.completed_at,
            priority: $row.priority,
            due_date: $row.due_date,
            due_time: $row.due_time,
            due_time_zone: $row.due_time_zone,
            recurrence: $row.recurrence,
            labels: $row.labels,
            project_id: $row.project_id,
            parent_id: $row.parent_id,
            rank: $row.rank,
            created_at: $row.created_at,
            updated_at: $row.updated_at,
            version: $row.version,
        }
    };
}
pub(crate) use task_row;

fn default_rank() -> String {
    Rank::default().to_string()
}

impl TaskRow {
    pub fn due(&self) -> Option<Due> {
        self.due_date.map(|date| Due::from_parts(date, self.due_time, self.due_time_zone.as_deref()))
    }

    pub fn set_due(&mut self, due: Option<&Due>) {
        let columns = DueColumns::new(due);
        (self.due_date, self.due_time, self.due_time_zone) = (columns.date, columns.time, columns.time_zone);
    }

    pub fn recurrence(&self) -> Option<Recurrence> {
        self.recurrence.clone().map(Recurrence::from_column)
    }

    pub fn into_task(self, owner: &OwnerId) -> Task {
        let due = self.due();
        Task {
            id: self.id,
            user_id: owner.as_str().to_owned(),
            title: self.title,
            description: self.description,
            completed: self.completed,
            completed_at: self.completed_at,
            priority: self.priority,
            due,
            recurrence: self.recurrence.map(Recurrence::from_column),
            labels: Labels::from_column(self.labels),
            project_id: self.project_id,
            parent_id: self.parent_id,
            rank: Rank::from_column(self.rank),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

/// The columns of a due: the three that [`Due::parts`] describes, and `due_at`, the instant by which
/// the database sorts.
#[derive(Debug, Default)]
pub struct DueColumns {
    pub date: Option<NaiveDate>,
    pub time: Option<NaiveTime>,
    pub time_zone: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

impl DueColumns {
    pub fn new(due: Option<&Due>) -> Self {
        due.map_or_else(Self::default, |due| {
            let (date, time, time_zone) = due.parts();
            Self { date: Some(date), time, time_zone: time_zone.map(str::to_owned), at: Some(due.instant()) }
        })
    }
}

impl From<&Task> for TaskRow {
    fn from(task: &Task) -> Self {
        let due = DueColumns::new(task.due.as_ref());
        Self {
            id: task.id,
            title: task.title.clone(),
            description: task.description.clone(),
            completed: task.completed,
            completed_at: task.completed_at,
            priority: task.priority,
            due_date: due.date,
            due_time: due.time,
            due_time_zone: due.time_zone,
            recurrence: task.recurrence.as_ref().map(ToString::to_string),
            labels: task.labels.as_slice().to_vec(),
            project_id: task.project_id,
            parent_id: task.parent_id,
            rank: task.rank.to_string(),
            created_at: task.created_at,
            updated_at: task.updated_at,
            version: task.version,
        }
    }
}
