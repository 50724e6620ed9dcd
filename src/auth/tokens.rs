//! Minting tokens with the deployment's own secret, for the command line; and why a token of any
//! kind is not accepted.

use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::Identity;
use super::jwt::{self, Key, Keys, Rules, Unverified, is_user_id};
use crate::config::JwtConfig;

/// Tokens signed with a shared secret: HS256 and nothing else.
pub struct Tokens {
    encoding: EncodingKey,
    keys: Keys,
    rules: Rules,
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
    #[error("the token's algorithm is not one that the key of its issuer is for")]
    Algorithm,
    #[error("the token is of a type that is not for signing in")]
    Type,
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
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
        Self {
            encoding: EncodingKey::from_secret(secret),
            keys: Keys::Single(Key::of_secret(secret)),
            rules: Rules { issuer, audience, user_claim: "sub".to_owned(), prefix: String::new() },
        }
    }

    /// `None` where tokens come only from elsewhere.
    pub fn of(jwt: &JwtConfig) -> Option<Self> {
        let secret = jwt.secret.as_ref()?.expose().as_bytes();
        let mut tokens = Self::new(secret, jwt.issuer.clone(), jwt.audience.clone());
        tokens.rules.user_claim.clone_from(&jwt.user_claim);
        Some(tokens)
    }

    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        jwt::verify(&Unverified::parse(token)?, &self.keys, &self.rules, Utc::now())
    }

    pub fn mint(&self, user: &str, lifetime: std::time::Duration) -> Result<String, MintError> {
        if !is_user_id(user) {
            return Err(MintError::Subject);
        }
        let now = Utc::now().timestamp();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut claims: Map<String, Value> = Map::new();
        claims.insert("sub".to_owned(), json!(user));
        claims.insert(self.rules.user_claim.clone(), json!(user));
        claims.insert("iat".to_owned(), json!(now));
        claims.insert("exp".to_owned(), json!(now.saturating_add(lifetime)));
        for (name, value) in [("iss", &self.rules.issuer), ("aud", &self.rules.audience)] {
            if let Some(value) = value {
                claims.insert(name.to_owned(), json!(value));
            }
        }
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?)
    }
}
