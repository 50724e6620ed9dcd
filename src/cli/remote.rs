//! A server as the commands see it: the few requests that signing in takes.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use cookie::Cookie;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{Failure, printable};
use crate::api::api_tokens::CreatedApiToken;
use crate::api::user::TokenIdentity;
use crate::config::is_loopback;
use crate::model::Scope;

const DEFAULT_URL: &str = "http://127.0.0.1:8000";
/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);
/// What an answer may weigh; those read here have a few hundred bytes.
const MAX_BYTES: usize = 256 * 1024;

pub fn default_url() -> Result<Url, Failure> {
    DEFAULT_URL.parse().map_err(Failure::new)
}

/// The user that a token names; whether it is genuine is for the server to say.
pub fn subject(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token).ok().map(|claims| claims.sub)
}

pub struct Remote {
    client: Client,
    base: Url,
}

/// A session for as long as it takes to get a token; it lives in a cookie.
pub struct Session(HeaderValue);

/// An answer that says no.
pub struct Refusal {
    pub status: StatusCode,
    detail: String,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.detail)
    }
}

/// Why a request did not lead to what was asked for.
pub enum Trouble {
    Refused(Refusal),
    Other(Failure),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => refusal.into(),
            Trouble::Other(failure) => failure,
        }
    }
}

impl Remote {
    /// The server at an address, for requests that carry a token.
    pub fn at(url: &Url) -> Result<Self, Failure> {
        let mut base = url.clone();
        let scheme = match url.scheme() {
            "http" | "ws" => "http",
            "https" | "wss" => "https",
            _ => return Err(unusable()),
        };
        base.set_scheme(scheme).map_err(|()| unusable())?;
        if base.cannot_be_a_base() || !base.has_host() {
            return Err(unusable());
        }
        // Somebody else in the process may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(WITHIN)
            .user_agent(concat!("taskwire/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            // What is meant for this machine stays on it, whatever a proxy or a resolver would do.
            let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
            client = client.no_proxy().resolve_to_addrs("localhost", &here);
        }
        let client = client.build().map_err(Failure::new)?;
        Ok(Self { client, base })
    }

    /// The same for what must not be overheard on the way.
    pub fn to_sign_in(url: &Url) -> Result<Self, Failure> {
        let remote = Self::at(url)?;
        if remote.base.scheme() == "https" || is_loopback(&remote.base) {
            return Ok(remote);
        }
        Err(Failure::new("a password or token goes over https alone, unless the server is on this machine"))
    }

    /// Signs in with e-mail and password.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Session, Failure> {
        let body = json!({ "email": email, "password": password, "rememberMe": false });
        let sent = self.send(Method::POST, &["api", "auth", "sign-in", "email"], None, Some(&body)).await;
        let (headers, _) = sent.map_err(|trouble| match trouble {
            Trouble::Refused(refusal) if refusal.status == StatusCode::NOT_FOUND => Failure::new(
                "this server keeps no accounts of its own; get a token from your provider, and give it with --token",
            ),
            trouble => trouble.into(),
        })?;
        let cookies = headers.get_all(SET_COOKIE).iter().filter_map(|cookie| Cookie::parse(cookie.to_str().ok()?).ok());
        let pairs: Vec<String> = cookies.map(|cookie| cookie.stripped().to_string()).collect();
        let mut cookie = HeaderValue::from_str(&pairs.join("; ")).map_err(Failure::new)?;
        cookie.set_sensitive(true);
        Ok(Session(cookie))
    }

    /// A short-lived access token of the session.
    pub async fn access_token(&self, session: &Session) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct AccessToken {
            token: String,
        }
        let (_, answer) = self.send(Method::GET, &["api", "auth", "token"], Some(&session.header()), None).await?;
        parsed::<AccessToken>(&answer).map(|answer| answer.token)
    }

    pub async fn sign_out(&self, session: &Session) -> Result<(), Failure> {
        let body = json!({});
        self.send(Method::POST, &["api", "auth", "sign-out"], Some(&session.header()), Some(&body)).await?;
        Ok(())
    }

    /// Whose a token is, according to the server.
    pub async fn identity(&self, token: &str) -> Result<TokenIdentity, Trouble> {
        let bearer = bearer(token).map_err(Trouble::Other)?;
        let (_, answer) = self.send(Method::GET, &["api", "auth", "identity"], Some(&bearer), None).await?;
        parsed(&answer).map_err(Trouble::Other)
    }

    pub async fn create_api_token(
        &self,
        user: &str,
        token: &str,
        name: &str,
        scope: Scope,
    ) -> Result<CreatedApiToken, Failure> {
        let body = json!({ "name": name, "scope": scope });
        let (_, answer) = self.send(Method::POST, &["api", user, "tokens"], Some(&bearer(token)?), Some(&body)).await?;
        parsed(&answer)
    }

    /// Has an API token revoke itself.
    pub async fn revoke_api_token(&self, user: &str, token: &str, id: Uuid) -> Result<(), Trouble> {
        let bearer = bearer(token).map_err(Trouble::Other)?;
        self.send(Method::DELETE, &["api", user, "tokens", &id.to_string()], Some(&bearer), None).await?;
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        credentials: Option<&HeaderMap>,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Vec<u8>), Trouble> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| Trouble::Other(unusable()))?.pop_if_empty().extend(path);
        let mut request = self.client.request(method, url);
        if let Some(credentials) = credentials {
            request = request.headers(credentials.clone());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let lost = |error: reqwest::Error| {
            Trouble::Other(Failure::new(format_args!("{} cannot be reached ({error})", self.base)))
        };
        let mut response = request.send().await.map_err(lost)?;
        let body = taken(&mut response).await.map_err(lost)?;
        if response.status().is_success() {
            return Ok((response.headers().clone(), body));
        }
        let told = serde_json::from_slice::<Value>(&body).ok();
        let detail = told.as_ref().and_then(|problem| problem["detail"].as_str());
        let status = response.status();
        let detail = match detail {
            Some(detail) => format!("{status}: {}", printable(detail)),
            None => format!("{} answers {status}, which Taskwire does not", self.base),
        };
        Err(Trouble::Refused(Refusal { status, detail }))
    }
}

impl Session {
    fn header(&self) -> HeaderMap {
        // What browsers say of a page of the server's own: a cookie alone would not do.
        let own = ("sec-fetch-site", HeaderValue::from_static("same-origin"));
        let own = [(own.0, own.1)].map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value));
        std::iter::once((COOKIE, self.0.clone())).chain(own).collect()
    }
}

async fn taken(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn bearer(token: &str) -> Result<HeaderMap, Failure> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Failure::new("the token holds characters that no token has"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn parsed<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(answer).map_err(|_| Failure::new("the server's answer is not understood"))
}

fn unusable() -> Failure {
    Failure::new("--url must be an address such as http://127.0.0.1:8000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_over_tls_or_not_over_the_network() {
        let allowed = |url: &str| Remote::to_sign_in(&url.parse().expect("an address")).is_ok();
        for url in [
            "https://tasks.example",
            "wss://tasks.example",
            "http://127.0.0.1:8000",
            "http://[::1]/",
            "http://localhost",
        ] {
            assert!(allowed(url), "{url}");
        }
        for url in [
            "http://tasks.example",
            "ws://10.0.0.1",
            "http://localhost.example",
            "http://a.localhost",
            "ftp://localhost",
            "data:x",
        ] {
            assert!(!allowed(url), "{url}");
        }
    }
}
