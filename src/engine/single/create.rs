//! Creating one task, and the result if its id is not new.

use chrono::{DateTime, Utc};

use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::task::task_row;
use crate::model::{
    Change, Code, CreateTask, DueColumns, History, OwnerId, Priority, Problem, ProjectId, Rank, Saved, Seq, Task,
    TaskId,
};

/// The result of `taskwire_insert_task`.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "record")]
struct Created {
    outcome: CreateOutcome,
    epoch: Option<i64>,
    generation: Option<i64>,
    version: Option<Seq>,
    at: Option<DateTime<Utc>>,
}

#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
enum CreateOutcome {
    Created,
    IdTaken,
    ProjectUnknown,
}

/// Creates a task without a parent.
pub async fn create(pool: &Pool, owner: &OwnerId, new: &CreateTask) -> sqlx::Result<Written<Attempt>> {
    let id = new.id.unwrap_or_else(TaskId::new);
    let digest = new.id.map(|_| new.digest());
    let due = DueColumns::new(new.due.as_ref());
    let recurrence = new.recurrence.as_ref().zip(new.due.as_ref()).map(|(rule, due)| rule.adapted_to(due));
    let created = sqlx::query_scalar!(
        r#"SELECT taskwire_insert_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
           AS "created!: Created""#,
        owner.as_str(),
        id.as_uuid(),
        digest.as_ref().map(<[u8; 32]>::as_slice),
        new.title,
        new.description,
        new.completed,
        new.priority as Priority,
        due.date,
        due.time,
        due.time_zone,
        due.at,
        recurrence.as_ref().map(ToString::to_string),
        new.labels.as_slice(),
        new.project_id.map(|id| id.as_uuid()),
    )
    .fetch_one(pool)
    .await?;

    match created.outcome {
        CreateOutcome::IdTaken => return repeated(pool, owner, id, digest).await,
        CreateOutcome::ProjectUnknown => {
            return Ok(Attempt::Finished(Err(Problem::project_unknown())).without_changes());
        }
        CreateOutcome::Created => {}
    }
    let (Some(epoch), Some(version), Some(at)) = (created.epoch, created.version, created.at) else {
        return Err(sqlx::Error::RowNotFound);
    };
    let task = Task {
        id,
        user_id: owner.as_str().to_owned(),
        title: new.title.clone(),
        description: new.description.clone(),
        completed: new.completed,
        completed_at: new.completed.then_some(at),
        priority: new.priority,
        due: new.due,
        recurrence,
        labels: new.labels.clone(),
        project_id: new.project_id,
        parent_id: None,
        rank: Rank::appended(version),
        created_at: at,
        updated_at: at,
        version,
    };
    let change = Change::task_saved(History::new(epoch, created.generation), Saved::Created, task.clone());
    Ok(Written { value: Attempt::Finished(Ok(Done::TaskCreated(task))), changes: vec![change] })
}

/// The result of a create whose id is not new: the existing task for the same request, otherwise a problem.
async fn repeated(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    digest: Option<[u8; 32]>,
) -> sqlx::Result<Written<Attempt>> {
    let existing = sqlx::query!(
        r#"SELECT id AS "id: TaskId", title, description, completed, completed_at, priority AS "priority: Priority",
                  due_date, due_time, due_time_zone, recurrence, labels, project_id AS "project_id: ProjectId",
                  parent_id AS "parent_id: TaskId", rank, created_at, updated_at, version AS "version: Seq",
                  COALESCE(request_digest = $3, false) AS "same_request!"
           FROM tasks WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id.as_uuid(),
        digest.as_ref().map(<[u8; 32]>::as_slice),
    )
    .fetch_optional(pool)
    .await?;
    let outcome = match existing {
        None => Err(Problem::new(Code::Gone, "the task with this id was deleted; choose another id")),
        Some(row) if row.same_request => Ok(Done::TaskRepeated(task_row!(row).into_task(owner))),
        Some(_) => {
            Err(Problem::new(Code::Conflict, "a task with this id was created by another request; choose another id"))
        }
    };
    Ok(Attempt::Finished(outcome).without_changes())
}
