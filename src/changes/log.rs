//! Reads the log. Changes, head and history come from one statement and so from one snapshot. So a page shows
//! by itself whether the log contains the change that a position names, and continues it without a gap.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::row::change_row;
use crate::database::Pool;
use crate::model::{Change, ChangeTime, History, OwnerId, Position, Priority, ProjectId, ProjectRow, Seq, TaskId};

/// A part of the log, from one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    pub history: History,
    /// The position of the newest change of the owner in this snapshot.
    pub head: Position,
    /// The time of the change after which the page was read, if the log contains that change.
    pub after: Option<ChangeTime>,
    pub changes: Vec<Change>,
}

/// Why a position cannot be continued. The client must list again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The position belongs to another history: the database was restored and the log does not contain the
    /// change that the position names, the user was deleted and has returned, or the position is another
    /// user's.
    HistoryChanged,
    /// The position is ahead of the log.
    AheadOfLog,
    /// The log no longer reaches back to the position.
    Expired,
}

impl ResetReason {
    /// The reason as a sentence, for people.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::HistoryChanged => {
                "the position belongs to another history; list the tasks again and go on from that list's position"
            }
            Self::AheadOfLog => {
                "the position is ahead of the log; list the tasks again and go on from that list's position"
            }
            Self::Expired => {
                "the log no longer reaches back to the position; list the tasks again and go on from that list's position"
            }
        }
    }
}

impl LogPage {
    /// Accepts the page if it is the complete continuation of `after`; otherwise returns why it is not.
    pub fn continuing(self, after: Position) -> Result<Self, ResetReason> {
        if !self.history.continues(after) {
            return Err(ResetReason::HistoryChanged);
        }
        if after.seq > self.head.seq {
            return Err(ResetReason::AheadOfLog);
        }
        // The owner's row names the newest change even if the log has lost it.
        let named = if after.seq == self.head.seq { Some(self.head.time) } else { self.after };
        match named {
            None => return Err(ResetReason::Expired),
            Some(time) if time != after.time => return Err(ResetReason::HistoryChanged),
            Some(_) => {}
        }
        let complete = match self.changes.first() {
            None => after.seq == self.head.seq,
            Some(first) => first.seq() == after.seq.next(),
        };
        if complete { Ok(self) } else { Err(ResetReason::Expired) }
    }

    /// The position of a client that has received this page, which continues the client's position.
    pub fn end(&self) -> Position {
        self.changes.last().map_or(self.head, Change::position)
    }
}

/// Reads the owner's changes after `after`, at most `limit` of them. The same index scan begins with the change
/// `after` itself.
pub async fn read(pool: &Pool, owner: &OwnerId, after: Seq, limit: u16) -> sqlx::Result<LogPage> {
    let rows = sqlx::query!(
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!: Seq",
                  o.last_at AS "last_at?", c.seq AS "seq?: Seq", c.kind AS "kind?", c.changed_at AS "changed_at?",
                  c.subject_id AS "subject_id?", c.title, c.description, c.completed, c.completed_at,
                  c.priority AS "priority: Priority", c.due_date, c.due_time, c.due_time_zone, c.recurrence, c.labels,
                  c.project_id AS "project_id: ProjectId", c.parent_id AS "parent_id: TaskId", c.rank, c.created_at,
                  c.project AS "project: Json<ProjectRow>"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT * FROM changes WHERE owner_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3
           ) c ON true
           ORDER BY c.seq"#,
        owner.as_str(),
        after.get(),
        // No change has the number 0.
        i64::from(limit) + i64::from(after > Seq::ZERO),
    )
    .fetch_all(pool)
    .await?;

    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let history = History::new(first.epoch, first.generation);
    let head = history.head(first.head, first.last_at);
    let mut after_time = (after == Seq::ZERO).then_some(ChangeTime::NONE);
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        // An empty page has one row without a change.
        let (Some(seq), Some(at)) = (row.seq, row.changed_at) else { continue };
        if seq == after {
            after_time = Some(history.at(seq, at).time);
        } else {
            changes.push(change_row!(row).into_change(owner, history)?);
        }
    }
    // One more, if the log does not contain `after`.
    changes.truncate(limit.into());
    Ok(LogPage { history, head, after: after_time, changes })
}

/// The changes of one task.
#[derive(Debug)]
pub struct TaskChanges {
    /// Newest first.
    pub changes: Vec<Change>,
    /// Whether the log still holds the task's creation.
    pub complete: bool,
    /// The time of the oldest change of the owner that the log holds.
    pub reaches_back_to: Option<DateTime<Utc>>,
}

/// Reads the changes of one task before the number `before`, newest first, at most `limit` of them. `None` if
/// the task is neither among the owner's tasks nor in the trash nor in the log.
///
/// It may read the owner's whole log, because an index on the task would cost every write a tenth.
pub async fn read_task(
    pool: &Pool,
    owner: &OwnerId,
    id: TaskId,
    before: Option<Seq>,
    limit: u16,
) -> sqlx::Result<Option<TaskChanges>> {
    let rows = sqlx::query!(
        r#"SELECT h.epoch, o.generation AS "generation?",
                  EXISTS (SELECT FROM tasks WHERE owner_id = $1 AND id = $2)
                  OR EXISTS (SELECT FROM trash WHERE owner_id = $1 AND id = $2 AND task IS NOT NULL)
                  OR EXISTS (SELECT FROM changes
                             WHERE owner_id = $1 AND subject_id = $2 AND kind = 'task.deleted') AS "known!",
                  EXISTS (SELECT FROM changes
                          WHERE owner_id = $1 AND subject_id = $2 AND kind = 'task.created') AS "complete!",
                  (SELECT changed_at FROM changes WHERE owner_id = $1 ORDER BY seq LIMIT 1) AS reaches_back_to,
                  c.seq AS "seq?: Seq", c.kind AS "kind?", c.changed_at AS "changed_at?", c.subject_id AS "subject_id?",
                  c.title, c.description, c.completed, c.completed_at, c.priority AS "priority: Priority", c.due_date,
                  c.due_time, c.due_time_zone, c.recurrence, c.labels, c.project_id AS "project_id: ProjectId",
                  c.parent_id AS "parent_id: TaskId", c.rank, c.created_at, c.project AS "project: Json<ProjectRow>"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT * FROM changes
               WHERE owner_id = $1 AND subject_id = $2 AND kind LIKE 'task.%'
                 AND seq < COALESCE($3, 9223372036854775807)
               ORDER BY seq DESC LIMIT $4
           ) c ON true
           ORDER BY c.seq DESC"#,
        owner.as_str(),
        id.as_uuid(),
        before.map(Seq::get),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;

    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    if !first.known {
        return Ok(None);
    }
    let history = History::new(first.epoch, first.generation);
    let (complete, reaches_back_to) = (first.complete, first.reaches_back_to);
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        if row.seq.is_some() {
            changes.push(change_row!(row).into_change(owner, history)?);
        }
    }
    Ok(Some(TaskChanges { changes, complete, reaches_back_to }))
}

#[cfg(test)]
mod tests;
