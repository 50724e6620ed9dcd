//! Deleting one task without subtasks.

use super::attempt::version_differs;
use chrono::{DateTime, Utc};

use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::{Change, History, OwnerId, Problem, Seq, TaskId};

/// The result of `taskwire_trash_task`.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "record")]
struct Deleted {
    outcome: DeleteOutcome,
    epoch: Option<i64>,
    generation: Option<i64>,
    version: Option<Seq>,
    seq: Option<Seq>,
    at: Option<DateTime<Utc>>,
}

#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
enum DeleteOutcome {
    Deleted,
    Differs,
    NeedsPlan,
    NotFound,
}

/// Moves a task to the trash. A task with subtasks needs a plan.
pub async fn delete(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Attempt>> {
    let deleted = sqlx::query_scalar!(
        r#"SELECT taskwire_trash_task($1, $2, $3) AS "deleted!: Deleted""#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
    )
    .fetch_one(pool)
    .await?;

    let attempt = match deleted.outcome {
        DeleteOutcome::NotFound => Attempt::Finished(Err(Problem::task_not_found())),
        DeleteOutcome::NeedsPlan => Attempt::NeedsPlan,
        DeleteOutcome::Differs => {
            Attempt::Finished(Err(version_differs(deleted.version.ok_or(sqlx::Error::RowNotFound)?)))
        }
        DeleteOutcome::Deleted => {
            let (Some(epoch), Some(seq), Some(at)) = (deleted.epoch, deleted.seq, deleted.at) else {
                return Err(sqlx::Error::RowNotFound);
            };
            let change = Change::task_deleted(History::new(epoch, deleted.generation), seq, at, id);
            return Ok(Written { value: Attempt::Finished(Ok(Done::TaskDeleted(id))), changes: vec![change] });
        }
    };
    Ok(attempt.without_changes())
}
