//! Statements that are wrong on purpose, for checking the history checker; see `crate::broken`.
//! They are not checked against the schema, because no server that is shipped has them.
#![expect(clippy::disallowed_methods, reason = "the query data is that of the real statements")]

use chrono::{DateTime, Utc};

use super::store::Creation;
use super::{CreateTask, DueColumns, Rank, Task, TaskId, TaskRow};
use crate::auth::OwnerId;
use crate::changes::{Change, History, Saved, Seq, Written};
use crate::database::Pool;

/// Whoever asks: the owner check is left out, here and in what it returns.
pub async fn get(pool: &Pool, owner: &OwnerId, id: TaskId) -> sqlx::Result<Option<Task>> {
    let row: Option<TaskRow> =
        sqlx::query_as("SELECT * FROM tasks WHERE id = $1").bind(id).fetch_optional(pool).await?;
    Ok(row.map(|row| row.of(owner)))
}

/// The number is taken in a transaction of its own, as from a sequence: the owner's lock is gone
/// before the change is written.
pub async fn create(pool: &Pool, owner: &OwnerId, new: &CreateTask) -> sqlx::Result<Written<Creation>> {
    let id = new.id.unwrap_or_else(TaskId::new);
    let (version, at, generation): (Seq, DateTime<Utc>, i64) = sqlx::query_as(
        "INSERT INTO owners AS o (owner_id, last_seq, last_at) VALUES ($1, 1, clock_timestamp())
         ON CONFLICT (owner_id) DO UPDATE SET last_seq = o.last_seq + 1, last_at = clock_timestamp()
         RETURNING last_seq, last_at, generation",
    )
    .bind(owner.as_str())
    .fetch_one(pool)
    .await?;
    let due = DueColumns::of(new.due.as_ref());
    let (epoch, row): (i64, sqlx::types::Json<TaskRow>) = sqlx::query_as(
        "WITH new AS (
             INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date, due_time,
                                due_time_zone, due_at, labels, rank, created_at, updated_at, version)
             VALUES ($1, $2, $3, $4, $5, CASE WHEN $5 THEN $6 END, $7, $8, $9, $10, $11, $12, $13, $6, $6, $14)
             RETURNING *
         ), log AS (
             INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
             SELECT owner_id, version, 'task.created', id,
                    to_jsonb(new) - '{owner_id,request_digest,due_at,label_keys,search}'::text[], updated_at
             FROM new
         )
         SELECT epoch, to_jsonb(new) FROM history, new",
    )
    .bind(owner.as_str())
    .bind(id)
    .bind(&new.title)
    .bind(&new.description)
    .bind(new.completed)
    .bind(at)
    .bind(new.priority)
    .bind(due.date)
    .bind(due.time)
    .bind(due.time_zone)
    .bind(due.at)
    .bind(new.labels.as_slice())
    .bind(Rank::appended(version).to_string())
    .bind(version)
    .fetch_one(pool)
    .await?;
    let task = row.0.of(owner);
    let change = Change::of_task(History::new(epoch, Some(generation)), Saved::Created, task.clone());
    Ok(Written { value: Creation::Created(task), recorded: vec![change] })
}
