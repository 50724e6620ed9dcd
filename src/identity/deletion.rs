//! Deletes a user with all data. The SQL names every table that holds data of users; a test compares it
//! with the schema.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts;
use super::revocations::{RecordedRevocations, Revocations, Subject};
use crate::database::{Pool, Transaction};
use crate::model::fields::count_schema;
use crate::model::{OwnerId, Problem};

/// How much was deleted with a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletedUser {
    #[schema(schema_with = count_schema)]
    pub tasks: u64,
    #[schema(schema_with = count_schema)]
    pub projects: u64,
    /// Tasks and projects that were in the trash.
    #[schema(schema_with = count_schema)]
    pub trash: u64,
    /// Completed occurrences of recurring tasks.
    #[schema(schema_with = count_schema)]
    pub occurrences: u64,
    /// Entries of the change log.
    #[schema(schema_with = count_schema)]
    pub changes: u64,
    /// Ids of batches, which the server kept so that a retry applies nothing twice.
    #[schema(schema_with = count_schema)]
    pub batches: u64,
    #[schema(schema_with = count_schema)]
    pub api_tokens: u64,
}

/// Deletes a user with all data, and revokes the user's access on every server.
pub async fn delete_user(pool: &Pool, revocations: &Revocations, owner: &OwnerId) -> Result<DeletedUser, Problem> {
    let (pool, revoking, owner) = (pool.clone(), revocations.clone(), owner.clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        let (counts, recorded) = delete(&mut transaction, &owner, &revoking).await?;
        transaction.commit().await?;
        Ok((counts, recorded))
    };
    revocations.write(work).await
}

/// Deletes all data of an owner with the account and its sessions, and records the revocation. It must
/// be the last part of a transaction.
///
/// A write that waits for the owner's lock meanwhile finds no owner afterwards. The trigger
/// `owners_not_just_deleted` prevents it from inserting one: for good if the owner had an account, because
/// the server never generates the same id again, and otherwise for 15 seconds.
async fn delete(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    revocations: &Revocations,
) -> sqlx::Result<(DeletedUser, RecordedRevocations)> {
    let id = owner.as_str();
    sqlx::query!("SELECT owner_id FROM owners WHERE owner_id = $1 FOR UPDATE", id)
        .fetch_optional(&mut *transaction)
        .await?;
    // Tasks before projects, because tasks refer to projects. Postgres checks the constraints after each
    // statement, so tasks may refer to one another.
    let tasks = sqlx::query!("DELETE FROM tasks WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let projects = sqlx::query!("DELETE FROM projects WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let trash = sqlx::query!("DELETE FROM trash WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let occurrences =
        sqlx::query!("DELETE FROM task_occurrences WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let changes = sqlx::query!("DELETE FROM changes WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let batches = sqlx::query!("DELETE FROM batches WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let api_tokens = sqlx::query!("DELETE FROM api_tokens WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    sqlx::query!("DELETE FROM owners WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let for_good = accounts::store::delete(transaction, owner).await?;
    let deleted = DeletedUser {
        tasks: tasks.rows_affected(),
        projects: projects.rows_affected(),
        trash: trash.rows_affected(),
        occurrences: occurrences.rows_affected(),
        changes: changes.rows_affected(),
        batches: batches.rows_affected(),
        api_tokens: api_tokens.rows_affected(),
    };
    let recorded = revocations.record(transaction, owner, &[Subject::User { for_good }]).await?;
    Ok((deleted, recorded))
}
