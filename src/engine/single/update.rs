//! Updating one task in one statement, which also finds out whether the update changes anything.

use super::attempt::version_differs;
use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::task::task_row;
use crate::model::{
    Change, Completion, DueColumns, History, Labels, OwnerId, Priority, Problem, ProjectId, Saved, Seq, TaskId,
    TaskPatch, TaskRow,
};

/// A task after an update, and what the update did.
struct Updated {
    history: History,
    /// Whether the update concerns this task alone; `None` if `If-Match` names other versions.
    alone: Option<bool>,
    changed: bool,
    task: TaskRow,
}

#[expect(clippy::too_many_lines, reason = "most of it is the statement")]
/// Sets the fields that the patch has. A write that changes nothing takes no number.
pub async fn update(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    patch: &TaskPatch,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Attempt>> {
    let due = DueColumns::new(patch.due.as_ref().and_then(Option::as_ref));
    // Postgres computes the search column again whenever a statement sets one of its columns, even to the
    // same value. With a long description, that takes as long as everything else. So there are two
    // statements, which differ in the columns that they set.
    //
    // Every write locks the owner before the task. It compares the values that the lock returned, never a
    // row that was read without the lock.
    macro_rules! setting {
        ($searched_columns:literal) => {
            sqlx::query!(
                r#"WITH own AS (
                       SELECT owner_id, generation FROM owners WHERE owner_id = $1 FOR NO KEY UPDATE
                   ), cur AS (
                       SELECT t.*, own.generation FROM tasks t JOIN own USING (owner_id)
                       WHERE t.owner_id = $1 AND t.id = $2 FOR NO KEY UPDATE OF t
                   ), want AS (
                       SELECT cur.*, COALESCE($4, title) AS new_title,
                              CASE WHEN $5 THEN $6 ELSE description END AS new_description,
                              CASE WHEN $8 THEN NOT completed ELSE COALESCE($7, completed) END AS new_completed,
                              COALESCE($9, priority) AS new_priority,
                              CASE WHEN $10 THEN $11 ELSE due_date END AS new_due_date,
                              CASE WHEN $10 THEN $12 ELSE due_time END AS new_due_time,
                              CASE WHEN $10 THEN $13 ELSE due_time_zone END AS new_due_time_zone,
                              CASE WHEN $10 THEN $14 ELSE due_at END AS new_due_at,
                              COALESCE($15, labels) AS new_labels
                       FROM cur WHERE $3::bigint[] IS NULL OR version = ANY ($3)
                   ), alone AS MATERIALIZED (
                       SELECT owner_id, id,
                              NOT ($10 AND recurrence IS NOT NULL)
                              AND CASE WHEN new_completed = completed THEN true
                                       WHEN recurrence IS NOT NULL THEN false
                                       WHEN new_completed THEN NOT taskwire_has_open_subtasks(owner_id, id)
                                       ELSE true END AS yes
                       FROM want
                   ), nxt AS (
                       SELECT want.* FROM want JOIN alone USING (owner_id, id) WHERE alone.yes
                   ), bump AS (
                       UPDATE owners o
                       SET last_seq = o.last_seq + 1,
                           last_at = GREATEST(clock_timestamp(), o.last_at + interval '1 microsecond')
                       FROM nxt n
                       WHERE o.owner_id = n.owner_id
                         AND (n.new_title, n.new_description, n.new_completed, n.new_priority, n.new_due_date,
                              n.new_due_time, n.new_due_time_zone, n.new_labels)
                             IS DISTINCT FROM (n.title, n.description, n.completed, n.priority, n.due_date, n.due_time,
                                               n.due_time_zone, n.labels)
                       RETURNING o.last_seq, o.last_at
                   ), upd AS (
                       UPDATE tasks t
                       SET "#
                            + $searched_columns
                            + r#" completed = n.new_completed,
                           completed_at = CASE WHEN NOT n.new_completed THEN NULL
                                               WHEN n.completed THEN n.completed_at ELSE b.last_at END,
                           priority = n.new_priority, due_date = n.new_due_date, due_time = n.new_due_time,
                           due_time_zone = n.new_due_time_zone, due_at = n.new_due_at, updated_at = b.last_at,
                           version = b.last_seq
                       FROM nxt n, bump b
                       WHERE t.owner_id = n.owner_id AND t.id = n.id
                       RETURNING t.*
                   ), log AS (
                       INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
                       SELECT owner_id, version, 'task.updated', id,
                              to_jsonb(upd) - '{owner_id,request_digest,due_at,label_keys,search}'::text[], updated_at
                       FROM upd
                   ), now AS (
                       SELECT id, title, description, completed, completed_at, priority, due_date, due_time,
                              due_time_zone, recurrence, labels, project_id, parent_id, rank, created_at,
                              updated_at, version, true AS changed
                       FROM upd
                       UNION ALL
                       SELECT id, title, description, completed, completed_at, priority, due_date, due_time,
                              due_time_zone, recurrence, labels, project_id, parent_id, rank, created_at,
                              updated_at, version, false
                       FROM cur WHERE NOT EXISTS (SELECT FROM upd)
                   )
                   SELECT h.epoch, (SELECT generation FROM cur) AS "generation!", (SELECT yes FROM alone) AS alone,
                          n.changed AS "changed!", n.id AS "id!: TaskId", n.title AS "title!", n.description,
                          n.completed AS "completed!", n.completed_at, n.priority AS "priority!: Priority", n.due_date,
                          n.due_time, n.due_time_zone, n.recurrence, n.labels AS "labels!",
                          n.project_id AS "project_id: ProjectId", n.parent_id AS "parent_id: TaskId",
                          n.rank AS "rank!", n.created_at AS "created_at!", n.updated_at AS "updated_at!",
                          n.version AS "version!: Seq"
                   FROM now n CROSS JOIN history h"#,
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
            .await?
            .map(|row| Updated {
                history: History::new(row.epoch, Some(row.generation)),
                alone: row.alone,
                changed: row.changed,
                task: task_row!(row),
            })
        };
    }
    let sets_searched_columns = patch.title.is_some() || patch.description.is_some() || patch.labels.is_some();
    let updated = if sets_searched_columns {
        setting!("title = n.new_title, description = n.new_description, labels = n.new_labels,")
    } else {
        setting!("")
    };

    let outcome = match updated {
        None => Err(Problem::task_not_found()),
        Some(Updated { alone: None, task, .. }) => Err(version_differs(task.version)),
        Some(Updated { alone: Some(false), .. }) => return Ok(Attempt::NeedsPlan.without_changes()),
        Some(Updated { alone: Some(true), history, changed, task }) => {
            let task = task.into_task(owner);
            let change = changed.then(|| Change::task_saved(history, Saved::Updated, task.clone()));
            let value = Attempt::Finished(Ok(Done::TaskUpdated(task)));
            return Ok(Written { value, changes: change.into_iter().collect() });
        }
    };
    Ok(Attempt::Finished(outcome).without_changes())
}
