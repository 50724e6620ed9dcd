//! Fetches the keys of an issuer over HTTP. A response may be slow, endless or malformed, or name a
//! forbidden URL. In each case only this attempt fails.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, StatusCode, redirect};
use serde::Deserialize;
use url::Url;

use crate::config::{KeySource, KeyUrl};
use crate::jwt::{KeyError, Keys};

/// The largest response that is read. Real key sets and discovery documents have a few KiB.
const MAX_BYTES: usize = 256 * 1024;
/// How long one request may take, to the last byte of the response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// An HTTP client that follows no redirects and uses no proxies and no cookies.
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
    #[error("the response has status {0} instead of 200")]
    Status(StatusCode),
    #[error("the response is larger than 256 KiB")]
    TooLarge,
    #[error("the key set {0}")]
    Keys(#[from] KeyError),
    #[error("the discovery document of the issuer is malformed")]
    Discovery,
    #[error("the discovery document names another issuer")]
    OtherIssuer,
    #[error("the jwks_uri of the issuer is not allowed")]
    ForbiddenUrl,
}

/// Fetched keys, and how long the issuer allows clients to cache them.
pub struct Fetched {
    pub keys: Keys,
    pub max_age: Option<Duration>,
}

/// The fields of an OpenID Connect discovery document that are used.
#[derive(Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    pub fn new() -> Result<Self, SetupError> {
        // Fails only if the process already has a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Plain HTTP to `localhost` is allowed, so DNS must not resolve that name to another machine.
        let loopback = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve_to_addrs("localhost", &loopback)
            .timeout(TIMEOUT)
            // Minutes pass between two requests, so idle connections are useless.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("taskwire/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    /// Gets the keys from their source.
    pub async fn keys(&self, source: &KeySource) -> Result<Fetched, FetchError> {
        match source {
            KeySource::Fixed(keys) => Ok(Fetched { keys: keys.clone(), max_age: None }),
            KeySource::Jwks(url) => self.key_set(url).await,
            KeySource::Discovery(issuer) => {
                // Fetched each time, because the URL of the keys may have changed.
                let (json, _) = self.get(issuer.discovery()).await?;
                self.key_set(&key_set_url(issuer, &json)?).await
            }
        }
    }

    async fn key_set(&self, url: &KeyUrl) -> Result<Fetched, FetchError> {
        let (json, max_age) = self.get(url.url().clone()).await?;
        Ok(Fetched { keys: Keys::from_jwks(&json)?, max_age })
    }

    /// The body of a response and how long it may be cached.
    async fn get(&self, url: Url) -> Result<(Vec<u8>, Option<Duration>), FetchError> {
        // The URL may contain a secret, which must not be logged.
        let failed = |error: reqwest::Error| FetchError::Http(error.without_url());
        let mut response = self.0.get(url).header(ACCEPT, "application/json").send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let max_age = max_age(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, max_age))
    }
}

/// The URL of the keys, from the discovery document of an issuer. The document must name exactly this
/// issuer, so that no issuer can impersonate another (OpenID Connect Discovery §4.3).
fn key_set_url(issuer: &KeyUrl, json: &[u8]) -> Result<KeyUrl, FetchError> {
    let document: DiscoveryDocument = serde_json::from_slice(json).map_err(|_| FetchError::Discovery)?;
    if document.issuer != issuer.as_str() {
        return Err(FetchError::OtherIssuer);
    }
    issuer.check_jwks_uri(&document.jwks_uri).map_err(|_| FetchError::ForbiddenUrl)
}

/// How long `Cache-Control` allows clients to cache a response; zero if they must not.
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
    fn the_shortest_cache_time_counts() {
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
    fn a_discovery_document_must_name_its_issuer() {
        let issuer: KeyUrl = "https://id.example".parse().unwrap();
        let describe = |name: &str, keys: &str| {
            let json = serde_json::json!({ "issuer": name, "jwks_uri": keys }).to_string();
            key_set_url(&issuer, json.as_bytes())
        };
        assert_eq!(describe("https://id.example", "https://id.example/k").unwrap().as_str(), "https://id.example/k");
        for name in ["https://id.example/", "https://ID.example", "https://evil.example", "http://id.example", ""] {
            assert!(matches!(describe(name, "https://id.example/k"), Err(FetchError::OtherIssuer)), "{name}");
        }
        assert!(matches!(describe("https://id.example", "http://127.0.0.1/"), Err(FetchError::ForbiddenUrl)));
        assert!(matches!(key_set_url(&issuer, b"{}"), Err(FetchError::Discovery)));
    }
}
