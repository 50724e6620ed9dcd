//! Writes a plan.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::changes::ChangeInput;
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
    changes: Vec<ChangeInput>,
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
        changes: plan.changes.iter().map(ChangeInput::from).collect(),
    };
    put(transaction, inputs).await
}

/// Writes the plan of an import, of any size: one statement for each 2000 changes. Parents and projects are
/// created before their tasks. A task that was reopened for the sake of an imported one is written with each of
/// its changes.
pub async fn write_created(transaction: &mut Transaction<'_>, plan: &Plan<'_>) -> sqlx::Result<()> {
    let mut occurrences: HashMap<TaskId, Vec<OccurrenceInput>> = HashMap::new();
    for done in &plan.occurrences {
        occurrences.entry(done.task).or_default().push(occurrence_input(done));
    }
    let mut reopened: Vec<_> = plan.reopened.iter().map(occurrence_input).collect();
    for changes in plan.changes.chunks(CHANGES_PER_STATEMENT) {
        let Some(last) = changes.last() else { break };
        let tasks: BTreeSet<TaskId> = changes.iter().filter_map(Change::task).map(|task| task.id).collect();
        let projects = changes.iter().filter_map(Change::project);
        let inputs = Inputs {
            owner: plan.owner,
            head: last.seq(),
            at: last.at(),
            projects: projects.filter_map(|project| project_input(plan, project.id)).collect(),
            tasks: tasks.iter().filter_map(|id| task_input(plan, *id)).collect(),
            deleted_tasks: Vec::new(),
            deleted_projects: Vec::new(),
            trash: Vec::new(),
            out_of_trash: &[],
            occurrences: tasks.iter().filter_map(|id| occurrences.remove(id)).flatten().collect(),
            reopened: std::mem::take(&mut reopened),
            changes: changes.iter().map(ChangeInput::from).collect(),
        };
        put(transaction, inputs).await?;
    }
    Ok(())
}

async fn put(transaction: &mut Transaction<'_>, inputs: Inputs<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT taskwire_apply_plan($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
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
        Json(inputs.reopened) as _,
        Json(inputs.changes) as _,
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
