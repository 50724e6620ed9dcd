//! Verifies API tokens. A bounded cache keeps each look-up for 30 seconds. A revoked token is rejected
//! even while it is cached, because the verifier checks revocations for every token. Unknown tokens are
//! not cached: a guess with a right checksum costs one look-up by a unique key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::PREFIX;
use super::store::{self, Grant};
use super::text::TokenHash;
use super::uses::Uses;
use crate::database::Pool;
use crate::identity::revocations::Revocations;
use crate::model::{Credential, Identity, OwnerId, TokenError, VerifyError};

/// How long a look-up stays in the cache.
const CACHED_FOR: Duration = Duration::from_secs(30);
/// The most look-ups in the cache.
const CACHED_MAX: usize = 10_000;

/// Verifies and manages API tokens. Cheap to clone.
#[derive(Clone)]
pub struct ApiTokens(Arc<Inner>);

struct Inner {
    pool: Pool,
    revocations: Revocations,
    cache: Mutex<HashMap<TokenHash, Cached>>,
    uses: Uses,
}

struct Cached {
    identity: Identity,
    looked_up_at: Instant,
}

impl ApiTokens {
    pub fn new(pool: Pool, revocations: Revocations) -> Self {
        Self(Arc::new(Inner { uses: Uses::new(pool.clone()), pool, revocations, cache: Mutex::default() }))
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(super) fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// Whether a text has the prefix of API tokens.
    pub fn has_prefix(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// The identity of a token that has the prefix. Does not check revocations: the verifier does.
    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        let hash = TokenHash::parse(token).ok_or(TokenError::ApiTokenForm)?;
        let identity = match self.cached(&hash) {
            Some(identity) => identity,
            None => self.look_up(&hash).await?,
        };
        if identity.expires_at <= Utc::now() {
            return Err(TokenError::Expired.into());
        }
        Ok(identity)
    }

    /// Records that a token was used. Call it only when the token has given access.
    pub fn record_use(&self, identity: &Identity) {
        self.0.uses.record(identity);
    }

    /// Writes the recorded uses to the database, for as long as the server runs.
    pub async fn write_uses(self) {
        self.0.uses.write().await;
    }

    fn cached(&self, hash: &TokenHash) -> Option<Identity> {
        let cache = self.0.cache.lock();
        let cached = cache.get(hash).filter(|cached| cached.looked_up_at.elapsed() < CACHED_FOR);
        cached.map(|cached| cached.identity.clone())
    }

    async fn look_up(&self, hash: &TokenHash) -> Result<Identity, VerifyError> {
        // Taken before the query, because the query may read the row at any time after this.
        let looked_up_at = Instant::now();
        let found = store::by_hash(&self.0.pool, hash).await.map_err(|error| {
            tracing::warn!(%error, "an API token could not be looked up");
            VerifyError::Unavailable
        })?;
        let identity = identity(found.ok_or(TokenError::ApiTokenUnknown)?);
        let mut cache = self.0.cache.lock();
        if cache.len() >= CACHED_MAX {
            cache.retain(|_, cached| cached.looked_up_at.elapsed() < CACHED_FOR);
        }
        // While the cache is full, each request looks this token up again.
        if cache.len() < CACHED_MAX {
            cache.insert(*hash, Cached { identity: identity.clone(), looked_up_at });
        }
        Ok(identity)
    }
}

fn identity(grant: Grant) -> Identity {
    let Grant { owner_id, id, scope, created_at, expires_at } = grant;
    Identity {
        owner: OwnerId::stored(&owner_id),
        issued_at: Some(created_at),
        // A token without an expiry gets the last second that RFC 3339 can express.
        expires_at: expires_at
            .or_else(|| DateTime::from_timestamp(253_402_300_799, 0))
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
        credential: Credential::ApiToken { id: id.as_uuid(), scope },
    }
}
