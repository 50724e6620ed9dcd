//! JSON Web Tokens signed with the shared secret: HS256 and nothing else, `sub` and `exp`
//! required, issuer and audience checked when they are configured.

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use serde::{Deserialize, Serialize};

use super::{Credential, Identity, OwnerId};

/// How far the clocks of issuer and server may differ, in seconds.
const LEEWAY: u64 = 5;
/// Longer tokens are refused unread: no claim that Taskwire uses needs the room.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Verifies tokens, and mints them for the command line.
pub struct Tokens {
    decoding: DecodingKey,
    encoding: EncodingKey,
    validation: Validation,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Serialize)]
struct NewClaims<'a> {
    sub: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    iat: Option<f64>,
}

/// Why a token is not accepted. The texts are safe to send and to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("send a token: Authorization: Bearer <token>")]
    Missing,
    #[error("more than one Authorization header")]
    Repeated,
    #[error("the Authorization header is not of the form: Bearer <token>")]
    Scheme,
    #[error("the token is not a well-formed JWT")]
    Malformed,
    #[error("the token is signed with another algorithm than HS256")]
    Algorithm,
    #[error("the token uses a critical extension, and none is supported")]
    Extension,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token lacks a required claim or a claim has the wrong type")]
    Claims,
    #[error("the token's subject is not a usable user id")]
    Subject,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the API token is malformed: it has lost or changed a character")]
    ApiTokenForm,
    #[error("there is no such API token; it may have been revoked")]
    ApiTokenUnknown,
    #[error("the token was revoked; sign in again")]
    Revoked,
    #[error("the token is older than tokens may be here (TOKEN_MAX_LIFE)")]
    TooOld,
    #[error("the token ends later than tokens may here (TOKEN_MAX_LIFE), and does not say when it was issued")]
    TooLong,
}

/// Why no token can be minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    #[error("a user id has 1 to 255 characters, no control characters, and is not . or ..")]
    Subject,
    #[error("the token cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

impl Tokens {
    pub fn new(secret: &[u8], issuer: Option<String>, audience: Option<String>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        // A configured issuer or audience must be there; the check alone passes without the claim.
        let mut required = vec!["sub", "exp"];
        if let Some(issuer) = &issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if let Some(audience) = &audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        } else {
            validation.validate_aud = false;
        }
        validation.set_required_spec_claims(&required);
        Self {
            decoding: DecodingKey::from_secret(secret),
            encoding: EncodingKey::from_secret(secret),
            validation,
            issuer,
            audience,
        }
    }

    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let TokenData { header, claims, .. } = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|error| TokenError::from(error.kind()))?;
        // None is known here, and one that is not known must be refused (RFC 7515 §4.1.11).
        if header.crit.is_some() {
            return Err(TokenError::Extension);
        }
        if !is_user_id(&claims.sub) {
            return Err(TokenError::Subject);
        }
        Ok(Identity {
            owner: OwnerId::verified(&claims.sub),
            issued_at: claims.iat.map(time),
            expires_at: time(claims.exp),
            credential: Credential::Token,
        })
    }

    pub fn mint(&self, user: &str, lifetime: std::time::Duration) -> Result<String, MintError> {
        if !is_user_id(user) {
            return Err(MintError::Subject);
        }
        let now = Utc::now().timestamp();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = NewClaims {
            sub: user,
            iat: now,
            exp: now.saturating_add(lifetime),
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?)
    }
}

/// The time that a claim names; one beyond all times is the last.
fn time(seconds: f64) -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond range saturates and is capped below")]
    DateTime::from_timestamp(seconds as i64, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// 1 to 255 characters, no control characters, and nothing that a client would resolve away
/// when it stands in a path.
fn is_user_id(sub: &str) -> bool {
    let length = sub.chars().count();
    (1..=255).contains(&length) && !sub.chars().any(char::is_control) && sub != "." && sub != ".."
}

impl From<&ErrorKind> for TokenError {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::InvalidAlgorithm
            | ErrorKind::InvalidAlgorithmName
            | ErrorKind::UnsupportedAlgorithm
            | ErrorKind::MissingAlgorithm => Self::Algorithm,
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYetValid,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::InvalidSubject => {
                Self::Claims
            }
            _ => Self::Malformed,
        }
    }
}
