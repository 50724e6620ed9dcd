//! Deleting one task without subtasks in one statement.

use super::attempt::version_differs;
use crate::changes::Written;
use crate::database::Pool;
use crate::engine::{Attempt, Done};
use crate::model::{Change, History, OwnerId, Problem, Seq, TaskId};

/// Moves a task to the trash. A task with subtasks needs a plan.
pub async fn delete(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    if_match: Option<&[i64]>,
) -> sqlx::Result<Written<Attempt>> {
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

    Ok(match deleted {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("tasks_parent") => {
            Attempt::NeedsPlan.without_changes()
        }
        Err(error) => return Err(error),
        Ok(None) => Attempt::Finished(Err(Problem::task_not_found())).without_changes(),
        Ok(Some(row)) => match (row.seq, row.at) {
            (Some(seq), Some(at)) => {
                let history = History::new(row.epoch, Some(row.generation));
                let change = Change::task_deleted(history.at(seq), at, id);
                Written { value: Attempt::Finished(Ok(Done::TaskDeleted(id))), changes: vec![change] }
            }
            _ => Attempt::Finished(Err(version_differs(row.version))).without_changes(),
        },
    })
}
