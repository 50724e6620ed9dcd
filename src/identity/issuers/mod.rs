//! Tokens of issuers: which issuer a token is from, and the keys of each issuer, configured or
//! fetched. [`jwt`](crate::jwt) decides whether a token is valid; this module decides by which keys and
//! rules, and what to do when the known keys may be outdated.

mod fetch;
mod pace;
mod remote;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use chrono::Utc;

use crate::config::{IssuerConfig, JwtConfig, KeySource};
use crate::jwt::{self, Key, Keys, Rules, Unverified};
use crate::model::{Identity, TokenError, VerifyError};
use fetch::Fetcher;
use remote::{KeyLookup, RemoteKeys};

pub use fetch::SetupError;

/// Every issuer whose tokens are accepted.
pub struct Issuers {
    /// Issuers by their name, which a token states in `iss`.
    named: HashMap<String, Issuer>,
    /// For tokens that name none of them: the only issuer, or the deployment's own secret.
    other: Option<Issuer>,
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

impl Issuers {
    pub fn new(jwt: &JwtConfig) -> Result<Self, SetupError> {
        let own = jwt.secret.as_ref().map(|secret| Issuer {
            rules: Rules {
                issuer: jwt.issuer.clone(),
                audience: jwt.audience.clone(),
                user_claim: jwt.user_claim.clone(),
                prefix: String::new(),
            },
            keys: IssuerKeys::Fixed(Keys::Single(Key::of_secret(secret.expose().as_bytes()))),
        });
        let mut issuers = Self { named: HashMap::new(), other: own, fetcher: None };
        for config in &jwt.issuers {
            let issuer = Issuer::new(config, jwt);
            // Without a prefix it is the only issuer, and a token of another gets the error that says so.
            match (&config.issuer, &config.prefix) {
                (Some(name), Some(_)) => drop(issuers.named.insert(name.clone(), issuer)),
                _ => issuers.other = Some(issuer),
            }
        }
        if issuers.remote().next().is_some() {
            issuers.fetcher = Some(Fetcher::new()?);
        }
        Ok(issuers)
    }

    /// Verifies a token by the keys and rules of the issuer that it names.
    pub async fn identify(&self, token: &Unverified<'_>) -> Result<Identity, VerifyError> {
        let named = token.issuer().and_then(|name| self.named.get(name));
        let issuer = named.or(self.other.as_ref()).ok_or(TokenError::Issuer)?;
        issuer.identify(token).await
    }

    /// The tasks that keep fetched keys up to date, one for each issuer. They must run for as long as
    /// tokens are verified.
    pub fn refresh_tasks(&self) -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let Some(fetcher) = &self.fetcher else { return Vec::new() };
        let keep = |keys: &Arc<RemoteKeys>| Box::pin(keys.clone().keep(fetcher.clone())) as Pin<Box<_>>;
        self.remote().map(keep).collect()
    }

    fn remote(&self) -> impl Iterator<Item = &Arc<RemoteKeys>> {
        self.named.values().chain(&self.other).filter_map(|issuer| match &issuer.keys {
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
                IssuerKeys::Remote(Arc::new(RemoteKeys::new(config.keys.clone(), jwt.key_pace)))
            }
        };
        if config.audience.is_none() {
            tracing::warn!(
                issuer = config.issuer.as_deref().unwrap_or("any"),
                "without an audience, tokens that this issuer made for other services are accepted, too"
            );
        }
        Self { rules, keys }
    }

    async fn identify(&self, token: &Unverified<'_>) -> Result<Identity, VerifyError> {
        let keys = match &self.keys {
            IssuerKeys::Fixed(keys) => return Ok(jwt::verify(token, keys, &self.rules, Utc::now())?),
            IssuerKeys::Remote(keys) => keys,
        };
        let mut lookup: Option<KeyLookup<'_>> = None;
        loop {
            // Begun before the keys are read, so that no change between reading and waiting is missed.
            let lookup = lookup.get_or_insert_with(|| keys.lookup());
            if let Some(keys) = lookup.keys() {
                match jwt::verify(token, &keys, &self.rules, Utc::now()) {
                    Err(TokenError::UnknownKey) => {}
                    decided => return Ok(decided?),
                }
            }
            lookup.newer_keys().await?;
        }
    }
}
