//! Writes a plan.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::changes::log::ChangeRow;
use crate::database::Transaction;
use crate::engine::plan::{Occurrence, Plan};
use crate::engine::state::{Body, Trashed};
use crate::model::{Change, OwnerId, ProjectId, ProjectRow, Seq, TaskId, TaskRow};

/// How many changes of an import one statement writes.
const CHANGES_PER_STATEMENT: usize = 2000;

/// A task as the statement takes it.
#[derive(Serialize)]
struct TaskInput<'a> {
    #[serde(flatten)]
    row: &'a TaskRow,
    /// In seconds since 1970: the last instants are in the year 10000, which JSON and Postgres write differently.
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
struct OccurrenceInput {
    task_id: TaskId,
    occurrence: NaiveDateTime,
    completed_at: DateTime<Utc>,
}

/// A plan, or a part of one, as the statement takes it.
struct Inputs<'a> {
    owner: &'a OwnerId,
    head: Seq,
    at: DateTime<Utc>,
    projects: Vec<ProjectInput<'a>>,
    tasks: Vec<TaskInput<'a>>,
    deleted_tasks: Vec<Uuid>,
    deleted_projects: Vec<Uuid>,
    trash: Vec<TrashInput<'a>>,
    out_of_trash: &'a [Uuid],
    occurrences: Vec<OccurrenceInput>,
    reopened: Vec<OccurrenceInput>,
    changes: Vec<ChangeRow>,
}

/// Writes a plan in one statement.
pub async fn write(transaction: &mut Transaction<'_>, plan: &Plan<'_>) -> sqlx::Result<()> {
    let inputs = Inputs {
        owner: plan.owner,
        head: plan.head,
        at: plan.at,
        projects: plan.written_projects.iter().filter_map(|id| project_input(plan, *id)).collect(),
        tasks: plan.written_tasks.iter().filter_map(|id| task_input(plan, *id)).collect(),
        deleted_tasks: plan.deleted_tasks.iter().map(TaskId::as_uuid).collect(),
        deleted_projects: plan.deleted_projects.iter().map(ProjectId::as_uuid).collect(),
        trash: plan.into_trash.iter().map(trash_input).collect(),
        out_of_trash: &plan.out_of_trash,
        occurrences: plan.occurrences.iter().map(occurrence_input).collect(),
        reopened: plan.reopened.iter().map(occurrence_input).collect(),
        changes: plan.changes.iter().map(ChangeRow::from).collect(),
    };
    put(transaction, inputs).await
}

/// Writes a plan that only creates, of any size: one statement for each 2000 changes. Parents and projects are
/// created before their tasks.
pub async fn write_created(transaction: &mut Transaction<'_>, plan: &Plan<'_>) -> sqlx::Result<()> {
    let mut occurrences: HashMap<TaskId, Vec<OccurrenceInput>> = HashMap::new();
    for done in &plan.occurrences {
        occurrences.entry(done.task).or_default().push(occurrence_input(done));
    }
    for changes in plan.changes.chunks(CHANGES_PER_STATEMENT) {
        let Some(last) = changes.last() else { break };
        let tasks = || changes.iter().filter_map(Change::task).map(|task| task.id);
        let projects = changes.iter().filter_map(Change::project);
        let inputs = Inputs {
            owner: plan.owner,
            head: last.seq(),
            at: last.at(),
            projects: projects.filter_map(|project| project_input(plan, project.id)).collect(),
            tasks: tasks().filter_map(|id| task_input(plan, id)).collect(),
            deleted_tasks: Vec::new(),
            deleted_projects: Vec::new(),
            trash: Vec::new(),
            out_of_trash: &[],
            occurrences: tasks().filter_map(|id| occurrences.remove(&id)).flatten().collect(),
            reopened: Vec::new(),
            changes: changes.iter().map(ChangeRow::from).collect(),
        };
        put(transaction, inputs).await?;
    }
    Ok(())
}

async fn put(transaction: &mut Transaction<'_>, inputs: Inputs<'_>) -> sqlx::Result<()> {
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
               ON CONFLICT DO NOTHING
           ), undone AS (
               DELETE FROM task_occurrences o
               USING jsonb_to_recordset($12::jsonb) AS u (task_id uuid, occurrence timestamp, completed_at timestamptz)
               WHERE o.owner_id = $1 AND o.task_id = u.task_id AND o.completed_at = u.completed_at
                 AND o.occurrence = u.occurrence
           )
           INSERT INTO task_changes (owner_id, seq, kind, task_id, task, project_id, project, changed_at)
           SELECT $1, seq, kind, task_id, task, project_id, project, changed_at
           FROM jsonb_to_recordset($11::jsonb) AS c (seq bigint, kind text, task_id uuid, task jsonb, project_id uuid,
                project jsonb, changed_at timestamptz)"#,
        inputs.owner.as_str(),
        inputs.head.get(),
        inputs.at,
        Json(inputs.projects) as _,
        Json(inputs.tasks) as _,
        &inputs.deleted_tasks,
        &inputs.deleted_projects,
        Json(inputs.trash) as _,
        inputs.out_of_trash,
        Json(inputs.occurrences) as _,
        Json(inputs.changes) as _,
        Json(inputs.reopened) as _,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn digest_of(plan: &Plan<'_>, id: Uuid) -> Option<String> {
    plan.state.digests.get(&id).map(|digest| to_hex(digest))
}

fn task_input<'a>(plan: &'a Plan<'_>, id: TaskId) -> Option<TaskInput<'a>> {
    let row = plan.state.tasks.get(&id)?;
    let due_at = row.due().map(|due| due.instant().timestamp());
    Some(TaskInput { row, due_at, digest: digest_of(plan, id.as_uuid()) })
}

fn project_input<'a>(plan: &'a Plan<'_>, id: ProjectId) -> Option<ProjectInput<'a>> {
    let row = plan.state.projects.get(&id)?;
    Some(ProjectInput { row, digest: digest_of(plan, id.as_uuid()) })
}

fn trash_input(trashed: &Trashed) -> TrashInput<'_> {
    let (task, project) = match &trashed.body {
        Body::Task(task) => (Some(task), None),
        Body::Project(project) => (None, Some(project)),
    };
    let digest = trashed.digest.as_deref().map(to_hex);
    TrashInput { id: trashed.id(), root_id: trashed.root, deleted_at: trashed.deleted_at, task, project, digest }
}

fn occurrence_input(done: &Occurrence) -> OccurrenceInput {
    OccurrenceInput { task_id: done.task, occurrence: done.due, completed_at: done.completed_at }
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
