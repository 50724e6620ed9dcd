//! Writing what was planned.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::batch::plan::Plan;
use crate::batch::state::Body;
use crate::changes::{Change, Event, Seq};
use crate::database::Transaction;
use crate::projects::{ProjectId, ProjectRow};
use crate::tasks::{TaskId, TaskRow};

/// A task as `write` takes it.
#[derive(Serialize)]
struct TaskInput<'a> {
    #[serde(flatten)]
    row: &'a TaskRow,
    /// In seconds: the last instants are in a year of five digits, which JSON and Postgres spell
    /// differently.
    due_at: Option<i64>,
    digest: Option<String>,
}

#[derive(Serialize)]
struct ProjectInput<'a> {
    #[serde(flatten)]
    row: &'a ProjectRow,
    digest: Option<String>,
}

#[derive(Serialize)]
struct TrashInput<'a> {
    id: Uuid,
    root_id: Uuid,
    deleted_at: DateTime<Utc>,
    task: Option<&'a TaskRow>,
    project: Option<&'a ProjectRow>,
    digest: Option<String>,
}

#[derive(Serialize)]
struct ChangeInput {
    seq: Seq,
    kind: &'static str,
    changed_at: DateTime<Utc>,
    task_id: Option<TaskId>,
    task: Option<TaskRow>,
    project_id: Option<ProjectId>,
    project: Option<ProjectRow>,
}

#[derive(Serialize)]
struct OccurrenceInput {
    task_id: TaskId,
    occurrence: NaiveDateTime,
    completed_at: DateTime<Utc>,
}

/// Writes what was planned, in one statement.
#[expect(clippy::too_many_lines, reason = "most of it is the statement")]
pub async fn write(transaction: &mut Transaction<'_>, plan: &Plan<'_>) -> sqlx::Result<()> {
    let hex = |id: Uuid| plan.state.digests.get(&id).map(|digest| to_hex(digest));
    let tasks: Vec<TaskInput<'_>> = plan
        .written_tasks
        .iter()
        .filter_map(|id| plan.state.tasks.get(id))
        .map(|row| TaskInput {
            due_at: row.due().map(|due| due.instant().timestamp()),
            digest: hex(row.id.as_uuid()),
            row,
        })
        .collect();
    let projects: Vec<ProjectInput<'_>> = plan
        .written_projects
        .iter()
        .filter_map(|id| plan.state.projects.get(id))
        .map(|row| ProjectInput { digest: hex(row.id.as_uuid()), row })
        .collect();
    let trash: Vec<TrashInput<'_>> = plan
        .into_trash
        .iter()
        .map(|trashed| {
            let (task, project) = match &trashed.body {
                Body::Task(task) => (Some(task), None),
                Body::Project(project) => (None, Some(project)),
            };
            let digest = trashed.digest.as_deref().map(to_hex);
            TrashInput {
                id: trashed.id(),
                root_id: trashed.root,
                deleted_at: trashed.deleted_at,
                task,
                project,
                digest,
            }
        })
        .collect();
    let changes: Vec<ChangeInput> = plan.changes.iter().map(change_input).collect();
    let occurrences: Vec<OccurrenceInput> = plan
        .occurrences
        .iter()
        .map(|done| OccurrenceInput { task_id: done.task, occurrence: done.due, completed_at: done.completed_at })
        .collect();
    let deleted_tasks: Vec<Uuid> = plan.deleted_tasks.iter().map(TaskId::as_uuid).collect();
    let deleted_projects: Vec<Uuid> = plan.deleted_projects.iter().map(ProjectId::as_uuid).collect();
    sqlx::query!(
        r#"WITH head AS (
               UPDATE owners SET last_seq = $2, last_at = $3 WHERE owner_id = $1
           ), put_projects AS (
               INSERT INTO projects (owner_id, id, name, color, archived, rank, created_at, updated_at, version,
                                     request_digest)
               SELECT $1, id, name, color, archived, rank, created_at, updated_at, version, decode(digest, 'hex')
               FROM jsonb_to_recordset($4::jsonb) AS p (id uuid, name text, color text, archived boolean, rank text,
                    created_at timestamptz, updated_at timestamptz, version bigint, digest text)
               ON CONFLICT (owner_id, id) DO UPDATE
                   SET name = excluded.name, color = excluded.color, archived = excluded.archived,
                       rank = excluded.rank, updated_at = excluded.updated_at, version = excluded.version
           ), put_tasks AS (
               INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date,
                                  due_time, due_time_zone, due_at, recurrence, labels, project_id, parent_id, rank,
                                  created_at, updated_at, version, request_digest)
               SELECT $1, id, title, description, completed, completed_at, priority, due_date, due_time, due_time_zone,
                      to_timestamp(due_at), recurrence, labels, project_id, parent_id, rank, created_at, updated_at,
                      version, decode(digest, 'hex')
               FROM jsonb_to_recordset($5::jsonb) AS t (id uuid, title text, description text, completed boolean,
                    completed_at timestamptz, priority smallint, due_date date, due_time time, due_time_zone text,
                    due_at double precision, recurrence text, labels text[], project_id uuid, parent_id uuid, rank text,
                    created_at timestamptz, updated_at timestamptz, version bigint, digest text)
               ON CONFLICT (owner_id, id) DO UPDATE
                   SET title = excluded.title, description = excluded.description, completed = excluded.completed,
                       completed_at = excluded.completed_at, priority = excluded.priority,
                       due_date = excluded.due_date, due_time = excluded.due_time,
                       due_time_zone = excluded.due_time_zone, due_at = excluded.due_at,
                       recurrence = excluded.recurrence, labels = excluded.labels, project_id = excluded.project_id,
                       parent_id = excluded.parent_id, rank = excluded.rank, updated_at = excluded.updated_at,
                       version = excluded.version
           ), gone_tasks AS (
               DELETE FROM tasks WHERE owner_id = $1 AND id = ANY ($6)
           ), gone_projects AS (
               DELETE FROM projects WHERE owner_id = $1 AND id = ANY ($7)
           ), into_trash AS (
               INSERT INTO trash (owner_id, id, root_id, deleted_at, task, project, request_digest)
               SELECT $1, id, root_id, deleted_at, task, project, decode(digest, 'hex')
               FROM jsonb_to_recordset($8::jsonb) AS t (id uuid, root_id uuid, deleted_at timestamptz, task jsonb,
                    project jsonb, digest text)
           ), out_of_trash AS (
               DELETE FROM trash WHERE owner_id = $1 AND id = ANY ($9)
           ), occurrences AS (
               INSERT INTO task_occurrences (owner_id, task_id, occurrence, completed_at)
               SELECT $1, task_id, occurrence, completed_at
               FROM jsonb_to_recordset($10::jsonb) AS o (task_id uuid, occurrence timestamp, completed_at timestamptz)
           )
           INSERT INTO task_changes (owner_id, seq, kind, task_id, task, project_id, project, changed_at)
           SELECT $1, seq, kind, task_id, task, project_id, project, changed_at
           FROM jsonb_to_recordset($11::jsonb) AS c (seq bigint, kind text, task_id uuid, task jsonb, project_id uuid,
                project jsonb, changed_at timestamptz)"#,
        plan.owner.as_str(),
        plan.head.get(),
        plan.at,
        Json(projects) as _,
        Json(tasks) as _,
        &deleted_tasks,
        &deleted_projects,
        Json(trash) as _,
        &plan.out_of_trash,
        Json(occurrences) as _,
        Json(changes) as _,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn change_input(change: &Change) -> ChangeInput {
    let (seq, changed_at) = (change.seq, change.at);
    let empty =
        |kind| ChangeInput { seq, kind, changed_at, task_id: None, task: None, project_id: None, project: None };
    match &change.event {
        Event::TaskCreated(task) | Event::TaskUpdated(task) | Event::TaskRestored(task) => {
            ChangeInput { task_id: Some(task.id), task: Some(task.into()), ..empty(change.event.kind()) }
        }
        Event::TaskDeleted(id) => ChangeInput { task_id: Some(*id), ..empty(change.event.kind()) },
        Event::ProjectCreated(project) | Event::ProjectUpdated(project) | Event::ProjectRestored(project) => {
            ChangeInput { project_id: Some(project.id), project: Some(project.into()), ..empty(change.event.kind()) }
        }
        Event::ProjectDeleted(id) => ChangeInput { project_id: Some(*id), ..empty(change.event.kind()) },
    }
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
