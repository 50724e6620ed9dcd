//! A change as a row of the table `changes`. A change that saved a task has the task in columns; a change that
//! saved a project has the project as JSON.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{
    Change, ChangeKind, History, OwnerId, Priority, ProjectId, ProjectRow, Seq, Subject, TaskId, TaskRow,
};

/// A row, as a query reads it with `LEFT JOIN`.
#[derive(Debug, sqlx::FromRow)]
pub struct ChangeRow {
    pub seq: Option<Seq>,
    pub kind: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub subject_id: Option<Uuid>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub completed: Option<bool>,
    pub completed_at: Option<DateTime<Utc>>,
    pub priority: Option<Priority>,
    pub due_date: Option<NaiveDate>,
    pub due_time: Option<NaiveTime>,
    pub due_time_zone: Option<String>,
    pub recurrence: Option<String>,
    pub labels: Option<Vec<String>>,
    pub project_id: Option<ProjectId>,
    pub parent_id: Option<TaskId>,
    pub rank: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub project: Option<Json<ProjectRow>>,
}

/// Takes a [`ChangeRow`] out of a row that has more columns.
macro_rules! change_row {
    ($row:expr) => {
        $crate::changes::row::ChangeRow {
            seq: $row.seq,
            kind: $row.kind,
            changed_at: $row.changed_at,
            subject_id: $row.subject_id,
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
            project: $row.project,
        }
    };
}
pub(super) use change_row;

impl ChangeRow {
    /// The change of this row; an error if the columns do not fit its kind.
    pub fn into_change(self, owner: &OwnerId, history: History) -> sqlx::Result<Change> {
        let (Some(seq), Some(at), Some(name)) = (self.seq, self.changed_at, self.kind.as_deref()) else {
            return Err(sqlx::Error::RowNotFound);
        };
        let kind: ChangeKind = name.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        self.into_subject(kind, owner)
            .and_then(|subject| Change::checked(history.at(seq, at), at, kind, subject))
            .ok_or_else(|| {
                sqlx::Error::Decode(format!("change {seq} does not have the subject of {}", kind.name()).into())
            })
    }

    fn into_subject(self, kind: ChangeKind, owner: &OwnerId) -> Option<Subject> {
        let id = self.subject_id?;
        match kind {
            ChangeKind::TaskDeleted => Some(Subject::TaskId(TaskId::from(id))),
            ChangeKind::ProjectDeleted => Some(Subject::ProjectId(ProjectId::from(id))),
            ChangeKind::ProjectCreated | ChangeKind::ProjectUpdated | ChangeKind::ProjectRestored => {
                self.project.map(|Json(project)| Subject::Project(project.into_project(owner)))
            }
            ChangeKind::TaskCreated | ChangeKind::TaskUpdated | ChangeKind::TaskRestored => {
                let task = TaskRow {
                    id: TaskId::from(id),
                    title: self.title?,
                    description: self.description,
                    completed: self.completed?,
                    completed_at: self.completed_at,
                    priority: self.priority?,
                    due_date: self.due_date,
                    due_time: self.due_time,
                    due_time_zone: self.due_time_zone,
                    recurrence: self.recurrence,
                    labels: self.labels.unwrap_or_default(),
                    project_id: self.project_id,
                    parent_id: self.parent_id,
                    rank: self.rank?,
                    created_at: self.created_at?,
                    // A task that a change saved has the number and the time of the change.
                    updated_at: self.changed_at?,
                    version: self.seq?,
                };
                Some(Subject::Task(task.into_task(owner)))
            }
        }
    }
}

/// A change as `taskwire_apply_plan` takes it.
#[derive(Debug, Serialize)]
pub struct ChangeInput {
    seq: Seq,
    kind: ChangeKind,
    changed_at: DateTime<Utc>,
    subject_id: Uuid,
    #[serde(flatten)]
    task: Option<TaskRow>,
    project: Option<ProjectRow>,
}

impl From<&Change> for ChangeInput {
    fn from(change: &Change) -> Self {
        let (subject_id, task, project) = match change.subject() {
            Subject::Task(task) => (task.id.as_uuid(), Some(task.into()), None),
            Subject::TaskId(id) => (id.as_uuid(), None, None),
            Subject::Project(project) => (project.id.as_uuid(), None, Some(project.into())),
            Subject::ProjectId(id) => (id.as_uuid(), None, None),
        };
        Self { seq: change.seq(), kind: change.kind(), changed_at: change.at(), subject_id, task, project }
    }
}
