//! The SQL of accounts. Every statement takes the owner first, except [`by_email`], which finds the owner.

use chrono::{DateTime, Utc};

use crate::database::{Pool, Transaction};
use crate::model::OwnerId;

/// The only user id that is not generated, so that `taskwire token --user demo` can mint tokens for it.
pub const DEMO_USER: &str = "demo";

/// An account as it is stored.
#[derive(Clone)]
pub struct Account {
    pub owner: OwnerId,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

pub async fn by_email(pool: &Pool, email: &str) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query!(
        "SELECT owner_id, email, name, password_hash, created_at, updated_at FROM accounts WHERE email = $1",
        email
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Account {
        owner: OwnerId::stored(&row.owner_id),
        email: row.email,
        name: row.name,
        password_hash: row.password_hash,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

/// The account of an owner.
pub async fn by_owner(pool: &Pool, owner: &OwnerId) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query!(
        "SELECT email, name, password_hash, created_at, updated_at FROM accounts WHERE owner_id = $1",
        owner.as_str()
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Account {
        owner: owner.clone(),
        email: row.email,
        name: row.name,
        password_hash: row.password_hash,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

/// Whether nothing was ever written for an owner.
pub async fn is_new(pool: &Pool, owner: &OwnerId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT NOT EXISTS (SELECT FROM owners WHERE owner_id = $1) AS "is_new!""#, owner.as_str())
        .fetch_one(pool)
        .await
}

/// Creates an account. False if its owner or its e-mail already has one.
pub async fn create(transaction: &mut Transaction<'_>, account: &Account) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "INSERT INTO accounts (owner_id, email, name, password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        account.owner.as_str(),
        account.email,
        account.name,
        account.password_hash,
        account.created_at,
        account.updated_at,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Stores the new password hash of an account, and returns when. `None` if the stored hash is no longer
/// `old_hash`.
pub async fn set_password(
    transaction: &mut Transaction<'_>,
    account: &Account,
    old_hash: Option<&str>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "UPDATE accounts SET password_hash = $3, updated_at = $4
         WHERE owner_id = $1 AND password_hash IS NOT DISTINCT FROM $2 RETURNING updated_at",
        account.owner.as_str(),
        old_hash,
        account.password_hash,
        Utc::now(),
    )
    .fetch_optional(&mut *transaction)
    .await
}

/// Replaces a hash by one of the same password with the present parameters. Does nothing if the stored hash is
/// no longer `old_hash`.
pub async fn renew_hash(pool: &Pool, owner: &OwnerId, old_hash: &str, new_hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts SET password_hash = $3 WHERE owner_id = $1 AND password_hash = $2",
        owner.as_str(),
        old_hash,
        new_hash,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes an account with its sessions. True if there was one and its id is never used again.
pub async fn delete(transaction: &mut Transaction<'_>, owner: &OwnerId) -> sqlx::Result<bool> {
    let result =
        sqlx::query!("DELETE FROM accounts WHERE owner_id = $1", owner.as_str()).execute(&mut *transaction).await?;
    Ok(result.rows_affected() > 0 && owner.as_str() != DEMO_USER)
}
