//! The SQL that reads the data of an export, row by row from one snapshot. Every statement takes the owner
//! as its first parameter.

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::{ExportedOccurrence, ExportedProject, ExportedTask};
use crate::database::{Pool, Snapshot};
use crate::model::{Due, History, Labels, OwnerId, Position, Priority, ProjectId, Recurrence, Seq, TaskId};

/// A task, and the values beyond [`ExportedTask`] that some formats write.
#[derive(Debug)]
pub struct ExportRow {
    pub task: ExportedTask,
    pub project_name: Option<String>,
    pub updated_at: DateTime<Utc>,
}

/// A time zone of dues, with the dates of the first and the last due in it.
#[derive(Debug)]
pub struct ZoneUse {
    pub name: String,
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// The owner's head in the snapshot.
pub async fn position(snapshot: &mut Snapshot, owner: &OwnerId) -> sqlx::Result<Position> {
    let row = sqlx::query!(
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!: Seq",
                  o.last_at AS "last_at?"
           FROM history h LEFT JOIN owners o ON o.owner_id = $1"#,
        owner.as_str(),
    )
    .fetch_one(snapshot)
    .await?;
    Ok(History::new(row.epoch, row.generation).head(row.head, row.last_at))
}

/// The projects in the user's order.
pub fn projects<'s>(snapshot: &'s mut Snapshot, owner: &'s OwnerId) -> BoxStream<'s, sqlx::Result<ExportedProject>> {
    sqlx::query!(
        r#"SELECT id AS "id: ProjectId", name, color, archived, created_at
           FROM projects WHERE owner_id = $1 ORDER BY rank, id"#,
        owner.as_str(),
    )
    .fetch(snapshot)
    .map(|row| {
        let row = row?;
        let created_at = Some(row.created_at);
        Ok(ExportedProject { id: row.id, name: row.name, color: row.color, archived: row.archived, created_at })
    })
    .boxed()
}

/// The tasks level by level, so that each comes after its parent. Tasks of one level are in the user's
/// order.
pub fn tasks<'s>(snapshot: &'s mut Snapshot, owner: &'s OwnerId) -> BoxStream<'s, sqlx::Result<ExportRow>> {
    sqlx::query!(
        r#"WITH RECURSIVE levels AS (
               SELECT id, 1 AS level FROM tasks WHERE owner_id = $1 AND parent_id IS NULL
               UNION ALL
               SELECT t.id, l.level + 1 FROM tasks t JOIN levels l ON t.parent_id = l.id WHERE t.owner_id = $1
           )
           SELECT t.id AS "id: TaskId", t.title, t.description, t.completed, t.completed_at,
                  t.priority AS "priority: Priority", t.due_date, t.due_time, t.due_time_zone, t.recurrence, t.labels,
                  t.project_id AS "project_id: ProjectId", t.parent_id AS "parent_id: TaskId", t.created_at,
                  t.updated_at, row_number() OVER (ORDER BY t.rank, t.id) AS "place!", p.name AS "project?",
                  o.dues, o.completions
           FROM levels l
           JOIN tasks t ON t.owner_id = $1 AND t.id = l.id
           LEFT JOIN projects p ON p.owner_id = $1 AND p.id = t.project_id
           LEFT JOIN LATERAL (
               SELECT array_agg(occurrence ORDER BY completed_at) AS dues,
                      array_agg(completed_at ORDER BY completed_at) AS completions
               FROM task_occurrences WHERE owner_id = $1 AND task_id = t.id
           ) o ON true
           ORDER BY l.level, t.rank, t.id"#,
        owner.as_str(),
    )
    .fetch(snapshot)
    .map(|row| {
        let row = row?;
        let occurrences = row.dues.into_iter().flatten().zip(row.completions.into_iter().flatten());
        let task = ExportedTask {
            id: row.id,
            title: row.title,
            description: row.description,
            completed: row.completed,
            completed_at: row.completed_at,
            priority: row.priority,
            due: row.due_date.map(|date| Due::from_parts(date, row.due_time, row.due_time_zone.as_deref())),
            recurrence: row.recurrence.map(Recurrence::from_column),
            labels: Labels::from_column(row.labels),
            project_id: row.project_id,
            parent_id: row.parent_id,
            order: u32::try_from(row.place).ok(),
            created_at: Some(row.created_at),
            occurrences: occurrences.map(|(due, completed_at)| ExportedOccurrence { due, completed_at }).collect(),
        };
        Ok(ExportRow { task, project_name: row.project, updated_at: row.updated_at })
    })
    .boxed()
}

/// The time zones of all dues, which a calendar must define.
pub async fn zones(snapshot: &mut Snapshot, owner: &OwnerId) -> sqlx::Result<Vec<ZoneUse>> {
    sqlx::query_as!(
        ZoneUse,
        r#"SELECT due_time_zone AS "name!", min(due_date) AS "first!", max(due_date) AS "last!"
           FROM tasks WHERE owner_id = $1 AND due_time_zone IS NOT NULL GROUP BY due_time_zone ORDER BY due_time_zone"#,
        owner.as_str(),
    )
    .fetch_all(snapshot)
    .await
}

/// The names and ids of all projects, in reverse order: a map by name keeps the first of several projects
/// with the same name.
pub async fn project_names(pool: &Pool, owner: &OwnerId) -> sqlx::Result<Vec<(String, ProjectId)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ProjectId", name FROM projects WHERE owner_id = $1 ORDER BY rank DESC"#,
        owner.as_str(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.id)).collect())
}
