//! The SQL that removes a user. It names every table of users' data; a test compares it with the
//! schema.

use super::DeletedUser;
use crate::accounts;
use crate::auth::OwnerId;
use crate::database::{Pool, Transaction};
use crate::problem::Problem;
use crate::revocations::{Recorded, Revocations, Subject};

/// Removes a user with all that the user has, and revokes all access, on every server.
pub async fn delete_user(pool: &Pool, revocations: &Revocations, owner: &OwnerId) -> Result<DeletedUser, Problem> {
    let (pool, recorder, owner) = (pool.clone(), revocations.clone(), owner.clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        let (deleted, recorded) = delete(&mut transaction, &owner, &recorder).await?;
        transaction.commit().await?;
        Ok((deleted, recorded))
    };
    revocations.write(work).await
}

/// Removes all that an owner has, an account with its sessions included, and revokes all access to
/// it, as the last part of a transaction. The id of an account was generated and never comes again,
/// so that nothing may be written under it any more.
///
/// Whoever waits for the owner's lock meanwhile finds no owner afterwards, and what would begin a
/// new one is refused by the trigger `owners_not_just_deleted`.
async fn delete(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    revocations: &Revocations,
) -> sqlx::Result<(DeletedUser, Recorded)> {
    let id = owner.as_str();
    sqlx::query!("SELECT owner_id FROM owners WHERE owner_id = $1 FOR UPDATE", id)
        .fetch_optional(&mut *transaction)
        .await?;
    // Tasks refer to projects, and to one another, which is looked at once the statement is over.
    let tasks = sqlx::query!("DELETE FROM tasks WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let projects = sqlx::query!("DELETE FROM projects WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let trash = sqlx::query!("DELETE FROM trash WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let occurrences =
        sqlx::query!("DELETE FROM task_occurrences WHERE owner_id = $1", id).execute(&mut *transaction).await?;
    let changes = sqlx::query!("DELETE FROM task_changes WHERE owner_id = $1", id).execute(&mut *transaction).await?;
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
