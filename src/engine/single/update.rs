//! Updating one task. The database finds out whether the update changes anything.

use super::attempt::version_differs;
use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::task::task_row;
use crate::model::{
    Change, Completion, DueColumns, History, Labels, OwnerId, Priority, Problem, ProjectId, Saved, Seq, TaskId,
    TaskPatch,
};

/// What `taskwire_update_task` did.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
enum UpdateOutcome {
    Updated,
    Unchanged,
    Differs,
    NeedsPlan,
}

/// Sets the fields that the patch has. A write that changes nothing takes no number.
pub async fn update(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    patch: &TaskPatch,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Attempt>> {
    let due = DueColumns::new(patch.due.as_ref().and_then(Option::as_ref));
    let updated = sqlx::query!(
        r#"SELECT outcome AS "outcome!: UpdateOutcome", epoch AS "epoch!", generation, id AS "id!: TaskId", title AS "title!",
                  description, completed AS "completed!", completed_at, priority AS "priority!: Priority", due_date,
                  due_time, due_time_zone, recurrence, labels AS "labels!", project_id AS "project_id: ProjectId",
                  parent_id AS "parent_id: TaskId", rank AS "rank!", created_at AS "created_at!",
                  updated_at AS "updated_at!", version AS "version!: Seq"
           FROM taskwire_update_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"#,
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
    .fetch_optional(pool)
    .await?;

    let Some(row) = updated else {
        return Ok(Attempt::Finished(Err(Problem::task_not_found())).without_changes());
    };
    let changed = match row.outcome {
        UpdateOutcome::Updated => true,
        UpdateOutcome::Unchanged => false,
        UpdateOutcome::Differs => return Ok(Attempt::Finished(Err(version_differs(row.version))).without_changes()),
        UpdateOutcome::NeedsPlan => return Ok(Attempt::NeedsPlan.without_changes()),
    };
    let history = History::new(row.epoch, row.generation);
    let task = task_row!(row).into_task(owner);
    let change = changed.then(|| Change::task_saved(history, Saved::Updated, task.clone()));
    let value = Attempt::Finished(Ok(Done::TaskUpdated(task)));
    Ok(Written { value, changes: change.into_iter().collect() })
}
