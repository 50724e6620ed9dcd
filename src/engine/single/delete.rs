//! Deleting one task without subtasks.

use super::attempt::version_differs;
use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::{Change, History, OwnerId, Problem, Seq, TaskId};

/// What `taskwire_delete_task` did.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
enum DeleteOutcome {
    Deleted,
    Differs,
    NeedsPlan,
}

/// Moves a task to the trash. A task with subtasks needs a plan.
pub async fn delete(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Attempt>> {
    let deleted = sqlx::query!(
        r#"SELECT outcome AS "outcome!: DeleteOutcome", epoch, generation, version AS "version!: Seq", seq AS "seq: Seq", at
           FROM taskwire_delete_task($1, $2, $3)"#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
    )
    .fetch_optional(pool)
    .await?;

    let Some(row) = deleted else {
        return Ok(Attempt::Finished(Err(Problem::task_not_found())).without_changes());
    };
    match (row.outcome, row.epoch, row.seq, row.at) {
        (DeleteOutcome::Deleted, Some(epoch), Some(seq), Some(at)) => {
            let change = Change::task_deleted(History::new(epoch, row.generation), seq, at, id);
            Ok(Written { value: Attempt::Finished(Ok(Done::TaskDeleted(id))), changes: vec![change] })
        }
        (DeleteOutcome::Deleted, ..) => Err(sqlx::Error::RowNotFound),
        (DeleteOutcome::NeedsPlan, ..) => Ok(Attempt::NeedsPlan.without_changes()),
        (DeleteOutcome::Differs, ..) => Ok(Attempt::Finished(Err(version_differs(row.version))).without_changes()),
    }
}
