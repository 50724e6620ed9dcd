//! Reads what operations can touch, under the owner's lock.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sqlx::types::Json;
use uuid::Uuid;

use super::completions::completions;
use crate::database::Transaction;
use crate::engine::Operation;
use crate::engine::state::{Body, State, Trashed};
use crate::model::task::task_row;
use crate::model::{OwnerId, Priority, ProjectId, ProjectRow, Rank, Seq, TaskId, TaskRow};

/// How many tasks are read on each side of a place where ranks are long. That is more than can have long ranks,
/// because ranks are shortened as soon as one is long.
const AROUND: i64 = 256;

/// Reads what the operations can touch. Call it after the statement that locked the owner: only then does the
/// snapshot contain every earlier commit of the owner.
pub async fn load(transaction: &mut Transaction<'_>, owner: &OwnerId, operations: &[Operation]) -> sqlx::Result<State> {
    let mut state = State::default();
    let restored: Vec<Uuid> = operations.iter().filter_map(Operation::trash_entry).collect();
    if !restored.is_empty() {
        state.trash = trash(transaction, owner, &restored).await?;
        if !restored.iter().all(|id| state.trash.iter().any(|trashed| trashed.id() == *id)) {
            state.deleted_with = roots(transaction, owner, &restored).await?;
        }
    }
    let mut ids: Vec<Uuid> = operations.iter().flat_map(Operation::tasks).map(|id| id.as_uuid()).collect();
    ids.extend(state.trash.iter().filter_map(|trashed| match &trashed.body {
        Body::Task(task) => task.parent_id.map(|id| id.as_uuid()),
        Body::Project(_) => None,
    }));
    let subtrees: Vec<Uuid> = operations.iter().filter_map(Operation::subtree).map(|id| id.as_uuid()).collect();
    let project_contents: Vec<Uuid> =
        operations.iter().filter_map(Operation::project_contents).map(|id| id.as_uuid()).collect();
    if !(ids.is_empty() && project_contents.is_empty()) {
        let wanted = Wanted { ids: &ids, subtrees: &subtrees, project_contents: &project_contents };
        tasks(transaction, owner, wanted, &mut state).await?;
    }
    let occurrences: Vec<NaiveDate> = operations.iter().filter_map(Operation::occurrence).collect();
    completions(transaction, owner, &occurrences, &mut state).await?;
    let all_projects = operations.iter().any(Operation::needs_all_projects);
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
    let moves = operations.iter().any(|operation| matches!(operation, Operation::MoveTask { .. }));
    if moves || !ranks.is_empty() {
        neighbours(transaction, owner, &anchors, &ranks, &mut state).await?;
        if state.is_crowded() {
            tasks_around(transaction, owner, &anchors, &mut state).await?;
        }
    }
    let chosen: Vec<Uuid> = operations.iter().filter_map(Operation::chosen_id).collect();
    if !chosen.is_empty() {
        state.deleted_ids = deleted_ids(transaction, owner, &chosen).await?;
    }
    Ok(state)
}

/// Which tasks to read: those in `ids` with their ancestors, those in `subtrees` with their subtasks, all tasks of
/// the projects in `project_contents`.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    pub ids: &'a [Uuid],
    pub subtrees: &'a [Uuid],
    pub project_contents: &'a [Uuid],
}

pub(super) async fn tasks(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    wanted: Wanted<'_>,
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
                  t.updated_at, t.version AS "version: Seq", t.request_digest
           FROM tasks t JOIN named USING (id) WHERE t.owner_id = $1"#,
        owner.as_str(),
        wanted.ids,
        wanted.subtrees,
        wanted.project_contents,
    )
    .fetch_all(transaction)
    .await?;
    for row in rows {
        let digest = row.request_digest;
        state.add_loaded_task(task_row!(row), digest);
    }
    Ok(())
}

pub(super) async fn projects(
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

/// The entries that were deleted together with these roots. Locks their rows, the root first, as a purge does: a
/// restore and a purge of the same entry never both succeed.
async fn trash(transaction: &mut Transaction<'_>, owner: &OwnerId, roots: &[Uuid]) -> sqlx::Result<Vec<Trashed>> {
    let rows = sqlx::query!(
        r#"SELECT root_id, deleted_at, task AS "task: Json<TaskRow>", project AS "project: Json<ProjectRow>",
                  request_digest
           FROM trash WHERE owner_id = $1 AND root_id = ANY ($2)
           ORDER BY root_id, id <> root_id, id
           FOR UPDATE"#,
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

/// For those of `ids` that were deleted together with something else: the root.
async fn roots(transaction: &mut Transaction<'_>, owner: &OwnerId, ids: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Uuid>> {
    let roots = sqlx::query!(
        "SELECT id, root_id FROM trash WHERE owner_id = $1 AND id = ANY ($2) AND root_id <> id",
        owner.as_str(),
        ids,
    )
    .fetch_all(transaction)
    .await?;
    Ok(roots.into_iter().map(|row| (row.id, row.root_id)).collect())
}

/// Reads the ranks right before and after each anchor, the last rank of all, and those of `ranks` that are in use.
/// So the plan knows both neighbours of every place it needs: it moves tasks next to an anchor or to the end.
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
           SELECT rank FROM tasks WHERE owner_id = $1 AND completed IN (false, true) AND rank = ANY ($3)
           UNION
           SELECT top.rank FROM unnest(ARRAY[false, true]) AS done (yes),
                LATERAL (
                    SELECT rank FROM tasks WHERE owner_id = $1 AND completed = done.yes ORDER BY rank DESC LIMIT 1
                ) top"#,
        owner.as_str(),
        anchors,
        ranks,
    )
    .fetch_all(transaction)
    .await?;
    for rank in found {
        state.add_task_rank(Rank::from_column(rank));
    }
    Ok(())
}

/// Reads all tasks around each anchor, whose ranks may have to be shortened.
async fn tasks_around(
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
            AROUND + 1,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let full =
            |lower| i64::try_from(found.iter().filter(|row| row.lower == lower).count()).is_ok_and(|n| n > AROUND);
        // If there are more tasks on a side than were asked for, the outermost is the bound.
        let bound = |row: Option<&_>, full: bool| -> Option<Rank> {
            let row: Option<&(Uuid, String)> = row;
            row.filter(|_| full).map(|(_, rank)| Rank::from_column(rank.clone()))
        };
        let (lower_full, upper_full) = (full(true), full(false));
        let run: Vec<(Uuid, String)> = found.into_iter().map(|row| (row.id, row.rank)).collect();
        state.mark_range_loaded(bound(run.first(), lower_full), bound(run.last(), upper_full));
        let ids: Vec<Uuid> = run.into_iter().map(|(id, _)| id).collect();
        tasks(transaction, owner, Wanted { ids: &ids, ..Wanted::default() }, state).await?;
    }
    Ok(())
}

/// Those of `ids` that were deleted, as far as the trash and the log still know them.
async fn deleted_ids(transaction: &mut Transaction<'_>, owner: &OwnerId, ids: &[Uuid]) -> sqlx::Result<HashSet<Uuid>> {
    let deleted = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM unnest($2::uuid[]) AS id
           WHERE EXISTS (SELECT FROM trash t WHERE t.owner_id = $1 AND t.id = id.id)
              OR EXISTS (SELECT FROM changes c
                         WHERE c.owner_id = $1 AND c.subject_id = id.id
                           AND c.kind IN ('task.deleted', 'project.deleted'))"#,
        owner.as_str(),
        ids,
    )
    .fetch_all(transaction)
    .await?;
    Ok(deleted.into_iter().collect())
}
