//! Tokens that are signed with the deployment's secret (`JWT_SECRET`). The command line mints them.

use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use crate::config::JwtConfig;
use crate::jwt::{self, Key, Keys, Rules, Unverified, is_user_id};
use crate::model::{Identity, TokenError};

/// Mints and verifies tokens that are signed with a shared secret. The algorithm is always HS256.
pub struct Tokens {
    encoding: EncodingKey,
    keys: Keys,
    rules: Rules,
}

/// Why a token cannot be minted.
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
            keys: Keys::Single(Key::from_secret(secret)),
            rules: Rules { issuer, audience, user_claim: "sub".to_owned(), prefix: String::new() },
        }
    }

    /// `None` if no secret is configured: then only issuers sign tokens.
    pub fn from_config(jwt: &JwtConfig) -> Option<Self> {
        let secret = jwt.secret.as_ref()?.expose().as_bytes();
        let mut tokens = Self::new(secret, jwt.issuer.clone(), jwt.audience.clone());
        tokens.rules.user_claim.clone_from(&jwt.user_claim);
        Some(tokens)
    }

    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        jwt::verify(&Unverified::parse(token)?, &self.keys, &self.rules, Utc::now()).map(|verified| verified.identity)
    }

    /// Signs a token for a user, valid from now for the lifetime.
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
