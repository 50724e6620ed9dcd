//! Statements that are wrong on purpose, for checking the history checker; see `crate::broken`.
//! They are not checked against the schema, because no server that is shipped has them.
#![expect(clippy::disallowed_methods, reason = "the query data is that of the real statements")]

use chrono::{DateTime, Utc};

use super::store::Creation;
use super::{CreateTask, Task, TaskId};
use crate::auth::OwnerId;
use crate::changes::{Change, Event, History, Recorded, Seq, Written};
use crate::database::Pool;

/// A row of `tasks`, as the statement below names its columns.
type Row = (TaskId, String, String, Option<String>, bool, DateTime<Utc>, DateTime<Utc>, Seq);

/// Whoever asks: the owner check is left out.
pub async fn get(pool: &Pool, id: TaskId) -> sqlx::Result<Option<Task>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, owner_id, title, description, completed, created_at, updated_at, version FROM tasks WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(id, user_id, title, description, completed, created_at, updated_at, version)| Task {
        id,
        user_id,
        title,
        description,
        completed,
        created_at,
        updated_at,
        version,
    }))
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
    let (epoch,): (i64,) = sqlx::query_as(
        "WITH new AS (
             INSERT INTO tasks (owner_id, id, title, description, completed, created_at, updated_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7) RETURNING *
         ), log AS (
             INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
             SELECT owner_id, version, 'task.created', id, to_jsonb(new) - '{owner_id,request_digest}'::text[],
                    updated_at
             FROM new
         )
         SELECT epoch FROM history",
    )
    .bind(owner.as_str())
    .bind(id)
    .bind(&new.title)
    .bind(&new.description)
    .bind(new.completed)
    .bind(at)
    .bind(version)
    .fetch_one(pool)
    .await?;
    let task = Task {
        id,
        user_id: owner.as_str().to_owned(),
        title: new.title.clone(),
        description: new.description.clone(),
        completed: new.completed,
        created_at: at,
        updated_at: at,
        version,
    };
    let change = Change { seq: version, at, event: Event::Created(task.clone()) };
    let recorded = Recorded { history: History::new(epoch, Some(generation)), change };
    Ok(Written { value: Creation::Created(task), recorded: Some(recorded) })
}
