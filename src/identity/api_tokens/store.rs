//! The SQL of API tokens. Every statement takes the owner as its first parameter, except two:
//! [`by_hash`] finds the owner of a token, and [`write_uses`] writes the uses of many owners' tokens
//! at once.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::text::TokenHash;
use super::{ApiToken, ApiTokenId, CreateApiToken, TOKENS_MAX};
use crate::database::{Pool, Transaction, Violation};
use crate::identity::revocations::{RecordedRevocations, Revocations, Subject};
use crate::model::{Identity, OwnerId, Scope};

/// The result of creating a token.
pub enum Creation {
    Created(ApiToken),
    /// The owner has the maximum of [`TOKENS_MAX`] tokens.
    TooMany,
    /// Its expiry is in the past.
    Past,
    /// The caller's token was revoked in the meantime.
    Revoked,
}

pub async fn list(pool: &Pool, owner: &OwnerId) -> sqlx::Result<Vec<ApiToken>> {
    sqlx::query_as!(
        ApiToken,
        r#"SELECT id AS "id: ApiTokenId", name, scope AS "scope: Scope", created_at, expires_at, last_used_at
           FROM api_tokens WHERE owner_id = $1 ORDER BY created_at DESC, id DESC"#,
        owner.as_str(),
    )
    .fetch_all(pool)
    .await
}

/// Creates a token under the owner's lock. If the user is deleted at the same time, the deletion either
/// comes later and deletes the token too, or came first and revoked the caller's access.
pub async fn create(
    transaction: &mut Transaction<'_>,
    identity: &Identity,
    new: &CreateApiToken,
    hash: &TokenHash,
    revocations: &Revocations,
) -> sqlx::Result<Creation> {
    let owner = &identity.owner;
    lock_owner(&mut *transaction, owner).await?;
    if revocations.forbids_in_database(&mut *transaction, identity).await? {
        return Ok(Creation::Revoked);
    }
    let id = ApiTokenId::new();
    let row = sqlx::query!(
        r#"INSERT INTO api_tokens (owner_id, id, name, scope, hash, place, created_at, expires_at)
           SELECT $1, $2, $3, $4, $5, free.place, clock_timestamp(), $6
           FROM (SELECT min(p)::smallint AS place FROM generate_series(1, $7::int) p
                 WHERE NOT EXISTS (SELECT FROM api_tokens t WHERE t.owner_id = $1 AND t.place = p)) free
           WHERE free.place IS NOT NULL
           RETURNING created_at, expires_at"#,
        owner.as_str(),
        id.as_uuid(),
        new.name,
        new.scope as Scope,
        hash.as_bytes(),
        new.expires_at,
        i32::from(TOKENS_MAX),
    )
    .fetch_optional(transaction)
    .await;
    let row = match row {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Creation::TooMany),
        // The server checks everything else that the table checks.
        Err(error) if Violation::of(&error) == Some(Violation::Check) => return Ok(Creation::Past),
        Err(error) => return Err(error),
    };
    let (name, scope) = (new.name.clone(), new.scope);
    let (created_at, expires_at) = (row.created_at, row.expires_at);
    Ok(Creation::Created(ApiToken { id, name, scope, created_at, expires_at, last_used_at: None }))
}

/// Deletes a token and records its revocation. It must be the last part of a transaction. `None` if
/// the owner has no token with this id.
pub async fn revoke(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    id: ApiTokenId,
    revocations: &Revocations,
) -> sqlx::Result<Option<RecordedRevocations>> {
    let removed = sqlx::query!("DELETE FROM api_tokens WHERE owner_id = $1 AND id = $2", owner.as_str(), id.as_uuid())
        .execute(&mut *transaction)
        .await?;
    if removed.rows_affected() == 0 {
        return Ok(None);
    }
    revocations.record(transaction, owner, &[Subject::ApiToken(id.as_uuid())]).await.map(Some)
}

/// Deletes all tokens of an owner and returns what to revoke. The caller must hold the owner's lock, so
/// that no request creates a token at the same time.
pub async fn delete_all(transaction: &mut Transaction<'_>, owner: &OwnerId) -> sqlx::Result<Vec<Subject>> {
    let removed = sqlx::query_scalar!("DELETE FROM api_tokens WHERE owner_id = $1 RETURNING id", owner.as_str())
        .fetch_all(transaction)
        .await?;
    Ok(removed.into_iter().map(Subject::ApiToken).collect())
}

/// Takes the owner's lock. Creates the owner's row if there is none yet.
pub async fn lock_owner(transaction: &mut Transaction<'_>, owner: &OwnerId) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO owners AS o (owner_id, last_seq, last_at) VALUES ($1, 0, clock_timestamp())
         ON CONFLICT (owner_id) DO UPDATE SET last_at = o.last_at",
        owner.as_str(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// What a token gives access to, and for how long.
#[derive(Debug, Clone)]
pub struct Grant {
    pub owner_id: String,
    pub id: ApiTokenId,
    pub scope: Scope,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// The token with this hash, of any owner.
pub async fn by_hash(pool: &Pool, hash: &TokenHash) -> sqlx::Result<Option<Grant>> {
    sqlx::query_as!(
        Grant,
        r#"SELECT owner_id, id AS "id: ApiTokenId", scope AS "scope: Scope", created_at, expires_at
           FROM api_tokens WHERE hash = $1"#,
        hash.as_bytes(),
    )
    .fetch_optional(pool)
    .await
}

/// One use of a token.
pub struct Use {
    pub owner: OwnerId,
    pub id: Uuid,
    pub at: DateTime<Utc>,
}

/// Writes when tokens were last used, except for tokens whose last use is stored to within a minute.
/// Skips locked rows, for example of a token that is being revoked, so that this waits for nothing.
pub async fn write_uses(pool: &Pool, uses: &[Use]) -> sqlx::Result<()> {
    let owners: Vec<String> = uses.iter().map(|used| used.owner.as_str().to_owned()).collect();
    let ids: Vec<Uuid> = uses.iter().map(|used| used.id).collect();
    let times: Vec<DateTime<Utc>> = uses.iter().map(|used| used.at).collect();
    sqlx::query!(
        "UPDATE api_tokens t SET last_used_at = free.at
         FROM (SELECT a.owner_id, a.id, u.at
               FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS u (owner_id, id, at)
               JOIN api_tokens a ON a.owner_id = u.owner_id AND a.id = u.id
               WHERE a.last_used_at IS NULL OR a.last_used_at < u.at - interval '1 minute'
               FOR UPDATE OF a SKIP LOCKED) free
         WHERE t.owner_id = free.owner_id AND t.id = free.id",
        &owners,
        &ids,
        &times,
    )
    .execute(pool)
    .await?;
    Ok(())
}
