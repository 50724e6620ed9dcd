//! The SQL of plans: one statement locks the owner, a few read what the operations can touch, and
//! one writes all that was planned, whatever the number of operations.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::Named;
use super::operations::{Operation, Outcome};
use super::plan::{Occurrence, Plan};
use super::requests::BatchResult;
use super::state::{Body, State, Trashed};
use crate::auth::OwnerId;
use crate::changes::{Event, History, Seq};
use crate::database::Transaction;
use crate::projects::{ProjectId, ProjectRow};
use crate::tasks::{Priority, Rank, TaskId, TaskRow, task_row};

/// How many tasks on each side of a crowded place are read; more than are ever crowded, since
/// ranks are shortened as soon as one is long.
const CROWD: i64 = 256;
/// How many changes of an import are written by one statement.
const AT_ONCE: usize = 2000;

/// The owner's row, locked until the transaction ends.
pub struct Locked {
    pub history: History,
    pub head: Seq,
    /// Not earlier than any change before.
    pub at: DateTime<Utc>,
}

/// Locks the owner, whose row is made where this is the first write.
pub async fn lock(transaction: &mut Transaction<'_>, owner: &OwnerId) -> sqlx::Result<Locked> {
    loop {
        let row = sqlx::query!(
            r#"SELECT h.epoch, o.generation, o.last_seq AS "last_seq: Seq",
                      GREATEST(clock_timestamp(), o.last_at) AS "at!"
               FROM owners o, history h WHERE o.owner_id = $1 FOR NO KEY UPDATE OF o"#,
            owner.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(row) = row {
            let history = History::new(row.epoch, Some(row.generation));
            return Ok(Locked { history, head: row.last_seq, at: row.at });
        }
        sqlx::query!(
            "INSERT INTO owners (owner_id, last_seq, last_at) VALUES ($1, 0, clock_timestamp()) ON CONFLICT DO NOTHING",
            owner.as_str(),
        )
        .execute(&mut *transaction)
        .await?;
    }
}

/// Reads what the operations can touch. To be called under the owner's lock, in a statement after
/// the one that took it: only then is the snapshot younger than every commit before.
pub async fn load(transaction: &mut Transaction<'_>, owner: &OwnerId, operations: &[Operation]) -> sqlx::Result<State> {
    let mut state = State::default();
    let restored: Vec<Uuid> = operations.iter().filter_map(Operation::trashed).collect();
    if !restored.is_empty() {
        state.trash = trash(transaction, owner, &restored).await?;
    }
    let mut ids: Vec<Uuid> = operations.iter().flat_map(Operation::tasks).map(|id| id.as_uuid()).collect();
    ids.extend(state.trash.iter().filter_map(|trashed| match &trashed.body {
        Body::Task(task) => task.parent_id.map(|id| id.as_uuid()),
        Body::Project(_) => None,
    }));
    let trees: Vec<Uuid> = operations.iter().filter_map(Operation::tree).map(|id| id.as_uuid()).collect();
    let whole: Vec<Uuid> = operations.iter().filter_map(Operation::whole_project).map(|id| id.as_uuid()).collect();
    if !(ids.is_empty() && whole.is_empty()) {
        tasks(transaction, owner, &ids, &trees, &whole, &mut state).await?;
    }
    let all_projects = operations.iter().any(|operation| {
        matches!(
            operation,
            Operation::CreateProject(_)
                | Operation::UpdateProject { .. }
                | Operation::DeleteProject { .. }
                | Operation::Restore(_)
                | Operation::ImportProject(_)
        )
    });
    let named: Vec<Uuid> = operations.iter().flat_map(Operation::projects).map(|id| id.as_uuid()).collect();
    if all_projects || !named.is_empty() {
        projects(transaction, owner, (!all_projects).then_some(&named[..]), &mut state).await?;
    }
    let ranks: Vec<String> = state
        .trash
        .iter()
        .filter_map(|trashed| match &trashed.body {
            Body::Task(task) => Some(task.rank.clone()),
            Body::Project(_) => None,
        })
        .collect();
    let anchors: Vec<Uuid> = operations.iter().filter_map(Operation::anchor).map(|id| id.as_uuid()).collect();
    if !(ranks.is_empty() && anchors.is_empty()) {
        neighbours(transaction, owner, &anchors, &ranks, &mut state).await?;
        if state.is_crowded() {
            crowds(transaction, owner, &anchors, &mut state).await?;
        }
    }
    let chosen: Vec<Uuid> = operations.iter().filter_map(Operation::chosen_id).collect();
    if !chosen.is_empty() {
        state.gone = gone(transaction, owner, &chosen).await?;
    }
    Ok(state)
}

/// The tasks named, all above them, and all below those in `trees` and in `whole` projects.
async fn tasks(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    ids: &[Uuid],
    trees: &[Uuid],
    whole: &[Uuid],
    state: &mut State,
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent_id FROM tasks WHERE owner_id = $1 AND id = ANY ($2)
               UNION
               SELECT t.id, t.parent_id FROM tasks t JOIN up ON t.id = up.parent_id WHERE t.owner_id = $1
           ), down AS (
               SELECT id FROM tasks WHERE owner_id = $1 AND id = ANY ($3)
               UNION
               SELECT t.id FROM tasks t JOIN down ON t.parent_id = down.id WHERE t.owner_id = $1
           ), named AS (
               SELECT id FROM up UNION SELECT id FROM down
               UNION SELECT id FROM tasks WHERE owner_id = $1 AND project_id = ANY ($4)
           )
           SELECT t.id AS "id: TaskId", t.title, t.description, t.completed, t.completed_at,
                  t.priority AS "priority: Priority", t.due_date, t.due_time, t.due_time_zone, t.recurrence, t.labels,
                  t.project_id AS "project_id: ProjectId", t.parent_id AS "parent_id: TaskId", t.rank, t.created_at,
                  t.updated_at, t.version AS "version: Seq", t.request_digest,
                  CASE WHEN t.recurrence IS NOT NULL THEN (
                      SELECT max(completed_at) FROM task_occurrences o WHERE o.owner_id = $1 AND o.task_id = t.id
                  ) END AS last_completion
           FROM tasks t JOIN named USING (id) WHERE t.owner_id = $1"#,
        owner.as_str(),
        ids,
        trees,
        whole,
    )
    .fetch_all(transaction)
    .await?;
    for row in rows {
        let (digest, last_completion) = (row.request_digest, row.last_completion);
        state.know_task(task_row!(row), digest, last_completion);
    }
    Ok(())
}

async fn projects(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    only: Option<&[Uuid]>,
    state: &mut State,
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ProjectId", name, color, archived, rank, created_at, updated_at, version AS "version: Seq",
                  request_digest
           FROM projects WHERE owner_id = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2))"#,
        owner.as_str(),
        only,
    )
    .fetch_all(transaction)
    .await?;
    for row in rows {
        if let Some(digest) = row.request_digest {
            state.digests.insert(row.id.as_uuid(), digest);
        }
        state.put_project(ProjectRow {
            id: row.id,
            name: row.name,
            color: row.color,
            archived: row.archived,
            rank: row.rank,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        });
    }
    Ok(())
}

async fn trash(transaction: &mut Transaction<'_>, owner: &OwnerId, roots: &[Uuid]) -> sqlx::Result<Vec<Trashed>> {
    let rows = sqlx::query!(
        r#"SELECT root_id, deleted_at, task AS "task: Json<TaskRow>", project AS "project: Json<ProjectRow>",
                  request_digest
           FROM trash WHERE owner_id = $1 AND root_id = ANY ($2)"#,
        owner.as_str(),
        roots,
    )
    .fetch_all(transaction)
    .await?;
    let trashed = rows.into_iter().filter_map(|row| {
        let body = match (row.task, row.project) {
            (Some(Json(task)), _) => Body::Task(task),
            (None, Some(Json(project))) => Body::Project(project),
            (None, None) => return None,
        };
        Some(Trashed { root: row.root_id, deleted_at: row.deleted_at, body, digest: row.request_digest })
    });
    Ok(trashed.collect())
}

/// The ranks right before and after each anchor, and those of `ranks` that are taken.
async fn neighbours(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    anchors: &[Uuid],
    ranks: &[String],
    state: &mut State,
) -> sqlx::Result<()> {
    let found = sqlx::query_scalar!(
        r#"SELECT near.rank AS "rank!"
           FROM tasks a, unnest(ARRAY[false, true]) AS done (yes),
                LATERAL (
                    (SELECT rank FROM tasks WHERE owner_id = $1 AND completed = done.yes AND rank < a.rank
                     ORDER BY rank DESC LIMIT 1)
                    UNION ALL
                    (SELECT rank FROM tasks WHERE owner_id = $1 AND completed = done.yes AND rank > a.rank
                     ORDER BY rank LIMIT 1)
                ) near
           WHERE a.owner_id = $1 AND a.id = ANY ($2)
           UNION
           SELECT rank FROM tasks WHERE owner_id = $1 AND completed IN (false, true) AND rank = ANY ($3)"#,
        owner.as_str(),
        anchors,
        ranks,
    )
    .fetch_all(transaction)
    .await?;
    for rank in found {
        state.know_task_rank(Rank::stored(rank));
    }
    Ok(())
}

/// All tasks around each anchor, because ranks have to be shortened there.
async fn crowds(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    anchors: &[Uuid],
    state: &mut State,
) -> sqlx::Result<()> {
    for anchor in anchors {
        let found = sqlx::query!(
            r#"WITH a AS (SELECT rank FROM tasks WHERE owner_id = $1 AND id = $2),
                    lower AS (
                        SELECT t.id, t.rank FROM a, unnest(ARRAY[false, true]) AS done (yes), LATERAL (
                            SELECT id, rank FROM tasks
                            WHERE owner_id = $1 AND completed = done.yes AND tasks.rank <= a.rank
                            ORDER BY tasks.rank DESC LIMIT $3
                        ) t ORDER BY t.rank DESC LIMIT $3
                    ), upper AS (
                        SELECT t.id, t.rank FROM a, unnest(ARRAY[false, true]) AS done (yes), LATERAL (
                            SELECT id, rank FROM tasks
                            WHERE owner_id = $1 AND completed = done.yes AND tasks.rank > a.rank
                            ORDER BY tasks.rank LIMIT $3
                        ) t ORDER BY t.rank LIMIT $3
                    )
               SELECT id AS "id!", rank AS "rank!", true AS "lower!" FROM lower
               UNION ALL SELECT id, rank, false FROM upper
               ORDER BY 2"#,
            owner.as_str(),
            anchor,
            CROWD + 1,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let full =
            |lower| i64::try_from(found.iter().filter(|row| row.lower == lower).count()).is_ok_and(|n| n > CROWD);
        // Of a side that is full, the outermost is the bound.
        let bound = |row: Option<&_>, full: bool| -> Option<Rank> {
            let row: Option<&(Uuid, String)> = row;
            row.filter(|_| full).map(|(_, rank)| Rank::stored(rank.clone()))
        };
        let (below, above) = (full(true), full(false));
        let run: Vec<(Uuid, String)> = found.into_iter().map(|row| (row.id, row.rank)).collect();
        state.know_all_between(bound(run.first(), below), bound(run.last(), above));
        let ids: Vec<Uuid> = run.into_iter().map(|(id, _)| id).collect();
        tasks(transaction, owner, &ids, &[], &[], state).await?;
    }
    Ok(())
}

async fn gone(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    ids: &[Uuid],
) -> sqlx::Result<std::collections::HashSet<Uuid>> {
    let gone = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM unnest($2::uuid[]) AS id
           WHERE EXISTS (SELECT FROM trash t WHERE t.owner_id = $1 AND t.id = id.id)
              OR EXISTS (SELECT FROM task_changes c
                         WHERE c.owner_id = $1 AND c.task_id = id.id AND c.kind = 'task.deleted')
              OR EXISTS (SELECT FROM task_changes c
                         WHERE c.owner_id = $1 AND c.project_id = id.id AND c.kind = 'project.deleted')"#,
        owner.as_str(),
        ids,
    )
    .fetch_all(transaction)
    .await?;
    Ok(gone.into_iter().collect())
}

/// A task as `write` takes it.
#[derive(Serialize)]
struct TaskInput<'a> {
    #[serde(flatten)]
    row: &'a TaskRow,
    due_at: Option<DateTime<Utc>>,
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
    occurrence: chrono::NaiveDateTime,
    completed_at: DateTime<Utc>,
}

/// All that a plan comes to, as the statement takes it.
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
    changes: Vec<ChangeInput>,
}

/// Writes what was planned, in one statement.
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
        changes: plan.changes.iter().map(change_input).collect(),
    };
    put(transaction, inputs).await
}

/// The same for a plan that creates and does nothing else, however much: a statement for each few
/// thousand changes. What others depend on has been created before them.
pub async fn write_created(transaction: &mut Transaction<'_>, plan: &Plan<'_>) -> sqlx::Result<()> {
    let mut occurrences: HashMap<TaskId, Vec<OccurrenceInput>> = HashMap::new();
    for done in &plan.occurrences {
        occurrences.entry(done.task).or_default().push(occurrence_input(done));
    }
    for changes in plan.changes.chunks(AT_ONCE) {
        let Some(last) = changes.last() else { break };
        let tasks = || changes.iter().filter_map(|change| change.event.task()).map(|task| task.id);
        let projects = changes.iter().filter_map(|change| match &change.event {
            Event::ProjectCreated(project) => project_input(plan, project.id),
            _ => None,
        });
        let inputs = Inputs {
            owner: plan.owner,
            head: last.seq,
            at: last.at,
            projects: projects.collect(),
            tasks: tasks().filter_map(|id| task_input(plan, id)).collect(),
            deleted_tasks: Vec::new(),
            deleted_projects: Vec::new(),
            trash: Vec::new(),
            out_of_trash: &[],
            occurrences: tasks().filter_map(|id| occurrences.remove(&id)).flatten().collect(),
            changes: changes.iter().map(change_input).collect(),
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
                      due_at, recurrence, labels, project_id, parent_id, rank, created_at, updated_at, version,
                      decode(digest, 'hex')
               FROM jsonb_to_recordset($5::jsonb) AS t (id uuid, title text, description text, completed boolean,
                    completed_at timestamptz, priority smallint, due_date date, due_time time, due_time_zone text,
                    due_at timestamptz, recurrence text, labels text[], project_id uuid, parent_id uuid, rank text,
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
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// A batch of this name that was applied before: its digest, and its results with the tasks as
/// they now are.
pub async fn batch_before(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    id: Uuid,
) -> sqlx::Result<Option<(Vec<u8>, Vec<BatchResult>)>> {
    let found = sqlx::query!(
        r#"SELECT digest, results AS "results: Json<Vec<BatchResult>>" FROM batches WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let Json(mut results) = row.results;
    let ids: Vec<Uuid> = results.iter().filter_map(|result| result.task_id).map(|id| id.as_uuid()).collect();
    let mut state = State::default();
    tasks(transaction, owner, &ids, &[], &[], &mut state).await?;
    for result in results.iter_mut().filter(|result| result.status < 204) {
        let row = result.task_id.and_then(|id| state.tasks.get(&id));
        result.task = row.map(|row| row.clone().of(owner));
    }
    Ok(Some((row.digest, results)))
}

/// Remembers what became of a batch, but for the tasks themselves.
pub async fn note_batch(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    name: Named,
    outcomes: &[Outcome],
) -> sqlx::Result<()> {
    let results: Vec<BatchResult> =
        outcomes.iter().map(|outcome| BatchResult { task: None, ..BatchResult::from(outcome.clone()) }).collect();
    sqlx::query!(
        "INSERT INTO batches (owner_id, id, digest, results, applied_at) VALUES ($1, $2, $3, $4, clock_timestamp())",
        owner.as_str(),
        name.id,
        name.digest.as_slice(),
        Json(results) as _,
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
    let due_at = row.due().map(|due| due.instant());
    Some(TaskInput { due_at, digest: digest_of(plan, id.as_uuid()), row })
}

fn project_input<'a>(plan: &'a Plan<'_>, id: ProjectId) -> Option<ProjectInput<'a>> {
    let row = plan.state.projects.get(&id)?;
    Some(ProjectInput { digest: digest_of(plan, id.as_uuid()), row })
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

fn change_input(change: &crate::changes::Change) -> ChangeInput {
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
