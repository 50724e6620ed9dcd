//! Acts as a browser at the providers: it keeps cookies, fills in forms and follows redirects, so
//! that tests use each provider as people do.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::Rng;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Provider;

/// The redirect URI registered at oidc-provider; nothing listens there.
const CALLBACK: &str = "http://127.0.0.1/callback";

/// The tokens that oidc-provider issues for a code.
#[derive(serde::Deserialize)]
pub struct SignedIn {
    pub access_token: String,
    pub id_token: String,
}

/// A person at one provider, with a browser that keeps cookies.
pub struct Visitor {
    http: reqwest::Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub fn at(provider: &Provider) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self {
            http: http.tls_certs_only([]).build().expect("a client"),
            url: provider.url.clone(),
            cookies: BTreeMap::new(),
        }
    }

    async fn send(&mut self, request: RequestBuilder) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(COOKIE, cookies.join("; ")).header(ORIGIN, &self.url);
        let response = request.send().await.expect("the provider answers");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("readable");
            let (name, value) = cookie.split(';').next().expect("a pair").split_once('=').expect("a pair");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    /// Signs up at Better Auth; returns the user's id.
    pub async fn sign_up(&mut self, name: &str) -> String {
        let person =
            json!({ "name": name, "email": format!("{name}@example.com"), "password": "correct horse battery" });
        let request = self.http.post(format!("{}/api/auth/sign-up/email", self.url)).json(&person);
        let answer: Value = good(self.send(request).await).await.json().await.expect("JSON");
        answer["user"]["id"].as_str().expect("an id").to_owned()
    }

    /// A new token from Better Auth for the signed-in user.
    pub async fn token(&mut self) -> String {
        let request = self.http.get(format!("{}/api/auth/token", self.url));
        let answer: Value = good(self.send(request).await).await.json().await.expect("JSON");
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// Signs in at oidc-provider by authorization code with PKCE, and consents. oidc-provider knows one
    /// service for each algorithm; the tokens are for that service.
    pub async fn sign_in(&mut self, login: &str, algorithm: &str) -> SignedIn {
        let resource = format!("urn:taskwire:{algorithm}");
        let verifier = BASE64_URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let authorization = [
            ("client_id", "front-end"),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid tasks"),
            ("resource", &resource),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut place = format!("/auth?{}", super::query(&authorization));
        let code = loop {
            if let Some(answer) = place.strip_prefix(CALLBACK) {
                break code_of(answer);
            }
            place = self.next_page(&place, login).await;
        };
        let exchange = [
            ("client_id", "front-end"),
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("code", &code),
            ("code_verifier", &verifier),
            ("resource", &resource),
        ];
        let request = self.http.post(format!("{}/token", self.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(super::query(&exchange));
        good(self.send(request).await).await.json().await.expect("tokens")
    }

    /// Requests a page and fills in its form, if any; returns the URL of the following redirect.
    async fn next_page(&mut self, place: &str, login: &str) -> String {
        let url = if place.starts_with("http") { place.to_owned() } else { format!("{}{place}", self.url) };
        let mut response = self.send(self.http.get(&url)).await;
        if response.status() == StatusCode::OK {
            let page = response.text().await.expect("a page");
            let form = if page.contains("value=\"login\"") {
                vec![("prompt", "login"), ("login", login), ("password", "anything will do")]
            } else {
                assert!(page.contains("value=\"consent\""), "{page}");
                vec![("prompt", "consent")]
            };
            let request = self.http.post(&url).header("content-type", "application/x-www-form-urlencoded");
            response = self.send(request.body(super::query(&form))).await;
        }
        assert!(response.status().is_redirection(), "{url}: {response:?}");
        response.headers()[LOCATION].to_str().expect("readable").to_owned()
    }
}

fn code_of(answer: &str) -> String {
    let answer = answer.trim_start_matches('?');
    let code = form_urlencoded::parse(answer.as_bytes()).find(|(name, _)| name == "code");
    code.unwrap_or_else(|| panic!("no code: {answer}")).1.into_owned()
}

async fn good(response: Response) -> Response {
    let status = response.status();
    if status.is_success() {
        return response;
    }
    panic!("{status}: {}", response.text().await.unwrap_or_default())
}
