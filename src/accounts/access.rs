//! Access tokens: JWTs of a few minutes, signed with `EdDSA`, that a session gets and the API takes.
//! They name their session, so that what ends it ends them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{Key, Keys};
use super::sessions::Session;
use crate::auth::{Credential, Identity, OwnerId, TokenError, VerifyError};
use crate::database::Pool;
use crate::problem::Problem;

/// Names this deployment as the issuer and as the audience.
pub const ISSUER: &str = "taskwire";
/// What kind of JWT it is (RFC 9068), so that no other can pass for one.
const TYPE: &str = "at+jwt";
/// How far the clocks of servers may differ, in seconds.
const LEEWAY: u64 = 5;

/// Makes and checks access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens(Arc<Inner>);

struct Inner {
    pool: Pool,
    keys: Keys,
    lifetime: std::time::Duration,
}

#[derive(Serialize, Deserialize)]
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
        Self(Arc::new(Inner { pool, keys: Keys::default(), lifetime }))
    }

    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// A token for a session, which does not outlive it.
    pub async fn mint(&self, owner: &OwnerId, session: &Session) -> Result<String, Problem> {
        let key = self.0.keys.signing(&self.0.pool).await?;
        let now = Utc::now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: owner.as_str().to_owned(),
            sid: session.id,
            iat: now.timestamp(),
            exp: (now + self.0.lifetime).min(session.expires_at).timestamp(),
        };
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(|error| Problem::server_error(&error))
    }

    /// Whether a token says that it is one of these, be it true or not.
    pub fn are_named_by(token: &str) -> bool {
        #[derive(Deserialize)]
        struct Issuer {
            iss: String,
        }
        jsonwebtoken::dangerous::insecure_decode_claims::<Issuer>(token).is_ok_and(|claims| claims.iss == ISSUER)
    }

    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Algorithm.into());
        }
        if header.crit.is_some() {
            return Err(TokenError::Extension.into());
        }
        let kid = header.kid.filter(|_| header.typ.as_deref() == Some(TYPE)).ok_or(TokenError::Malformed)?;
        let key = self.0.keys.named(&self.0.pool, &kid).await.map_err(|error| {
            tracing::warn!(%error, "the signing keys cannot be read");
            VerifyError::Unavailable
        })?;
        // Whoever made it did not have a key of ours.
        Ok(verify_with(&*key.ok_or(TokenError::Signature)?, token)?)
    }
}

fn verify_with(key: &Key, token: &str) -> Result<Identity, TokenError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.set_required_spec_claims(&["sub", "exp", "iss", "aud"]);
    let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
        .map_err(|error| TokenError::from(error.kind()))?
        .claims;
    let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Claims);
    Ok(Identity {
        owner: OwnerId::of_account(&claims.sub),
        issued_at: Some(time(claims.iat)?),
        expires_at: time(claims.exp)?,
        credential: Credential::Session(claims.sid),
    })
}
