//! All SQL of tasks. Every statement takes the owner as its first parameter, and every write is
//! one statement that locks the owner's row first, so that for each owner the order of the
//! numbers is the order of the commits, without gaps.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::{Completion, CreateTask, Task, TaskId, TaskPatch, TaskStats};
use crate::auth::OwnerId;
#[cfg(feature = "broken")]
use crate::broken::{self, Variant};
use crate::changes::{Change, Event, History, Position, Recorded, Seq, Written};
use crate::database::Pool;

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
}

/// How an update ended.
#[derive(Debug)]
pub enum Update {
    /// The task as it is now, changed or not.
    Now(Task),
    /// `If-Match` named other versions than this one.
    VersionDiffers(Seq),
    NotFound,
}

/// How a delete ended.
#[derive(Debug)]
pub enum Deletion {
    Deleted,
    VersionDiffers(Seq),
    NotFound,
}

pub async fn get(pool: &Pool, owner: &OwnerId, id: TaskId) -> sqlx::Result<Option<Task>> {
    #[cfg(feature = "broken")]
    if broken::is(Variant::OwnerCheckLeftOut) {
        return super::broken::get(pool, id).await;
    }
    sqlx::query_as!(
        Task,
        r#"SELECT id AS "id: TaskId", owner_id AS user_id, title, description, completed, created_at, updated_at,
                  version AS "version: Seq"
           FROM tasks WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id.as_uuid(),
    )
    .fetch_optional(pool)
    .await
}

pub async fn stats(pool: &Pool, owner: &OwnerId) -> sqlx::Result<TaskStats> {
    sqlx::query_as!(
        TaskStats,
        r#"SELECT count(*) AS "total!",
                  count(*) FILTER (WHERE NOT completed) AS "pending!",
                  count(*) FILTER (WHERE completed) AS "completed!"
           FROM tasks WHERE owner_id = $1"#,
        owner.as_str(),
    )
    .fetch_one(pool)
    .await
}

pub async fn create(pool: &Pool, owner: &OwnerId, new: &CreateTask) -> sqlx::Result<Written<Creation>> {
    #[cfg(feature = "broken")]
    if broken::is(Variant::CounterWithoutLock) {
        return super::broken::create(pool, owner, new).await;
    }
    let id = new.id.unwrap_or_else(TaskId::new);
    let digest = new.id.map(|_| new.digest());
    // `bump` is the owner's lock and also makes the owner's row on the first write. When the id
    // exists or was deleted it yields no row, and nothing is written. Two creates of one id that
    // race past that check meet in a unique index, which undoes the later one whole.
    let created = sqlx::query!(
        r#"WITH bump AS (
               INSERT INTO owners AS o (owner_id, last_seq, last_at)
               SELECT $1, 1, clock_timestamp()
               WHERE NOT EXISTS (SELECT FROM tasks WHERE owner_id = $1 AND id = $2)
                 AND NOT EXISTS (SELECT FROM task_changes
                                 WHERE owner_id = $1 AND task_id = $2 AND kind = 'task.deleted')
               ON CONFLICT (owner_id) DO UPDATE
                   SET last_seq = o.last_seq + 1,
                       last_at = GREATEST(clock_timestamp(), o.last_at + interval '1 microsecond')
               RETURNING owner_id, last_seq, last_at, generation
           ), new AS (
               INSERT INTO tasks (owner_id, id, title, description, completed, created_at, updated_at, version,
                                  request_digest)
               SELECT owner_id, $2, $3, $4, $5, last_at, last_at, last_seq, $6 FROM bump
               RETURNING *
           ), log AS (
               INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
               SELECT owner_id, version, 'task.created', id, to_jsonb(new) - '{owner_id,request_digest}'::text[],
                      updated_at
               FROM new
           )
           SELECT h.epoch, b.generation, b.last_seq AS "version: Seq", b.last_at AS at FROM bump b, history h"#,
        owner.as_str(),
        id.as_uuid(),
        new.title,
        new.description,
        new.completed,
        digest.as_ref().map(<[u8; 32]>::as_slice),
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
                created_at: row.at,
                updated_at: row.at,
                version: row.version,
            };
            let history = History::new(row.epoch, Some(row.generation));
            let recorded = recorded(history, row.version, row.at, Event::Created(task.clone()));
            Ok(Written { value: Creation::Created(task), recorded: Some(recorded) })
        }
        Ok(None) => repeated(pool, owner, id, digest).await,
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => repeated(pool, owner, id, digest).await,
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
        r#"SELECT title, description, completed, created_at, updated_at, version AS "version: Seq", request_digest
           FROM tasks WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id.as_uuid(),
    )
    .fetch_optional(pool)
    .await?;
    let value = match existing {
        None => Creation::IdGone,
        Some(row) if digest.is_some() && row.request_digest.as_deref() == digest.as_ref().map(<[u8; 32]>::as_slice) => {
            Creation::Repeated(Task {
                id,
                user_id: owner.as_str().to_owned(),
                title: row.title,
                description: row.description,
                completed: row.completed,
                created_at: row.created_at,
                updated_at: row.updated_at,
                version: row.version,
            })
        }
        Some(_) => Creation::IdTaken,
    };
    Ok(Written { value, recorded: None })
}

/// Updates fields that are given; a write that changes nothing takes no number.
pub async fn update(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    patch: &TaskPatch,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Update>> {
    // The owner is locked before the task, everywhere, and what is compared is what the lock
    // returned: never a row read without it.
    let row = sqlx::query!(
        r#"WITH own AS (
               SELECT owner_id, generation FROM owners WHERE owner_id = $1 FOR NO KEY UPDATE
           ), cur AS (
               SELECT t.*, own.generation FROM tasks t JOIN own USING (owner_id)
               WHERE t.owner_id = $1 AND t.id = $2 FOR NO KEY UPDATE OF t
           ), nxt AS (
               SELECT cur.*, COALESCE($4, title) AS new_title,
                      CASE WHEN $5 THEN $6 ELSE description END AS new_description,
                      CASE WHEN $8 THEN NOT completed ELSE COALESCE($7, completed) END AS new_completed
               FROM cur WHERE $3::bigint[] IS NULL OR version = ANY ($3)
           ), bump AS (
               UPDATE owners o
               SET last_seq = o.last_seq + 1,
                   last_at = GREATEST(clock_timestamp(), o.last_at + interval '1 microsecond')
               FROM nxt n
               WHERE o.owner_id = n.owner_id
                 AND (n.new_title, n.new_description, n.new_completed)
                     IS DISTINCT FROM (n.title, n.description, n.completed)
               RETURNING o.last_seq, o.last_at
           ), upd AS (
               UPDATE tasks t
               SET title = n.new_title, description = n.new_description, completed = n.new_completed,
                   updated_at = b.last_at, version = b.last_seq
               FROM nxt n, bump b
               WHERE t.owner_id = n.owner_id AND t.id = n.id
               RETURNING t.*
           ), log AS (
               INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
               SELECT owner_id, version, 'task.updated', id, to_jsonb(upd) - '{owner_id,request_digest}'::text[],
                      updated_at
               FROM upd
           )
           SELECT h.epoch, c.generation, EXISTS (SELECT FROM nxt) AS "matched!", u.id IS NOT NULL AS "changed!",
                  CASE WHEN u.id IS NULL THEN c.title ELSE u.title END AS "title!",
                  CASE WHEN u.id IS NULL THEN c.description ELSE u.description END AS description,
                  COALESCE(u.completed, c.completed) AS "completed!", c.created_at,
                  COALESCE(u.updated_at, c.updated_at) AS "updated_at!",
                  COALESCE(u.version, c.version) AS "version!: Seq"
           FROM cur c CROSS JOIN history h LEFT JOIN upd u ON true"#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
        patch.title,
        patch.description.is_some(),
        patch.description.as_ref().and_then(Option::as_deref),
        patch.completion.value(),
        patch.completion == Completion::Toggle,
    )
    .fetch_optional(pool)
    .await?;

    let Some(row) = row else {
        return Ok(Written { value: Update::NotFound, recorded: None });
    };
    if !row.matched {
        return Ok(Written { value: Update::VersionDiffers(row.version), recorded: None });
    }
    let task = Task {
        id,
        user_id: owner.as_str().to_owned(),
        title: row.title,
        description: row.description,
        completed: row.completed,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    };
    let recorded = row.changed.then(|| {
        let history = History::new(row.epoch, Some(row.generation));
        recorded(history, task.version, task.updated_at, Event::Updated(task.clone()))
    });
    Ok(Written { value: Update::Now(task), recorded })
}

pub async fn delete(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Deletion>> {
    let row = sqlx::query!(
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
               DELETE FROM tasks t USING nxt n, bump b
               WHERE t.owner_id = n.owner_id AND t.id = n.id
               RETURNING t.owner_id, t.id, b.last_seq, b.last_at
           ), log AS (
               INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
               SELECT owner_id, last_seq, 'task.deleted', id, NULL, last_at FROM del
           )
           SELECT h.epoch, c.generation, c.version AS "version: Seq", d.last_seq AS "seq?: Seq", d.last_at AS "at?"
           FROM cur c CROSS JOIN history h LEFT JOIN del d ON true"#,
        owner.as_str(),
        id.as_uuid(),
        if_match,
    )
    .fetch_optional(pool)
    .await?;

    Ok(match row {
        None => Written { value: Deletion::NotFound, recorded: None },
        Some(row) => match (row.seq, row.at) {
            (Some(seq), Some(at)) => {
                let history = History::new(row.epoch, Some(row.generation));
                Written { value: Deletion::Deleted, recorded: Some(recorded(history, seq, at, Event::Deleted(id))) }
            }
            _ => Written { value: Deletion::VersionDiffers(row.version), recorded: None },
        },
    })
}

const fn recorded(history: History, seq: Seq, at: DateTime<Utc>, event: Event) -> Recorded {
    Recorded { history, change: Change { seq, at, event } }
}

/// Tasks newest first after a key, with the position of the same snapshot.
pub async fn list_by_created(
    pool: &Pool,
    owner: &OwnerId,
    completed: Option<bool>,
    after: Option<(DateTime<Utc>, TaskId)>,
    limit: u16,
) -> sqlx::Result<(Vec<Task>, Position)> {
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        ListRow,
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!",
                  t.id AS "id?: TaskId", t.title AS "title?", t.description AS "description?",
                  t.completed AS "completed?", t.created_at AS "created_at?", t.updated_at AS "updated_at?",
                  t.version AS "version?: Seq"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT * FROM tasks
               WHERE owner_id = $1
                 AND (created_at, id) < (COALESCE($3::timestamptz, 'infinity'),
                                         COALESCE($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                 AND ($2::boolean IS NULL OR completed = $2)
               ORDER BY created_at DESC, id DESC LIMIT $5
           ) t ON true"#,
        owner.as_str(),
        completed,
        after_at,
        after_id.map(|id| id.as_uuid()),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    let (mut tasks, position) = snapshot(rows, owner)?;
    // Joined rows come in the order of the subquery, but that is no promise; to have Postgres
    // sort them once more costs it more than the query itself.
    tasks.sort_by_key(|task| Reverse((task.created_at, task.id)));
    Ok((tasks, position))
}

/// Tasks by title after a key, with the position of the same snapshot.
pub async fn list_by_title(
    pool: &Pool,
    owner: &OwnerId,
    completed: Option<bool>,
    after: Option<(String, TaskId)>,
    limit: u16,
) -> sqlx::Result<(Vec<Task>, Position)> {
    let (after_title, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        ListRow,
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!",
                  t.id AS "id?: TaskId", t.title AS "title?", t.description AS "description?",
                  t.completed AS "completed?", t.created_at AS "created_at?", t.updated_at AS "updated_at?",
                  t.version AS "version?: Seq"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT * FROM tasks
               WHERE owner_id = $1
                 AND (title COLLATE "und-x-icu", id) > (COALESCE($3::text, '') COLLATE "und-x-icu",
                                                        COALESCE($4::uuid, '00000000-0000-0000-0000-000000000000'))
                 AND ($2::boolean IS NULL OR completed = $2)
               ORDER BY title COLLATE "und-x-icu", id LIMIT $5
           ) t ON true
           ORDER BY t.title COLLATE "und-x-icu", t.id"#,
        owner.as_str(),
        completed,
        after_title,
        after_id.map(|id| id.as_uuid()),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    snapshot(rows, owner)
}

/// A row of a list: the snapshot's position, and a task unless the list is empty.
struct ListRow {
    epoch: i64,
    generation: Option<i64>,
    head: i64,
    id: Option<TaskId>,
    title: Option<String>,
    description: Option<String>,
    completed: Option<bool>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    version: Option<Seq>,
}

fn snapshot(rows: Vec<ListRow>, owner: &OwnerId) -> sqlx::Result<(Vec<Task>, Position)> {
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = History::new(first.epoch, first.generation).at(Seq::new(first.head));
    let tasks = rows
        .into_iter()
        .filter_map(|row| {
            Some(Task {
                id: row.id?,
                user_id: owner.as_str().to_owned(),
                title: row.title?,
                description: row.description,
                completed: row.completed?,
                created_at: row.created_at?,
                updated_at: row.updated_at?,
                version: row.version?,
            })
        })
        .collect();
    Ok((tasks, position))
}
