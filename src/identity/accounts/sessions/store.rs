//! The SQL of sessions. Every statement takes the owner first, except two: [`by_token`] finds the owner, and
//! [`delete_expired`] removes sessions of all owners.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{FoundSession, SESSIONS_MAX, Session, Token, TokenHash, idle_limit, stored_user_agent};
use crate::config::AccountsConfig;
use crate::database::{Pool, Transaction};
use crate::identity::accounts::store::Account;
use crate::identity::revocations::Subject;
use crate::model::OwnerId;

/// The session whose present or previous token has this hash, and its account.
pub async fn by_token(pool: &Pool, hash: TokenHash) -> sqlx::Result<Option<(FoundSession, Account)>> {
    let row = sqlx::query!(
        r#"SELECT s.owner_id, s.id, s.token_hash, s.rotated_at, s.confirmed, s.remembered, s.created_at,
                  s.last_used_at, s.idle_expires_at, s.expires_at, s.user_agent, s.ip,
                  a.email, a.name, a.password_hash, a.created_at AS account_created_at,
                  a.updated_at AS account_updated_at
           FROM sessions s JOIN accounts a ON a.owner_id = s.owner_id
           WHERE s.token_hash = $1 OR s.previous_token_hash = $1"#,
        &hash[..]
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| {
        let owner = OwnerId::stored(&row.owner_id);
        let token_hash = row.token_hash.try_into().unwrap_or_default();
        let found = FoundSession {
            owner: owner.clone(),
            session: Session {
                id: row.id,
                created_at: row.created_at,
                last_used_at: row.last_used_at,
                idle_expires_at: row.idle_expires_at,
                expires_at: row.expires_at,
                user_agent: row.user_agent,
                ip: row.ip,
            },
            remembered: row.remembered,
            current: token_hash == hash,
            token_hash,
            rotated_at: row.rotated_at,
            confirmed: row.confirmed,
        };
        let account = Account {
            owner,
            email: row.email,
            name: row.name,
            password_hash: row.password_hash,
            created_at: row.account_created_at,
            updated_at: row.account_updated_at,
        };
        (found, account)
    }))
}

/// What a session stores about the client that began it.
#[derive(Debug, Clone)]
pub struct ClientDetails {
    pub user_agent: Option<String>,
    pub ip: String,
    /// Whether the user chose to be remembered when the browser closes.
    pub remembered: bool,
}

/// Begins a session, and ends the least recently used ones if there are more than [`SESSIONS_MAX`]. Returns
/// the session and what to revoke. `None` if the account was deleted or its password changed since it was
/// read.
pub async fn create(
    transaction: &mut Transaction<'_>,
    account: &Account,
    config: &AccountsConfig,
    token: &Token,
    client: ClientDetails,
) -> sqlx::Result<Option<(Session, Vec<Subject>)>> {
    let owner = &account.owner;
    // The lock makes concurrent sign-ins count each other's sessions. The check of the password rejects a
    // sign-in that began before the password changed.
    let lock = sqlx::query_scalar!(
        "SELECT owner_id FROM accounts WHERE owner_id = $1 AND password_hash IS NOT DISTINCT FROM $2
         FOR NO KEY UPDATE",
        owner.as_str(),
        account.password_hash,
    );
    if lock.fetch_optional(&mut *transaction).await?.is_none() {
        return Ok(None);
    }
    let keep = i64::try_from(SESSIONS_MAX - 1).unwrap_or(i64::MAX);
    let ended = sqlx::query_scalar!(
        "DELETE FROM sessions WHERE owner_id = $1 AND id IN (
             SELECT id FROM sessions WHERE owner_id = $1 ORDER BY last_used_at DESC, id DESC OFFSET $2
         ) RETURNING id",
        owner.as_str(),
        keep,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let now = Utc::now();
    let expires_at = now + config.session_life;
    let session = Session {
        id: Uuid::now_v7(),
        created_at: now,
        last_used_at: now,
        idle_expires_at: expires_at.min(now + idle_limit(config, client.remembered)),
        expires_at,
        user_agent: client.user_agent.as_deref().map(stored_user_agent),
        ip: Some(client.ip),
    };
    sqlx::query!(
        "INSERT INTO sessions (owner_id, id, token_hash, rotated_at, confirmed, remembered, created_at, last_used_at,
                               idle_expires_at, expires_at, user_agent, ip)
         VALUES ($1, $2, $3, $4, true, $5, $4, $4, $6, $7, $8, $9)",
        owner.as_str(),
        session.id,
        &token.hash()[..],
        now,
        client.remembered,
        session.idle_expires_at,
        session.expires_at,
        session.user_agent,
        session.ip,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(Some((session, ended.into_iter().map(Subject::Session).collect())))
}

/// Records that a session was used with its present token.
pub async fn record_use(
    pool: &Pool,
    found: &FoundSession,
    now: DateTime<Utc>,
    idle_limit: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET confirmed = true, last_used_at = $4, idle_expires_at = LEAST($5, expires_at)
         WHERE owner_id = $1 AND id = $2 AND token_hash = $3",
        found.owner.as_str(),
        found.session.id,
        &found.token_hash[..],
        now,
        now + idle_limit,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Gives a session a new token. `presented` is the hash of the token in the request. False if another request
/// gave the session a new token at the same time.
pub async fn rotate(
    pool: &Pool,
    found: &FoundSession,
    presented: TokenHash,
    new_token: &Token,
    now: DateTime<Utc>,
    idle_limit: Duration,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "UPDATE sessions SET previous_token_hash = $4, token_hash = $5, rotated_at = $6, confirmed = false,
                             last_used_at = $6, idle_expires_at = LEAST($7, expires_at)
         WHERE owner_id = $1 AND id = $2 AND token_hash = $3",
        found.owner.as_str(),
        found.session.id,
        &found.token_hash[..],
        &presented[..],
        &new_token.hash()[..],
        now,
        now + idle_limit,
    )
    .execute(pool)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// The sessions of an owner that have not ended, the most recently used first.
pub async fn list(pool: &Pool, owner: &OwnerId) -> sqlx::Result<Vec<Session>> {
    sqlx::query_as!(
        Session,
        "SELECT id, created_at, last_used_at, idle_expires_at, expires_at, user_agent, ip FROM sessions
         WHERE owner_id = $1 AND idle_expires_at > $2 ORDER BY last_used_at DESC, id DESC",
        owner.as_str(),
        Utc::now(),
    )
    .fetch_all(pool)
    .await
}

/// Ends one session. False if there is none with this id.
pub async fn delete(transaction: &mut Transaction<'_>, owner: &OwnerId, id: Uuid) -> sqlx::Result<bool> {
    let result = sqlx::query!("DELETE FROM sessions WHERE owner_id = $1 AND id = $2", owner.as_str(), id)
        .execute(&mut *transaction)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Ends all sessions of an owner, except the given one. Returns what to revoke.
pub async fn delete_others(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    except: Option<Uuid>,
) -> sqlx::Result<Vec<Subject>> {
    let ended = sqlx::query_scalar!(
        "DELETE FROM sessions WHERE owner_id = $1 AND id IS DISTINCT FROM $2 RETURNING id",
        owner.as_str(),
        except,
    )
    .fetch_all(&mut *transaction)
    .await?;
    Ok(ended.into_iter().map(Subject::Session).collect())
}

/// Removes ended sessions, and returns their number.
pub async fn delete_expired(pool: &Pool) -> sqlx::Result<u64> {
    let result = sqlx::query!("DELETE FROM sessions WHERE idle_expires_at < $1", Utc::now());
    Ok(result.execute(pool).await?.rows_affected())
}
