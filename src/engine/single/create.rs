//! Creating one task in one statement, and the result if its id is not new.

use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::task::task_row;
use crate::model::{
    Change, Code, CreateTask, DueColumns, History, OwnerId, Priority, Problem, ProjectId, Rank, Saved, Seq, Task,
    TaskId,
};

/// Creates a task without a parent.
pub async fn create(pool: &Pool, owner: &OwnerId, new: &CreateTask) -> sqlx::Result<Written<Attempt>> {
    let id = new.id.unwrap_or_else(TaskId::new);
    let digest = new.id.map(|_| new.digest());
    let due = DueColumns::new(new.due.as_ref());
    let recurrence = new.recurrence.as_ref().zip(new.due.as_ref()).map(|(rule, due)| rule.adapted_to(due));
    // `bump` locks the owner's row, and creates it on the first write. If the id exists or was deleted,
    // `bump` returns no row and nothing is written. If two creates of one id both pass that check, the
    // unique index rejects the later one completely. The rank is that of `Rank::appended`.
    let created = sqlx::query!(
        r#"WITH bump AS (
               INSERT INTO owners AS o (owner_id, last_seq, last_at)
               SELECT $1, 1, clock_timestamp()
               WHERE NOT EXISTS (SELECT FROM tasks WHERE owner_id = $1 AND id = $2)
                 AND NOT EXISTS (SELECT FROM trash WHERE owner_id = $1 AND id = $2)
                 AND NOT EXISTS (SELECT FROM task_changes
                                 WHERE owner_id = $1 AND task_id = $2 AND kind = 'task.deleted')
               ON CONFLICT (owner_id) DO UPDATE
                   SET last_seq = o.last_seq + 1,
                       last_at = GREATEST(clock_timestamp(), o.last_at + interval '1 microsecond')
               RETURNING owner_id, last_seq, last_at, generation
           ), new AS (
               INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date,
                                  due_time, due_time_zone, due_at, recurrence, labels, project_id, rank, created_at,
                                  updated_at, version, request_digest)
               SELECT owner_id, $2, $3, $4, $5, CASE WHEN $5 THEN last_at END, $7, $8, $9, $10, $11, $12, $13, $14,
                      lpad(to_hex(last_seq), 12, '0') || '80', last_at, last_at, last_seq, $6
               FROM bump
               RETURNING *
           ), log AS (
               INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
               SELECT owner_id, version, 'task.created', id,
                      to_jsonb(new) - '{owner_id,request_digest,due_at,label_keys,search}'::text[], updated_at
               FROM new
           )
           SELECT h.epoch, b.generation, b.last_seq AS "version: Seq", b.last_at AS at FROM bump b, history h"#,
        owner.as_str(),
        id.as_uuid(),
        new.title,
        new.description,
        new.completed,
        digest.as_ref().map(<[u8; 32]>::as_slice),
        new.priority as Priority,
        due.date,
        due.time,
        due.time_zone,
        due.at,
        recurrence.as_ref().map(ToString::to_string),
        new.labels.as_slice(),
        new.project_id.map(|id| id.as_uuid()),
    )
    .fetch_optional(pool)
    .await;

    match created {
        Ok(Some(row)) => {
            let task = Task {
                id,
                user_id: owner.as_str().to_owned(),
                title: new.title.clone(),
                description: new.description.clone(),
                completed: new.completed,
                completed_at: new.completed.then_some(row.at),
                priority: new.priority,
                due: new.due,
                recurrence,
                labels: new.labels.clone(),
                project_id: new.project_id,
                parent_id: None,
                rank: Rank::appended(row.version),
                created_at: row.at,
                updated_at: row.at,
                version: row.version,
            };
            let history = History::new(row.epoch, Some(row.generation));
            let change = Change::task_saved(history, Saved::Created, task.clone());
            Ok(Written { value: Attempt::Finished(Ok(Done::TaskCreated(task))), changes: vec![change] })
        }
        Ok(None) => repeated(pool, owner, id, digest).await,
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => repeated(pool, owner, id, digest).await,
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("tasks_project") => {
            Ok(Attempt::Finished(Err(Problem::project_unknown())).without_changes())
        }
        Err(error) => Err(error),
    }
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
