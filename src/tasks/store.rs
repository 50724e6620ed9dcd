//! All SQL of tasks. Every statement takes the owner as its first parameter, and every write is
//! one statement that locks the owner's row first, so that for each owner the order of the
//! numbers is the order of the commits, without gaps.

mod update;

use super::{CreateTask, DueColumns, Priority, Rank, Task, TaskId, TaskRow, task_row};
use crate::auth::OwnerId;
#[cfg(feature = "broken")]
use crate::broken::{self, Variant};
use crate::changes::{Change, History, Saved, Seq, Written};
use crate::database::Pool;
use crate::projects::ProjectId;

pub use update::{Update, update};

/// How a create ended.
#[derive(Debug)]
pub enum Creation {
    Created(Task),
    /// The same request with the same id came before: the task as it is now.
    Repeated(Task),
    /// The id belongs to a task that another request created.
    IdTaken,
    /// The id belonged to a task that was deleted.
    IdGone,
    ProjectUnknown,
}

/// How a delete ended.
#[derive(Debug)]
pub enum Deletion {
    Deleted,
    VersionDiffers(Seq),
    /// Other tasks are part of it.
    HasSubtasks,
    NotFound,
}

pub async fn get(pool: &Pool, owner: &OwnerId, id: TaskId) -> sqlx::Result<Option<Task>> {
    #[cfg(feature = "broken")]
    if broken::is(Variant::OwnerCheckLeftOut) {
        return super::broken::get(pool, owner, id).await;
    }
    let row = sqlx::query_as!(
        TaskRow,
        r#"SELECT id AS "id: TaskId", title, description, completed, completed_at, priority AS "priority: Priority", due_date,
                  due_time, due_time_zone, recurrence, labels, project_id AS "project_id: ProjectId",
                  parent_id AS "parent_id: TaskId", rank, created_at, updated_at, version AS "version: Seq"
           FROM tasks WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id.as_uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.of(owner)))
}

pub async fn create(pool: &Pool, owner: &OwnerId, new: &CreateTask) -> sqlx::Result<Written<Creation>> {
    #[cfg(feature = "broken")]
    if broken::is(Variant::CounterWithoutLock) {
        return super::broken::create(pool, owner, new).await;
    }
    let id = new.id.unwrap_or_else(TaskId::new);
    let digest = new.id.map(|_| new.digest());
    let due = DueColumns::of(new.due.as_ref());
    let recurrence = new.recurrence.as_ref().zip(new.due.as_ref()).map(|(rule, due)| rule.fitted(due));
    // `bump` is the owner's lock and also makes the owner's row on the first write. When the id
    // exists or was deleted it yields no row, and nothing is written. Two creates of one id that
    // race past that check meet in a unique index, which undoes the later one whole. The rank is
    // `Rank::appended`.
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
            let change = Change::of_task(history, Saved::Created, task.clone());
            Ok(Written { value: Creation::Created(task), recorded: vec![change] })
        }
        Ok(None) => repeated(pool, owner, id, digest).await,
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => repeated(pool, owner, id, digest).await,
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("tasks_project") => {
            Ok(Written { value: Creation::ProjectUnknown, recorded: Vec::new() })
        }
        Err(error) => Err(error),
    }
}

/// What a create means whose id is not new.
async fn repeated(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    digest: Option<[u8; 32]>,
) -> sqlx::Result<Written<Creation>> {
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
    let value = match existing {
        None => Creation::IdGone,
        Some(row) if row.same_request => Creation::Repeated(task_row!(row).of(owner)),
        Some(_) => Creation::IdTaken,
    };
    Ok(Written { value, recorded: Vec::new() })
}

/// Puts a task into the trash, unless others hang on it.
pub async fn delete(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Deletion>> {
    let deleted = sqlx::query!(
        r#"WITH own AS (
               SELECT owner_id, generation FROM owners WHERE owner_id = $1 FOR NO KEY UPDATE
           ), cur AS (
               SELECT t.owner_id, t.id, t.version, own.generation FROM tasks t JOIN own USING (owner_id)
               WHERE t.owner_id = $1 AND t.id = $2 FOR UPDATE OF t
           ), nxt AS (
               SELECT * FROM cur WHERE $3::bigint[] IS NULL OR version = ANY ($3)
           ), bump AS (
               UPDATE owners o
               SET last_seq = o.last_seq + 1,
                   last_at = GREATEST(clock_timestamp(), o.last_at + interval '1 microsecond')
               FROM nxt n WHERE o.owner_id = n.owner_id
               RETURNING o.last_seq, o.last_at
           ), del AS (
               DELETE FROM tasks t USING nxt n
               WHERE t.owner_id = n.owner_id AND t.id = n.id
               RETURNING t.*
           ), trashed AS (
               INSERT INTO trash (owner_id, id, root_id, deleted_at, task, request_digest)
               SELECT owner_id, id, id, last_at,
                      to_jsonb(del) - '{owner_id,request_digest,due_at,label_keys,search}'::text[], request_digest
               FROM del, bump
           ), log AS (
               INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
               SELECT owner_id, last_seq, 'task.deleted', id, NULL, last_at FROM del, bump
           )
           SELECT h.epoch, c.generation, c.version AS "version: Seq", b.last_seq AS "seq?: Seq", b.last_at AS "at?"
           FROM cur c CROSS JOIN history h LEFT JOIN bump b ON true"#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
    )
    .fetch_optional(pool)
    .await;

    let nothing = |value| Written { value, recorded: Vec::new() };
    Ok(match deleted {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("tasks_parent") => {
            nothing(Deletion::HasSubtasks)
        }
        Err(error) => return Err(error),
        Ok(None) => nothing(Deletion::NotFound),
        Ok(Some(row)) => match (row.seq, row.at) {
            (Some(seq), Some(at)) => {
                let history = History::new(row.epoch, Some(row.generation));
                let change = Change::task_deleted(history.at(seq), at, id);
                Written { value: Deletion::Deleted, recorded: vec![change] }
            }
            _ => nothing(Deletion::VersionDiffers(row.version)),
        },
    })
}
