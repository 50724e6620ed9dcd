//! Reads the log. Changes, head and history come from one statement and so from one snapshot. So a page
//! shows by itself whether it continues a position without a gap.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::row::change_row;
use crate::database::Pool;
use crate::model::{Change, History, OwnerId, Position, Priority, ProjectId, ProjectRow, Seq, TaskId};

/// A part of the log, from one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    pub history: History,
    /// The newest change of the owner in this snapshot.
    pub head: Seq,
    pub changes: Vec<Change>,
}

/// Why a position cannot be continued. The client must list again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The position belongs to another history: the database was restored, the user was deleted and has
    /// returned, or the position is another user's.
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
        if after.seq > self.head {
            return Err(ResetReason::AheadOfLog);
        }
        let complete = match self.changes.first() {
            None => after.seq == self.head,
            Some(first) => first.seq() == after.seq.next(),
        };
        if complete { Ok(self) } else { Err(ResetReason::Expired) }
    }

    /// The position of a client that was at `after` and has received this page.
    pub fn end(&self, after: Seq) -> Position {
        self.history.at(self.changes.last().map_or(after, Change::seq))
    }
}

/// Reads the owner's changes after `after`, at most `limit` of them.
pub async fn read(pool: &Pool, owner: &OwnerId, after: Seq, limit: u16) -> sqlx::Result<LogPage> {
    let rows = sqlx::query!(
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!",
                  c.seq AS "seq?: Seq", c.kind AS "kind?", c.changed_at AS "changed_at?", c.subject_id AS "subject_id?",
                  c.title, c.description, c.completed, c.completed_at, c.priority AS "priority: Priority", c.due_date,
                  c.due_time, c.due_time_zone, c.recurrence, c.labels, c.project_id AS "project_id: ProjectId",
                  c.parent_id AS "parent_id: TaskId", c.rank, c.created_at, c.project AS "project: Json<ProjectRow>"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT * FROM changes WHERE owner_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
           ) c ON true
           ORDER BY c.seq"#,
        owner.as_str(),
        after.get(),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;

    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let history = History::new(first.epoch, first.generation);
    let head = Seq::new(first.head);
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        // An empty page has one row without a change.
        if row.seq.is_some() {
            changes.push(change_row!(row).into_change(owner, history)?);
        }
    }
    Ok(LogPage { history, head, changes })
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
mod tests {
    use super::*;

    fn page(head: i64, seqs: &[i64]) -> LogPage {
        let history = History::new(1, Some(1));
        let changes = seqs
            .iter()
            .map(|seq| Change::task_deleted(history.at(Seq::new(*seq)), DateTime::UNIX_EPOCH, TaskId::new()))
            .collect();
        LogPage { history, head: Seq::new(head), changes }
    }

    fn outcome(page: LogPage, after: i64) -> Result<usize, ResetReason> {
        let after = page.history.at(Seq::new(after));
        page.continuing(after).map(|page| page.changes.len())
    }

    #[test]
    fn a_page_is_complete_when_no_change_is_missing() {
        assert_eq!(outcome(page(5, &[]), 5), Ok(0));
        assert_eq!(outcome(page(5, &[4, 5]), 3), Ok(2));
        assert_eq!(outcome(page(0, &[]), 0), Ok(0));
    }

    #[test]
    fn a_page_that_starts_late_or_is_empty_too_early_is_expired() {
        assert_eq!(outcome(page(5, &[4, 5]), 2), Err(ResetReason::Expired));
        assert_eq!(outcome(page(5, &[]), 4), Err(ResetReason::Expired));
    }

    #[test]
    fn a_position_ahead_of_the_log_or_of_another_history_is_rejected() {
        assert_eq!(outcome(page(5, &[]), 6), Err(ResetReason::AheadOfLog));
        let other = History::new(1, Some(2)).at(Seq::new(5));
        assert_eq!(page(5, &[]).continuing(other), Err(ResetReason::HistoryChanged));
    }

    proptest::proptest! {
        /// A log without its first `removed` changes is read after `after`. The page is accepted exactly
        /// when a client at `after` misses no change.
        #[test]
        fn a_page_is_accepted_iff_nothing_is_missing(
            head in 0..40_i64, removed in 0..40_i64, after in 0..45_i64, limit in 0..20_usize, same: bool,
        ) {
            let read: Vec<i64> = (removed.min(head) + 1..=head).filter(|seq| *seq > after).take(limit).collect();
            let page = page(head, &read);
            let history = if same { page.history } else { History::new(2, Some(1)) };
            let missing: Vec<i64> = (after + 1..=head).take(read.len().max(1)).filter(|seq| !read.contains(seq)).collect();
            let complete = same && after <= head && missing.is_empty();
            let result = page.clone().continuing(history.at(Seq::new(after)));
            proptest::prop_assert_eq!(result.is_ok(), complete);
            if let Ok(page) = result {
                let end = page.end(Seq::new(after));
                proptest::prop_assert_eq!(end.seq.get(), after + i64::try_from(read.len()).expect("few"));
            }
        }
    }
}
