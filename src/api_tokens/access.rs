//! The way from an API token to an identity. What was looked up is remembered for some seconds, in
//! bounded memory; whether it has been revoked since is told by the revocations, not by this
//! memory. What is not there is not remembered: a right checksum costs a guesser one look-up, by
//! a key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::PREFIX;
use super::store::{self, Grant};
use super::text::TokenHash;
use super::uses::Uses;
use crate::auth::{Credential, Identity, OwnerId, TokenError, VerifyError};
use crate::database::Pool;

/// How long a look-up is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// How many are remembered.
const REMEMBERED: usize = 10_000;

/// Finds out whose a token is. Cheap to clone.
#[derive(Clone)]
pub struct ApiTokens(Arc<Inner>);

struct Inner {
    pool: Pool,
    known: Mutex<HashMap<TokenHash, Known>>,
    uses: Uses,
}

struct Known {
    identity: Identity,
    since: Instant,
}

impl ApiTokens {
    pub fn new(pool: Pool) -> Self {
        Self(Arc::new(Inner { uses: Uses::new(pool.clone()), pool, known: Mutex::default() }))
    }

    /// Whether this is an API token, or tries to look like one.
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

    /// Notes that a token was used, once it is known that it gives access.
    pub fn used(&self, identity: &Identity) {
        self.0.uses.note(identity);
    }

    /// Writes down what is noted, for as long as the server runs.
    pub async fn write_uses(self) {
        self.0.uses.write().await;
    }

    fn remembered(&self, hash: &TokenHash) -> Option<Identity> {
        let known = self.0.known.lock();
        known.get(hash).filter(|known| known.since.elapsed() < REMEMBERED_FOR).map(|known| known.identity.clone())
    }

    async fn looked_up(&self, hash: &TokenHash) -> Result<Identity, VerifyError> {
        // Taken before the look: what is found may be as old as that.
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
        // Still full: whoever comes now is looked up each time.
        if known.len() < REMEMBERED {
            known.insert(*hash, Known { identity: identity.clone(), since });
        }
        Ok(identity)
    }
}

fn identity(grant: Grant) -> Identity {
    let Grant { owner_id, id, scope, created_at, expires_at } = grant;
    Identity {
        owner: OwnerId::of_api_token(&owner_id),
        issued_at: Some(created_at),
        // The last second of which every reader of RFC 3339 knows.
        expires_at: expires_at
            .or_else(|| DateTime::from_timestamp(253_402_300_799, 0))
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
        credential: Credential::ApiToken { id: id.as_uuid(), scope },
    }
}
