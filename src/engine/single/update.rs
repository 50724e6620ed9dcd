//! Updating one task. The database finds out whether the update changes anything.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::attempt::version_differs;
use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::{
    Change, Completion, DueColumns, History, Labels, OwnerId, Priority, Problem, ProjectId, Saved, Seq, TaskId,
    TaskPatch, TaskRow,
};

/// The result of `taskwire_complete_task` and `taskwire_patch_task`. All but the outcome is `None` if there is no
/// such task.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "record")]
struct Returned {
    outcome: UpdateOutcome,
    epoch: Option<i64>,
    generation: Option<i64>,
    title: Option<String>,
    description: Option<String>,
    completed: Option<bool>,
    completed_at: Option<DateTime<Utc>>,
    priority: Option<Priority>,
    due_date: Option<NaiveDate>,
    due_time: Option<NaiveTime>,
    due_time_zone: Option<String>,
    recurrence: Option<String>,
    labels: Option<Vec<String>>,
    project_id: Option<ProjectId>,
    parent_id: Option<TaskId>,
    rank: Option<String>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    version: Option<Seq>,
}

#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
enum UpdateOutcome {
    Updated,
    Unchanged,
    Differs,
    NeedsPlan,
    NotFound,
}

/// Sets the fields that the patch has. A write that changes nothing takes no number.
pub async fn update(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    patch: &TaskPatch,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Attempt>> {
    let updated = if patch.is_only_completion() {
        complete(pool, owner, id, patch.completion, if_match).await?
    } else {
        set_fields(pool, owner, id, patch, if_match).await?
    };
    let outcome = updated.outcome;
    match outcome {
        UpdateOutcome::NotFound => {
            return Ok(Attempt::Finished(Err(Problem::task_not_found())).without_changes());
        }
        UpdateOutcome::NeedsPlan => return Ok(Attempt::NeedsPlan.without_changes()),
        UpdateOutcome::Differs => {
            let present = updated.version.ok_or(sqlx::Error::RowNotFound)?;
            return Ok(Attempt::Finished(Err(version_differs(present))).without_changes());
        }
        UpdateOutcome::Updated | UpdateOutcome::Unchanged => {}
    }
    let history = History::new(updated.epoch.ok_or(sqlx::Error::RowNotFound)?, updated.generation);
    let task = updated.into_row(id).ok_or(sqlx::Error::RowNotFound)?.into_task(owner);
    let changes = match outcome {
        UpdateOutcome::Updated => vec![Change::task_saved(history, Saved::Updated, task.clone())],
        _ => Vec::new(),
    };
    Ok(Written { value: Attempt::Finished(Ok(Done::TaskUpdated(task))), changes })
}

/// Completes a task or opens it again. The most frequent update has a function of its own, which costs less.
async fn complete(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    completion: Completion,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Returned> {
    sqlx::query_scalar!(
        r#"SELECT taskwire_complete_task($1, $2, $3, $4) AS "updated!: Returned""#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
        completion.value(),
    )
    .fetch_one(pool)
    .await
}

async fn set_fields(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    patch: &TaskPatch,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Returned> {
    let due = DueColumns::new(patch.due.as_ref().and_then(Option::as_ref));
    sqlx::query_scalar!(
        r#"SELECT taskwire_patch_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
           AS "updated!: Returned""#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
        patch.title,
        patch.description.is_some(),
        patch.description.as_ref().and_then(Option::as_deref),
        patch.completion.value(),
        patch.completion == Completion::Toggle,
        patch.priority as Option<Priority>,
        patch.due.is_some(),
        due.date,
        due.time,
        due.time_zone,
        due.at,
        patch.labels.as_ref().map(Labels::as_slice),
    )
    .fetch_one(pool)
    .await
}

impl Returned {
    fn into_row(self, id: TaskId) -> Option<TaskRow> {
        Some(TaskRow {
            id,
            title: self.title?,
            description: self.description,
            completed: self.completed?,
            completed_at: self.completed_at,
            priority: self.priority?,
            due_date: self.due_date,
            due_time: self.due_time,
            due_time_zone: self.due_time_zone,
            recurrence: self.recurrence,
            labels: self.labels?,
            project_id: self.project_id,
            parent_id: self.parent_id,
            rank: self.rank?,
            created_at: self.created_at?,
            updated_at: self.updated_at?,
            version: self.version?,
        })
    }
}
