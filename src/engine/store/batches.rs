//! Batches with an id: their results are stored, so a repeated batch gets the same results.

use sqlx::types::Json;
use uuid::Uuid;

use super::load::{Wanted, projects, tasks};
use crate::database::Transaction;
use crate::engine::state::State;
use crate::engine::{BatchKey, BatchResult, Outcome};
use crate::model::OwnerId;

/// Reads the batch with this id that was applied earlier: its digest, and its results with the tasks and projects as they are
/// now.
pub async fn find_batch(
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
    tasks(transaction, owner, Wanted { ids: &ids, ..Wanted::default() }, &mut state).await?;
    let restored: Vec<Uuid> = results.iter().filter_map(|result| result.project_id).map(|id| id.as_uuid()).collect();
    if !restored.is_empty() {
        projects(transaction, owner, Some(&restored), &mut state).await?;
    }
    for result in results.iter_mut().filter(|result| result.status < 204) {
        let row = result.task_id.and_then(|id| state.tasks.get(&id));
        result.task = row.map(|row| row.clone().into_task(owner));
        let row = result.project_id.and_then(|id| state.projects.get(&id));
        result.project = row.map(|row| row.clone().into_project(owner));
    }
    Ok(Some((row.digest, results)))
}

/// Stores the results of a batch, without the tasks and projects themselves.
pub async fn save_batch(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    key: BatchKey,
    outcomes: &[Outcome],
) -> sqlx::Result<()> {
    let results: Vec<BatchResult> = outcomes
        .iter()
        .map(|outcome| BatchResult { task: None, project: None, ..BatchResult::from(outcome.clone()) })
        .collect();
    sqlx::query!(
        "INSERT INTO batches (owner_id, id, digest, results, applied_at) VALUES ($1, $2, $3, $4, clock_timestamp())",
        owner.as_str(),
        key.id,
        key.digest.as_slice(),
        Json(results) as _,
    )
    .execute(transaction)
    .await?;
    Ok(())
}
