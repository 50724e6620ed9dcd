//! Reads the log. Changes, head and history come from one statement and so from one snapshot. So a page
//! shows by itself whether it continues a position without a gap.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::database::Pool;
use crate::model::{
    Change, ChangeKind, History, OwnerId, Position, ProjectId, ProjectRow, Seq, Subject, TaskId, TaskRow,
};

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
                  c.seq AS "seq?", c.kind AS "kind?", c.task_id AS "task_id?: TaskId", c.task AS "task: Json<TaskRow>",
                  c.project_id AS "project_id?: ProjectId", c.project AS "project: Json<ProjectRow>",
                  c.changed_at AS "at?"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT seq, kind, task_id, task, project_id, project, changed_at FROM task_changes
               WHERE owner_id = $1 AND seq > $2
               ORDER BY seq LIMIT $3
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
        let (Some(seq), Some(kind), Some(at)) = (row.seq, row.kind, row.at) else { continue };
        let row = ChangeRow {
            seq: Seq::new(seq),
            kind: parse_kind(&kind)?,
            changed_at: at,
            task_id: row.task_id,
            task: row.task.map(|Json(task)| task),
            project_id: row.project_id,
            project: row.project.map(|Json(project)| project),
        };
        changes.push(row.into_change(owner, history)?);
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
                  OR EXISTS (SELECT FROM task_changes WHERE owner_id = $1 AND task_id = $2) AS "known!",
                  EXISTS (SELECT FROM task_changes
                          WHERE owner_id = $1 AND task_id = $2 AND kind = 'task.created') AS "complete!",
                  (SELECT changed_at FROM task_changes WHERE owner_id = $1 ORDER BY seq LIMIT 1) AS reaches_back_to,
                  c.seq AS "seq?", c.kind AS "kind?", c.task AS "task: Json<TaskRow>", c.changed_at AS "at?"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT seq, kind, task, changed_at FROM task_changes
               WHERE owner_id = $1 AND task_id = $2 AND seq < COALESCE($3, 9223372036854775807)
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
        let (Some(seq), Some(kind), Some(at)) = (row.seq, row.kind, row.at) else { continue };
        let row = ChangeRow {
            seq: Seq::new(seq),
            kind: parse_kind(&kind)?,
            changed_at: at,
            task_id: Some(id),
            task: row.task.map(|Json(task)| task),
            project_id: None,
            project: None,
        };
        changes.push(row.into_change(owner, history)?);
    }
    Ok(Some(TaskChanges { changes, complete, reaches_back_to }))
}

/// A change as a row of the log. A change of a task has `task_id` and, unless it deleted the task, `task`;
/// a change of a project has the same for the project.
#[derive(Debug, Serialize)]
pub struct ChangeRow {
    pub seq: Seq,
    pub kind: ChangeKind,
    pub changed_at: DateTime<Utc>,
    pub task_id: Option<TaskId>,
    pub task: Option<TaskRow>,
    pub project_id: Option<ProjectId>,
    pub project: Option<ProjectRow>,
}

impl ChangeRow {
    /// The change of this row; an error if the columns do not fit its kind.
    pub fn into_change(self, owner: &OwnerId, history: History) -> sqlx::Result<Change> {
        let Self { seq, kind, changed_at, task_id, task, project_id, project } = self;
        let subject = if kind.is_deletion() {
            task_id.map(Subject::TaskId).or_else(|| project_id.map(Subject::ProjectId))
        } else {
            task.map(|task| Subject::Task(task.into_task(owner)))
                .or_else(|| project.map(|project| Subject::Project(project.into_project(owner))))
        };
        subject.and_then(|subject| Change::checked(history.at(seq), changed_at, kind, subject)).ok_or_else(|| {
            sqlx::Error::Decode(format!("change {seq} does not have the subject of {}", kind.name()).into())
        })
    }
}

impl From<&Change> for ChangeRow {
    fn from(change: &Change) -> Self {
        let row = Self {
            seq: change.seq(),
            kind: change.kind(),
            changed_at: change.at(),
            task_id: None,
            task: None,
            project_id: None,
            project: None,
        };
        match change.subject() {
            Subject::Task(task) => Self { task_id: Some(task.id), task: Some(task.into()), ..row },
            Subject::TaskId(id) => Self { task_id: Some(*id), ..row },
            Subject::Project(project) => Self { project_id: Some(project.id), project: Some(project.into()), ..row },
            Subject::ProjectId(id) => Self { project_id: Some(*id), ..row },
        }
    }
}

/// Parses the column `kind`.
pub fn parse_kind(name: &str) -> sqlx::Result<ChangeKind> {
    name.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
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
