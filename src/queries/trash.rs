//! Lists the trash. The statement takes the owner as its first parameter.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::database::Pool;
use crate::model::{History, OwnerId, Position, ProjectRow, Seq, TaskRow, TrashEntry, TrashId, TrashKind};

/// An entry of the trash as it is stored.
pub struct EntryRow {
    pub id: TrashId,
    pub deleted_at: DateTime<Utc>,
    task: Option<TaskRow>,
    project: Option<ProjectRow>,
    along: i64,
}

impl EntryRow {
    /// The entry, which expires after `retention`.
    pub fn into_entry(self, owner: &OwnerId, retention: Duration) -> TrashEntry {
        let Self { id, deleted_at, task, project, along } = self;
        TrashEntry {
            id,
            kind: if project.is_some() { TrashKind::Project } else { TrashKind::Task },
            deleted_at,
            expires_at: deleted_at + retention,
            task: task.map(|task| task.into_task(owner)),
            project: project.map(|project| project.into_project(owner)),
            along,
        }
    }
}

/// A page of entries, newest first, after the entry `after`; and the position of the same snapshot.
pub async fn list(
    pool: &Pool,
    owner: &OwnerId,
    after: Option<(DateTime<Utc>, TrashId)>,
    limit: u16,
) -> sqlx::Result<(Vec<EntryRow>, Position)> {
    let (before, before_id) = after.unzip();
    let rows = sqlx::query!(
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!: Seq",
                  o.last_at AS "last_at?",
                  t.id AS "id?: TrashId", t.deleted_at AS "deleted_at?", t.task AS "task: Json<TaskRow>",
                  t.project AS "project: Json<ProjectRow>", t.along AS "along?"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN LATERAL (
               SELECT id, deleted_at, task, project,
                      (SELECT count(*) - 1 FROM trash a WHERE a.owner_id = $1 AND a.root_id = r.id) AS along
               FROM trash r
               WHERE owner_id = $1 AND id = root_id
                 AND (deleted_at, id) < (COALESCE($2, 'infinity'::timestamptz),
                                         COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
               ORDER BY deleted_at DESC, id DESC LIMIT $4
           ) t ON true
           ORDER BY t.deleted_at DESC, t.id DESC"#,
        owner.as_str(),
        before,
        before_id.map(|id| id.as_uuid()),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = History::new(first.epoch, first.generation).head(first.head, first.last_at);
    let entries = rows.into_iter().filter_map(|row| {
        Some(EntryRow {
            id: row.id?,
            deleted_at: row.deleted_at?,
            task: row.task.map(|Json(task)| task),
            project: row.project.map(|Json(project)| project),
            along: row.along?,
        })
    });
    Ok((entries.collect(), position))
}
