//! Tokens of issuers. [`jwt`](crate::jwt) decides whether a token is valid. This module chooses the keys
//! and rules for it by the issuer that the token names, and waits for newer keys when a token names an
//! unknown key. Keys are configured or fetched.

mod fetch;
mod pace;
mod remote;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use chrono::Utc;

use crate::config::{IssuerConfig, JwtConfig, KeySource};
use crate::jwt::{self, Key, Keys, Rules, Unverified, Verified};
use crate::model::{TokenError, VerifyError};
use fetch::Fetcher;
use remote::{KeyLookup, RemoteKeys};

pub use fetch::SetupError;

/// All issuers whose tokens this server accepts.
pub struct Issuers {
    /// Issuers by name, which a token states in `iss`.
    by_name: HashMap<String, Issuer>,
    /// The issuer for all other tokens: the only issuer, or the deployment's secret (`JWT_SECRET`).
    fallback: Option<Issuer>,
    /// `None` if no issuer's keys are fetched.
    fetcher: Option<Fetcher>,
}

struct Issuer {
    rules: Rules,
    keys: IssuerKeys,
}

enum IssuerKeys {
    Fixed(Keys),
    Remote(Arc<RemoteKeys>),
}

/// The keys that verified a token.
pub struct KeysInUse {
    /// The issuer and the version of its keys; `None` for keys that never change.
    fetched: Option<(Arc<RemoteKeys>, u64)>,
}

impl KeysInUse {
    pub const fn fixed() -> Self {
        Self { fetched: None }
    }

    /// Whether they are still the keys of their issuer.
    pub fn are_current(&self) -> bool {
        self.fetched.as_ref().is_none_or(|(keys, version)| keys.is_current(*version))
    }
}

impl Issuers {
    pub fn new(jwt: &JwtConfig) -> Result<Self, SetupError> {
        let from_secret = jwt.secret.as_ref().map(|secret| Issuer {
            rules: Rules {
                issuer: jwt.issuer.clone(),
                audience: jwt.audience.clone(),
                user_claim: jwt.user_claim.clone(),
                prefix: String::new(),
            },
            keys: IssuerKeys::Fixed(Keys::Single(Key::from_secret(secret.expose().as_bytes()))),
        });
        let mut issuers = Self { by_name: HashMap::new(), fallback: from_secret, fetcher: None };
        for config in &jwt.issuers {
            let issuer = Issuer::new(config, jwt);
            // An issuer without a prefix is the only one. As the fallback it also gets the tokens that name
            // another issuer, and rejects them with `TokenError::Issuer`.
            match (&config.issuer, &config.prefix) {
                (Some(name), Some(_)) => drop(issuers.by_name.insert(name.clone(), issuer)),
                _ => issuers.fallback = Some(issuer),
            }
        }
        if issuers.remote().next().is_some() {
            issuers.fetcher = Some(Fetcher::new()?);
        }
        Ok(issuers)
    }

    /// Verifies a token by the keys and rules of the issuer that it names.
    pub async fn verify(&self, token: &Unverified<'_>) -> Result<(Verified, KeysInUse), VerifyError> {
        let by_name = token.issuer().and_then(|name| self.by_name.get(name));
        let issuer = by_name.or(self.fallback.as_ref()).ok_or(TokenError::Issuer)?;
        issuer.verify(token).await
    }

    /// The tasks that keep fetched keys up to date, one for each issuer whose keys are fetched. They must
    /// run for as long as tokens are verified.
    pub fn refresh_tasks(&self) -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let Some(fetcher) = &self.fetcher else { return Vec::new() };
        let refresh = |keys: &Arc<RemoteKeys>| Box::pin(keys.clone().refresh(fetcher.clone())) as Pin<Box<_>>;
        self.remote().map(refresh).collect()
    }

    fn remote(&self) -> impl Iterator<Item = &Arc<RemoteKeys>> {
        self.by_name.values().chain(&self.fallback).filter_map(|issuer| match &issuer.keys {
            IssuerKeys::Remote(keys) => Some(keys),
            IssuerKeys::Fixed(_) => None,
        })
    }
}

impl Issuer {
    fn new(config: &IssuerConfig, jwt: &JwtConfig) -> Self {
        let rules = Rules {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            user_claim: config.user_claim.clone(),
            prefix: config.prefix.as_ref().map(|prefix| prefix.as_str().to_owned()).unwrap_or_default(),
        };
        let keys = match &config.keys {
            KeySource::Fixed(keys) => IssuerKeys::Fixed(keys.clone()),
            KeySource::Jwks(_) | KeySource::Discovery(_) => {
                IssuerKeys::Remote(Arc::new(RemoteKeys::new(config.keys.clone(), jwt.key_fetch_policy)))
            }
        };
        if config.audience.is_none() {
            tracing::warn!(
                issuer = config.issuer.as_deref().unwrap_or("any"),
                "no audience is set for this issuer, so its tokens for other services are accepted too"
            );
        }
        Self { rules, keys }
    }

    async fn verify(&self, token: &Unverified<'_>) -> Result<(Verified, KeysInUse), VerifyError> {
        let keys = match &self.keys {
            IssuerKeys::Fixed(keys) => {
                return Ok((jwt::verify(token, keys, &self.rules, Utc::now())?, KeysInUse::fixed()));
            }
            IssuerKeys::Remote(keys) => keys,
        };
        let mut lookup: Option<KeyLookup<'_>> = None;
        loop {
            // Begun before the keys are read, so that a change between reading and waiting is noticed.
            let lookup = lookup.get_or_insert_with(|| keys.lookup());
            if let Some((fetched, version)) = lookup.keys() {
                match jwt::verify(token, &fetched, &self.rules, Utc::now()) {
                    Err(TokenError::UnknownKey) => {}
                    result => return Ok((result?, KeysInUse { fetched: Some((Arc::clone(keys), version)) })),
                }
            }
            lookup.wait_for_newer_keys().await?;
        }
    }
}
