//! Reads the completed occurrences of those loaded tasks that recur.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::database::Transaction;
use crate::engine::state::{Body, Completed, State};
use crate::model::{OwnerId, TaskId, TaskRow};

/// Of each task, reads the completions of the named occurrences and the newest ones: one more than the operations
/// can take back, each of which names its occurrence. Whether the task has got another due since its last
/// completion, or was reopened, the log knows.
pub async fn completions(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    named: &[NaiveDate],
    state: &mut State,
) -> sqlx::Result<()> {
    let (mut ids, mut dues, mut completed): (Vec<Uuid>, Vec<NaiveDate>, Vec<bool>) = Default::default();
    let trashed = state.trash.iter().filter_map(|trashed| match &trashed.body {
        Body::Task(row) => Some(row),
        Body::Project(_) => None,
    });
    let recurring = |row: &&TaskRow| row.recurrence.is_some();
    for row in state.tasks.values().chain(trashed).filter(recurring) {
        let Some(due) = row.due_date else { continue };
        ids.push(row.id.as_uuid());
        dues.push(due);
        completed.push(row.completed);
    }
    if ids.is_empty() {
        return Ok(());
    }
    let newest = i64::try_from(named.len()).unwrap_or(i64::MAX - 1) + 1;
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id!: TaskId", o.occurrence AS "occurrence!",
                  o.completed_at AS "completed_at!",
                  -- Only a completion of the last minute is compared with the log.
                  o.completed_at > clock_timestamp() - interval '2 minutes' AND EXISTS (
                      SELECT FROM (
                          SELECT subject_id, changed_at, due_date, completed FROM changes
                          WHERE owner_id = $1 ORDER BY seq DESC LIMIT 1000
                      ) c
                      WHERE c.subject_id = t.id AND c.changed_at >= o.completed_at AND c.completed IS NOT NULL
                        AND (c.due_date, c.completed) IS DISTINCT FROM (t.due, t.completed)
                  ) AS "changed_since!"
           FROM unnest($2::uuid[], $3::date[], $4::boolean[]) AS t (id, due, completed), LATERAL (
               SELECT occurrence, completed_at FROM task_occurrences
               WHERE owner_id = $1 AND task_id = t.id AND occurrence::date = ANY ($5)
               UNION
               (SELECT occurrence, completed_at FROM task_occurrences
                WHERE owner_id = $1 AND task_id = t.id ORDER BY completed_at DESC LIMIT $6)
           ) o
           ORDER BY o.completed_at"#,
        owner.as_str(),
        &ids,
        &dues,
        &completed,
        named,
        newest,
    )
    .fetch_all(transaction)
    .await?;
    for row in rows {
        state.completions.entry(row.id).or_default().push(Completed { due: row.occurrence, at: row.completed_at });
        // The last row counts, the newest completion.
        if row.changed_since {
            state.changed_since.insert(row.id);
        } else {
            state.changed_since.remove(&row.id);
        }
    }
    Ok(())
}
