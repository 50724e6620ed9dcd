//! Tokens from outside: which issuer a token is from, and the keys of each issuer, here or
//! fetched. [`jwt`](super::jwt) decides whether a token is good; this decides by whose keys and
//! rules, and what to do when the keys at hand may be too old to tell.

mod fetch;
mod pace;
mod remote;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use chrono::Utc;

use super::jwt::{self, Key, Keys, Rules, Unverified};
use super::{Identity, TokenError, VerifyError};
use crate::config::{IssuerConfig, JwtConfig, KeySource};
use fetch::Fetcher;
use remote::{RemoteKeys, Visit};

pub use fetch::SetupError;

/// Every issuer whose tokens are accepted.
pub struct Issuers {
    /// Those that are known by their name.
    named: HashMap<String, Issuer>,
    /// The one for tokens that name none of them: the only source there is, or the deployment's
    /// own secret.
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
            // Without a prefix, it is the only source: a token of another is told so.
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

    /// Whose token this is, by the keys and rules of the issuer that it names.
    pub async fn identify(&self, token: &Unverified<'_>) -> Result<Identity, VerifyError> {
        let named = token.issuer().and_then(|name| self.named.get(name));
        let issuer = named.or(self.other.as_ref()).ok_or(TokenError::Issuer)?;
        issuer.identify(token).await
    }

    /// What keeps the keys fresh, one for each issuer whose keys are fetched. To be run for as
    /// long as tokens are looked at.
    pub fn keepers(&self) -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
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
        let mut visit: Option<Visit<'_>> = None;
        loop {
            // Entered before looking, so that no news between looking and waiting is missed.
            let visit = visit.get_or_insert_with(|| keys.visit());
            if let Some(keys) = visit.keys() {
                match jwt::verify(token, &keys, &self.rules, Utc::now()) {
                    Err(TokenError::UnknownKey) => {}
                    decided => return Ok(decided?),
                }
            }
            visit.newer_keys().await?;
        }
    }
}
