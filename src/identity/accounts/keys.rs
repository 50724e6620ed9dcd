//! The keys that sign access tokens. They are in the database, so that all servers use the same ones. The
//! first server to start creates the first key, under a lock. A server keeps the keys in memory, and reads
//! them again every few seconds and when a token names an unknown key. Concurrent requests share one read,
//! so that tokens with unknown keys cause few queries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::EncodingKey;
use parking_lot::RwLock;
use sqlx::Error;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::config::settings::accounts::ACCESS_TOKEN_LIFETIME_MAX;
use crate::database::{Pool, Transaction};
use crate::jwt;

/// The time between two reads of the keys. For this long a server may still sign with a retired key, or
/// accept a deleted one.
pub const READ_INTERVAL: Duration = Duration::from_secs(10);
/// The least time between two reads that unknown keys cause. A request in between waits for the next read.
const UNKNOWN_KEY_READ_INTERVAL: Duration = Duration::from_millis(100);
/// How much the clocks of servers may differ.
const CLOCK_MARGIN: Duration = Duration::from_mins(5);
/// The advisory lock of Postgres for creating keys.
const CREATION_LOCK: i64 = 0x7461_736b_6b65_7973;

/// A key pair.
pub struct Key {
    pub kid: String,
    /// The public half, encoded as in a JWK (RFC 8037).
    pub x: String,
    pub encoding: EncodingKey,
    pub verifying: jwt::Keys,
    retired_at: Option<DateTime<Utc>>,
}

/// The keys that this server has read.
pub struct Keys {
    /// The newest first.
    cached: RwLock<Arc<[Arc<Key>]>>,
    /// When the last read began.
    read_at: Mutex<Option<Instant>>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { cached: RwLock::new(Arc::new([])), read_at: Mutex::new(None) }
    }
}

/// How long a retired key is kept. No token that it signed is valid longer.
pub fn retention() -> Duration {
    ACCESS_TOKEN_LIFETIME_MAX + READ_INTERVAL + CLOCK_MARGIN
}

impl Keys {
    /// The key to sign with. Creates one if there is none.
    pub async fn signing(&self, pool: &Pool) -> sqlx::Result<Arc<Key>> {
        let newest = |keys: &[Arc<Key>]| keys.iter().find(|key| key.retired_at.is_none()).cloned();
        if let Some(key) = newest(&self.cached()) {
            return Ok(key);
        }
        let mut transaction = pool.begin().await?;
        ensure_signing_key(&mut transaction).await?;
        transaction.commit().await?;
        newest(&self.read(pool).await?).ok_or(Error::RowNotFound)
    }

    /// The key with this `kid`. Reads the keys again if it is unknown.
    pub async fn by_kid(&self, pool: &Pool, kid: &str) -> sqlx::Result<Option<Arc<Key>>> {
        let find = |keys: &[Arc<Key>]| keys.iter().find(|key| key.kid == kid).cloned();
        if let Some(key) = find(&self.cached()) {
            return Ok(Some(key));
        }
        let requested_at = Instant::now();
        let mut read_at = self.read_at.lock().await;
        // If a read began after this request, it has found the newest keys.
        if read_at.is_none_or(|at| at < requested_at) {
            if let Some(at) = *read_at {
                tokio::time::sleep_until((at + UNKNOWN_KEY_READ_INTERVAL).into()).await;
            }
            self.read_locked(pool, &mut read_at).await?;
        }
        Ok(find(&self.cached()))
    }

    /// Whether a key is among those that were last read.
    pub fn know(&self, key: &Key) -> bool {
        self.cached.read().iter().any(|known| known.kid == key.kid)
    }

    /// All keys that may have signed a token that is still valid, the newest first.
    pub async fn all(&self, pool: &Pool) -> sqlx::Result<Arc<[Arc<Key>]>> {
        self.signing(pool).await?;
        Ok(self.cached())
    }

    /// Reads the keys again.
    pub async fn read(&self, pool: &Pool) -> sqlx::Result<Arc<[Arc<Key>]>> {
        self.read_locked(pool, &mut *self.read_at.lock().await).await
    }

    /// Reads the keys while the caller holds the lock of `read_at`.
    async fn read_locked(&self, pool: &Pool, read_at: &mut Option<Instant>) -> sqlx::Result<Arc<[Arc<Key>]>> {
        let began_at = Instant::now();
        let keys: Arc<[Arc<Key>]> = load(pool).await?.into();
        *self.cached.write() = keys.clone();
        *read_at = Some(began_at);
        Ok(keys)
    }

    fn cached(&self) -> Arc<[Arc<Key>]> {
        self.cached.read().clone()
    }
}

impl Key {
    fn new(kid: String, private: &[u8], retired_at: Option<DateTime<Utc>>) -> sqlx::Result<Self> {
        let unusable = |what: &str| Error::Decode(format!("a signing key in the database is unusable: {what}").into());
        let private = private.try_into().map_err(|_| unusable("wrong length"))?;
        let pair = SigningKey::from_bytes(private);
        let der = pair.to_pkcs8_der().map_err(|_| unusable("wrong form"))?;
        let public = pair.verifying_key().to_bytes();
        Ok(Self {
            kid,
            x: BASE64_URL_SAFE_NO_PAD.encode(public),
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: jwt::Keys::Single(
                jwt::Key::from_own_public_key(&public).map_err(|_| unusable("wrong public half"))?,
            ),
            retired_at,
        })
    }
}

async fn load(pool: &Pool) -> sqlx::Result<Vec<Arc<Key>>> {
    let retired_after = Utc::now() - retention();
    let rows = sqlx::query!(
        "SELECT kid, private_key, retired_at FROM signing_keys WHERE retired_at IS NULL OR retired_at > $1
         ORDER BY created_at DESC, kid DESC",
        retired_after
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| Key::new(row.kid, &row.private_key, row.retired_at).map(Arc::new)).collect()
}

/// Creates a key if there is none to sign with. If several servers do this at the same time, one of them
/// creates it.
async fn ensure_signing_key(transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
    lock(transaction).await?;
    let exists =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM signing_keys WHERE retired_at IS NULL) AS "there!""#)
            .fetch_one(&mut *transaction)
            .await?;
    if exists { Ok(()) } else { create(transaction).await }
}

/// Creates a new key and retires the others. With `at_once` it deletes the others, so that all servers
/// reject their tokens within [`READ_INTERVAL`].
pub async fn rotate(pool: &Pool, at_once: bool) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction).await?;
    if at_once {
        sqlx::query!("DELETE FROM signing_keys").execute(&mut transaction).await?;
    } else {
        let now = Utc::now();
        sqlx::query!("UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL", now)
            .execute(&mut transaction)
            .await?;
    }
    create(&mut transaction).await?;
    transaction.commit().await
}

/// Deletes the retired keys whose tokens have all expired.
pub async fn delete_expired(pool: &Pool) -> sqlx::Result<()> {
    let before = Utc::now() - retention();
    sqlx::query!("DELETE FROM signing_keys WHERE retired_at < $1", before).execute(pool).await?;
    Ok(())
}

async fn lock(transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", CREATION_LOCK).execute(&mut *transaction).await?;
    Ok(())
}

async fn create(transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
    let private: [u8; 32] = rand::random();
    sqlx::query!(
        "INSERT INTO signing_keys (kid, private_key, created_at) VALUES ($1, $2, $3)",
        Uuid::new_v4().to_string(),
        &private[..],
        Utc::now(),
    )
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
