//! The HTTP client of the commands, with the requests for signing in and for API tokens.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use cookie::Cookie;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
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
/// The time limit of a request.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum size of a response body. Those that the commands need have a few hundred bytes.
const BODY_MAX: usize = 256 * 1024;

pub fn default_url() -> Result<Url, Failure> {
    DEFAULT_URL.parse().map_err(Failure::new)
}

/// The user that a JWT names. Only the server can verify the token.
pub fn subject(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token).ok().map(|claims| claims.sub)
}

/// A Taskwire server at an address.
pub struct Remote {
    client: Client,
    base: Url,
}

/// The cookie of a session, which exists only until the API token is created.
pub struct Session(HeaderValue);

/// An error response.
pub struct Rejection {
    pub status: StatusCode,
    detail: String,
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::new(rejection.detail)
    }
}

/// Why a request failed.
pub enum RequestError {
    Rejected(Rejection),
    Other(Failure),
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Rejected(rejection) => rejection.into(),
            RequestError::Other(failure) => failure,
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
            _ => return Err(invalid_url()),
        };
        base.set_scheme(scheme).map_err(|()| invalid_url())?;
        if base.cannot_be_a_base() || !base.has_host() {
            return Err(invalid_url());
        }
        // Fails if the process has a provider already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("taskwire/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            // A request to this machine must not leave it, whatever proxy or resolver is configured.
            let loopback = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
            client = client.no_proxy().resolve_to_addrs("localhost", &loopback);
        }
        let client = client.build().map_err(Failure::new)?;
        Ok(Self { client, base })
    }

    /// The server at an address, for requests that carry a password or an unchecked token: only over https or
    /// on this machine.
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
        let (headers, _) = sent.map_err(|error| match error {
            RequestError::Rejected(rejection) if rejection.status == StatusCode::NOT_FOUND => Failure::new(
                "this server keeps no accounts of its own; get a token from your provider, and give it with --token",
            ),
            error => error.into(),
        })?;
        let cookies = headers.get_all(SET_COOKIE).iter().filter_map(|cookie| Cookie::parse(cookie.to_str().ok()?).ok());
        let pairs: Vec<String> = cookies.map(|cookie| cookie.stripped().to_string()).collect();
        let mut cookie = HeaderValue::from_str(&pairs.join("; ")).map_err(Failure::new)?;
        cookie.set_sensitive(true);
        Ok(Session(cookie))
    }

    /// A short-lived access token for the session.
    pub async fn access_token(&self, session: &Session) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct AccessToken {
            token: String,
        }
        let (_, response) = self.send(Method::GET, &["api", "auth", "token"], Some(&session.header()), None).await?;
        parsed::<AccessToken>(&response).map(|access| access.token)
    }

    pub async fn sign_out(&self, session: &Session) -> Result<(), Failure> {
        let body = json!({});
        self.send(Method::POST, &["api", "auth", "sign-out"], Some(&session.header()), Some(&body)).await?;
        Ok(())
    }

    /// The identity that the server sees in a token.
    pub async fn identity(&self, token: &str) -> Result<TokenIdentity, RequestError> {
        let bearer = bearer(token).map_err(RequestError::Other)?;
        let (_, response) = self.send(Method::GET, &["api", "auth", "identity"], Some(&bearer), None).await?;
        parsed(&response).map_err(RequestError::Other)
    }

    pub async fn create_api_token(
        &self,
        user: &str,
        token: &str,
        name: &str,
        scope: Scope,
    ) -> Result<CreatedApiToken, Failure> {
        let body = json!({ "name": name, "scope": scope });
        let (_, response) =
            self.send(Method::POST, &["api", user, "tokens"], Some(&bearer(token)?), Some(&body)).await?;
        parsed(&response)
    }

    /// Revokes an API token, with itself as the credential.
    pub async fn revoke_api_token(&self, user: &str, token: &str, id: Uuid) -> Result<(), RequestError> {
        let bearer = bearer(token).map_err(RequestError::Other)?;
        self.send(Method::DELETE, &["api", user, "tokens", &id.to_string()], Some(&bearer), None).await?;
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        credentials: Option<&HeaderMap>,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Vec<u8>), RequestError> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| RequestError::Other(invalid_url()))?.pop_if_empty().extend(path);
        let mut request = self.client.request(method, url);
        if let Some(credentials) = credentials {
            request = request.headers(credentials.clone());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let unreachable = |error: reqwest::Error| {
            RequestError::Other(Failure::new(format_args!("{} cannot be reached ({error})", self.base)))
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let body = read_body(&mut response).await.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok((response.headers().clone(), body));
        }
        let problem = serde_json::from_slice::<Value>(&body).ok();
        let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
        let status = response.status();
        let detail = match detail {
            Some(detail) => format!("{status}: {}", printable(detail)),
            None => format!(
                "{} answered {status} without a problem document, so it may not be a Taskwire server",
                self.base
            ),
        };
        Err(RequestError::Rejected(Rejection { status, detail }))
    }
}

impl Session {
    fn header(&self) -> HeaderMap {
        // Browsers send this header for the server's own pages. The server rejects a cookie without it.
        let same_origin = (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static("same-origin"));
        HeaderMap::from_iter([(COOKIE, self.0.clone()), same_origin])
    }
}

/// The body of a response, up to [`BODY_MAX`] bytes.
async fn read_body(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BODY_MAX {
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

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| Failure::new("the server's response cannot be parsed"))
}

fn invalid_url() -> Failure {
    Failure::new("--url must be an address such as http://127.0.0.1:8000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_sent_only_over_https_or_to_this_machine() {
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
