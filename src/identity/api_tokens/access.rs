//! Verifying API tokens. The result of a look-up is remembered for some seconds, in bounded memory;
//! whether a token has been revoked since is known from the revocations, not from this memory. An
//! unknown token is not remembered: a guess with a right checksum costs one look-up, by a key.

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

/// How long a look-up is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// How many are remembered.
const REMEMBERED: usize = 10_000;

/// Verifies and manages API tokens. Cheap to clone.
#[derive(Clone)]
pub struct ApiTokens(Arc<Inner>);

struct Inner {
    pool: Pool,
    revocations: Revocations,
    known: Mutex<HashMap<TokenHash, Known>>,
    uses: Uses,
}

struct Known {
    identity: Identity,
    since: Instant,
}

impl ApiTokens {
    pub fn new(pool: Pool, revocations: Revocations) -> Self {
        Self(Arc::new(Inner { uses: Uses::new(pool.clone()), pool, revocations, known: Mutex::default() }))
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(super) fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// Whether a text has the prefix of API tokens.
    pub fn is_one(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        let hash = TokenHash::of_genuine(token).ok_or(TokenError::ApiTokenForm)?;
        let identity = match self.remembered(&hash) {
            Some(identity) => identity,
            None => self.looked_up(&hash).await?,
        };
        if identity.expires_at <= Utc::now() {
            return Err(TokenError::Expired.into());
        }
        Ok(identity)
    }

    /// Notes that a token was used. To be called once it has given access.
    pub fn record_use(&self, identity: &Identity) {
        self.0.uses.note(identity);
    }

    /// Writes the noted uses to the database, for as long as the server runs.
    pub async fn write_uses(self) {
        self.0.uses.write().await;
    }

    fn remembered(&self, hash: &TokenHash) -> Option<Identity> {
        let known = self.0.known.lock();
        known.get(hash).filter(|known| known.since.elapsed() < REMEMBERED_FOR).map(|known| known.identity.clone())
    }

    async fn looked_up(&self, hash: &TokenHash) -> Result<Identity, VerifyError> {
        // Taken before the look-up, because its result may be that old.
        let since = Instant::now();
        let found = store::by_hash(&self.0.pool, hash).await.map_err(|error| {
            tracing::warn!(%error, "an API token could not be looked up");
            VerifyError::Unavailable
        })?;
        let identity = identity(found.ok_or(TokenError::ApiTokenUnknown)?);
        let mut known = self.0.known.lock();
        if known.len() >= REMEMBERED {
            known.retain(|_, known| known.since.elapsed() < REMEMBERED_FOR);
        }
        // If it is still full, this token is looked up each time.
        if known.len() < REMEMBERED {
            known.insert(*hash, Known { identity: identity.clone(), since });
        }
        Ok(identity)
    }
}

fn identity(grant: Grant) -> Identity {
    let Grant { owner_id, id, scope, created_at, expires_at } = grant;
    Identity {
        owner: OwnerId::stored(&owner_id),
        issued_at: Some(created_at),
        // The last second that RFC 3339 can express.
        expires_at: expires_at
            .or_else(|| DateTime::from_timestamp(253_402_300_799, 0))
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
        credential: Credential::ApiToken { id: id.as_uuid(), scope },
    }
}
