//! The keys that sign access tokens. They are in the database, so that all servers use the same ones;
//! the first server to start creates the first key, under a lock. A server remembers the keys that it
//! has read, and reads them again every few seconds and when a token names an unknown key. Requests at
//! the same time share one reading, so that unknown keys cause few.

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

/// How often the keys are read again, and so how long a server may still sign with a key that was
/// retired, or accept one that was deleted.
pub const READ_EVERY: Duration = Duration::from_secs(10);
/// The time between two readings that unknown keys cause. A request in between waits for the next.
const READ_FOR_UNKNOWN: Duration = Duration::from_millis(100);
/// For clocks that differ.
const MARGIN: Duration = Duration::from_mins(5);
/// Names the lock under which keys are created.
const LOCK: i64 = 0x7461_736b_6b65_7973;

/// A key pair.
pub struct Key {
    pub kid: String,
    /// The public half, as a JWK spells it.
    pub x: String,
    pub encoding: EncodingKey,
    pub verifying: jwt::Keys,
    retired_at: Option<DateTime<Utc>>,
}

/// The keys that a server has read.
pub struct Keys {
    known: RwLock<Arc<[Arc<Key>]>>,
    /// When the last reading began.
    read_at: Mutex<Option<Instant>>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { known: RwLock::new(Arc::new([])), read_at: Mutex::new(None) }
    }
}

/// How long a retired key is kept: no token that it signed is valid longer.
pub fn kept_for() -> Duration {
    ACCESS_TOKEN_LIFETIME_MAX + READ_EVERY + MARGIN
}

impl Keys {
    /// The key to sign with.
    pub async fn signing(&self, pool: &Pool) -> sqlx::Result<Arc<Key>> {
        let newest = |keys: &[Arc<Key>]| keys.iter().find(|key| key.retired_at.is_none()).cloned();
        if let Some(key) = newest(&self.known()) {
            return Ok(key);
        }
        let mut transaction = pool.begin().await?;
        ensure(&mut transaction).await?;
        transaction.commit().await?;
        newest(&self.read(pool).await?).ok_or(Error::RowNotFound)
    }

    /// The key with this name, if there is one.
    pub async fn named(&self, pool: &Pool, kid: &str) -> sqlx::Result<Option<Arc<Key>>> {
        let named = |keys: &[Arc<Key>]| keys.iter().find(|key| key.kid == kid).cloned();
        if let Some(key) = named(&self.known()) {
            return Ok(Some(key));
        }
        let asked = Instant::now();
        let mut read_at = self.read_at.lock().await;
        // A reading that began after this request has seen the newest keys.
        if read_at.is_none_or(|at| at < asked) {
            if let Some(at) = *read_at {
                tokio::time::sleep_until((at + READ_FOR_UNKNOWN).into()).await;
            }
            self.read_under(pool, &mut read_at).await?;
        }
        Ok(named(&self.known()))
    }

    /// Every key that may have signed a token which is still valid, the newest first.
    pub async fn all(&self, pool: &Pool) -> sqlx::Result<Arc<[Arc<Key>]>> {
        self.signing(pool).await?;
        Ok(self.known())
    }

    /// Reads the keys again.
    pub async fn read(&self, pool: &Pool) -> sqlx::Result<Arc<[Arc<Key>]>> {
        self.read_under(pool, &mut *self.read_at.lock().await).await
    }

    async fn read_under(&self, pool: &Pool, read_at: &mut Option<Instant>) -> sqlx::Result<Arc<[Arc<Key>]>> {
        let begins = Instant::now();
        let keys: Arc<[Arc<Key>]> = load(pool).await?.into();
        *self.known.write() = keys.clone();
        *read_at = Some(begins);
        Ok(keys)
    }

    fn known(&self) -> Arc<[Arc<Key>]> {
        self.known.read().clone()
    }
}

impl Key {
    fn new(kid: String, private: &[u8], retired_at: Option<DateTime<Utc>>) -> sqlx::Result<Self> {
        let unusable = |what: &str| Error::Decode(format!("a signing key cannot be used: {what}").into());
        let private = private.try_into().map_err(|_| unusable("its length"))?;
        let pair = SigningKey::from_bytes(private);
        let der = pair.to_pkcs8_der().map_err(|_| unusable("its form"))?;
        let public = pair.verifying_key().to_bytes();
        Ok(Self {
            kid,
            x: BASE64_URL_SAFE_NO_PAD.encode(public),
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: jwt::Keys::Single(
                jwt::Key::from_own_public_key(&public).map_err(|_| unusable("its public half"))?,
            ),
            retired_at,
        })
    }
}

async fn load(pool: &Pool) -> sqlx::Result<Vec<Arc<Key>>> {
    let forgotten = Utc::now() - kept_for();
    let rows = sqlx::query!(
        "SELECT kid, private_key, retired_at FROM signing_keys WHERE retired_at IS NULL OR retired_at > $1
         ORDER BY created_at DESC, kid DESC",
        forgotten
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| Key::new(row.kid, &row.private_key, row.retired_at).map(Arc::new)).collect()
}

/// Creates a key if there is none to sign with. Of several servers at the same time, one creates it.
async fn ensure(transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
    lock(transaction).await?;
    let there = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM signing_keys WHERE retired_at IS NULL) AS "there!""#)
        .fetch_one(&mut *transaction)
        .await?;
    if there { Ok(()) } else { make(transaction).await }
}

/// Creates a new key and retires the others; with `at_once`, deletes them.
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
    make(&mut transaction).await?;
    transaction.commit().await
}

/// Deletes retired keys whose tokens have all expired.
pub async fn forget(pool: &Pool) -> sqlx::Result<()> {
    let before = Utc::now() - kept_for();
    sqlx::query!("DELETE FROM signing_keys WHERE retired_at < $1", before).execute(pool).await?;
    Ok(())
}

async fn lock(transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", LOCK).execute(&mut *transaction).await?;
    Ok(())
}

async fn make(transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
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
