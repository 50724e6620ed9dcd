//! Access tokens: JWTs for the API that a session gets, signed with `EdDSA` and valid for some minutes.
//! An access token names its session, so that ending the session revokes it.

use std::sync::Arc;

use chrono::Utc;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::keys::{Key, Keys};
use super::sessions::Session;
use crate::database::Pool;
use crate::jwt::{self, OWN_ISSUER, Rules, Unverified, Verified};
use crate::model::{Credential, Identity, OwnerId, Problem, TokenError, VerifyError};

/// The type of an access token (RFC 9068).
const TYPE: &str = "at+jwt";

/// Mints and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens(Arc<Inner>);

struct Inner {
    pool: Pool,
    keys: Keys,
    rules: Rules,
    lifetime: std::time::Duration,
}

/// The key that verified an access token.
pub struct SigningKeyInUse {
    of: AccessTokens,
    key: Arc<Key>,
}

impl SigningKeyInUse {
    /// Whether this server still knows the key.
    pub fn is_current(&self) -> bool {
        self.of.keys().know(&self.key)
    }
}

#[derive(Serialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl AccessTokens {
    pub fn new(pool: Pool, lifetime: std::time::Duration) -> Self {
        let rules = Rules {
            issuer: Some(OWN_ISSUER.to_owned()),
            audience: Some(OWN_ISSUER.to_owned()),
            user_claim: "sub".to_owned(),
            prefix: String::new(),
        };
        Self(Arc::new(Inner { pool, keys: Keys::default(), rules, lifetime }))
    }

    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Signs an access token for a session. It expires no later than the session.
    pub async fn mint(&self, owner: &OwnerId, session: &Session) -> Result<String, Problem> {
        let key = self.0.keys.signing(&self.0.pool).await?;
        let now = Utc::now();
        let claims = Claims {
            iss: OWN_ISSUER.to_owned(),
            aud: OWN_ISSUER.to_owned(),
            sub: owner.as_str().to_owned(),
            sid: session.id,
            iat: now.timestamp(),
            exp: (now + self.0.lifetime).min(session.expires_at).timestamp(),
        };
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(|error| Problem::server_error(&error))
    }

    /// Verifies a token that names this server as its issuer.
    pub async fn verify(&self, token: &Unverified<'_>) -> Result<(Verified, SigningKeyInUse), VerifyError> {
        // All access tokens of this server name their key.
        let kid = token.kid().ok_or(TokenError::Malformed)?;
        let key = self.0.keys.by_kid(&self.0.pool, kid).await.map_err(|error| {
            tracing::warn!(%error, "the signing keys cannot be read");
            VerifyError::Unavailable
        })?;
        let key = key.ok_or(TokenError::UnknownKey)?;
        let Verified { identity, times } = jwt::verify(token, &key.verifying, &self.0.rules, Utc::now())?;
        let session = token.claims().get("sid").and_then(Value::as_str).and_then(|sid| sid.parse().ok());
        let credential = Credential::Session(session.ok_or(TokenError::Claims)?);
        let identity = Identity { credential, ..identity };
        Ok((Verified { identity, times }, SigningKeyInUse { of: self.clone(), key }))
    }
}
