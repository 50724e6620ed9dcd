//! Fetching what an issuer publishes. A response may be slow, endless, malformed, or point to a
//! forbidden address, and none of that may cost more than this one attempt.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, StatusCode, redirect};
use serde::Deserialize;
use url::Url;

use crate::config::{KeySource, KeyUrl};
use crate::jwt::{KeyError, Keys};

/// The largest key set or description that is read; real ones have a few KiB.
const MAX_BYTES: usize = 256 * 1024;
/// How long one response may take, to its last byte.
const WITHIN: Duration = Duration::from_secs(5);

/// An HTTP client for this purpose alone: no redirects, no proxies, no cookies.
#[derive(Clone)]
pub struct Fetcher(Client);

/// Why the HTTP client cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("keys of issuers cannot be fetched: {0}")]
pub struct SetupError(#[from] reqwest::Error);

/// Why an attempt to fetch keys failed. Safe to log.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Http(#[source] reqwest::Error),
    #[error("the answer is {0}, and only 200 is followed")]
    Status(StatusCode),
    #[error("the answer is larger than 256 KiB")]
    TooLarge,
    #[error("the key set {0}")]
    Keys(#[from] KeyError),
    #[error("the description of the issuer is not usable JSON")]
    Description,
    #[error("the description is that of another issuer")]
    OtherIssuer,
    #[error("the issuer's jwks_uri may not be followed")]
    Place,
}

/// Keys, and how long their issuer lets clients cache them.
pub struct Fetched {
    pub keys: Keys,
    pub max_age: Option<Duration>,
}

/// The fields of an OpenID Connect discovery document that are used.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    pub fn new() -> Result<Self, SetupError> {
        // Fails if the process has a provider already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Plain HTTP is allowed to `localhost`, so no resolver may send that name elsewhere.
        let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve_to_addrs("localhost", &here)
            .timeout(WITHIN)
            // Minutes pass between two requests.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("taskwire/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    /// Fetches the keys from their source.
    pub async fn keys(&self, source: &KeySource) -> Result<Fetched, FetchError> {
        match source {
            KeySource::Fixed(keys) => Ok(Fetched { keys: keys.clone(), max_age: None }),
            KeySource::Jwks(url) => self.key_set(url).await,
            KeySource::Discovery(issuer) => {
                // Fetched each time, because the keys may have moved.
                let (json, _) = self.get(issuer.discovery()).await?;
                self.key_set(&key_set_of(issuer, &json)?).await
            }
        }
    }

    async fn key_set(&self, url: &KeyUrl) -> Result<Fetched, FetchError> {
        let (json, max_age) = self.get(url.url().clone()).await?;
        Ok(Fetched { keys: Keys::from_jwks(&json)?, max_age })
    }

    async fn get(&self, url: Url) -> Result<(Vec<u8>, Option<Duration>), FetchError> {
        // The URL may contain a secret, which must not be logged.
        let failed = |error: reqwest::Error| FetchError::Http(error.without_url());
        let mut answer = self.0.get(url).header(ACCEPT, "application/json").send().await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let max_age = max_age(answer.headers());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, max_age))
    }
}

/// The URL of the keys in a discovery document. The document must name exactly the issuer that was
/// asked, so that no issuer can pass for another (OpenID Connect Discovery §4.3).
fn key_set_of(issuer: &KeyUrl, json: &[u8]) -> Result<KeyUrl, FetchError> {
    let description: Description = serde_json::from_slice(json).map_err(|_| FetchError::Description)?;
    if description.issuer != issuer.as_str() {
        return Err(FetchError::OtherIssuer);
    }
    issuer.check_jwks_uri(&description.jwks_uri).map_err(|_| FetchError::Place)
}

/// The time that `Cache-Control` allows; zero for a response that must not be cached.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = directives.flat_map(|value| value.split(',')).map(|directive| directive.trim().to_lowercase());
    directives
        .filter_map(|directive| match directive.as_str() {
            "no-store" | "no-cache" => Some(0),
            directive => directive.strip_prefix("max-age=")?.trim_matches('"').parse().ok(),
        })
        .min()
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_time_that_is_named_counts() {
        for (values, seconds) in [
            (&["max-age=600"][..], Some(600)),
            (&["public, max-age=15, must-revalidate"], Some(15)),
            (&["Max-Age=\"7\""], Some(7)),
            (&["max-age=600", "no-cache"], Some(0)),
            (&["no-store"], Some(0)),
            (&["public"], None),
            (&["max-age=soon"], None),
            (&["max-age=-1"], None),
            (&[], None),
        ] {
            let values = values.iter().map(|value| (CACHE_CONTROL, value.parse().unwrap()));
            assert_eq!(max_age(&values.collect()), seconds.map(Duration::from_secs));
        }
    }

    #[test]
    fn an_issuer_describes_itself_and_nobody_else() {
        let issuer: KeyUrl = "https://id.example".parse().unwrap();
        let describe = |name: &str, keys: &str| {
            let json = serde_json::json!({ "issuer": name, "jwks_uri": keys }).to_string();
            key_set_of(&issuer, json.as_bytes())
        };
        assert_eq!(describe("https://id.example", "https://id.example/k").unwrap().as_str(), "https://id.example/k");
        for name in ["https://id.example/", "https://ID.example", "https://evil.example", "http://id.example", ""] {
            assert!(matches!(describe(name, "https://id.example/k"), Err(FetchError::OtherIssuer)), "{name}");
        }
        assert!(matches!(describe("https://id.example", "http://127.0.0.1/"), Err(FetchError::Place)));
        assert!(matches!(key_set_of(&issuer, b"{}"), Err(FetchError::Description)));
    }
}
