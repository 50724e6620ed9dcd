//! A browser that keeps a session cookie and calls the server as the server's own page does.

use std::sync::Mutex;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Call, Client, TestServer};

pub const PASSWORD: &str = "correct horse battery";

/// One browser with at most one signed-in account.
pub struct Browser {
    client: Client,
    cookie: Mutex<Option<String>>,
}

impl Browser {
    pub fn new(server: &TestServer) -> Self {
        Self { client: server.anonymous(), cookie: Mutex::default() }
    }

    /// Signs up with this e-mail and [`PASSWORD`] in a new browser.
    pub async fn signed_up(server: &TestServer, email: &str) -> Self {
        let browser = Self::new(server);
        let account = json!({ "name": "Somebody", "email": email, "password": PASSWORD });
        browser.keep(&browser.post("sign-up/email", account).expect(200).await);
        browser
    }

    /// Signs in to the account with this e-mail in a new browser.
    pub async fn signed_in(server: &TestServer, email: &str, password: &str) -> Self {
        let browser = Self::new(server);
        browser.keep(&browser.sign_in(email, password).expect(200).await);
        browser
    }

    /// Another browser with a copy of the cookie.
    pub fn copy(&self) -> Self {
        Self { client: self.client.clone(), cookie: Mutex::new(self.cookie()) }
    }

    pub fn sign_in(&self, email: &str, password: &str) -> Call {
        self.post("sign-in/email", json!({ "email": email, "password": password }))
    }

    pub fn get(&self, path: &str) -> Call {
        self.auth(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.auth(Method::POST, path).json(body)
    }

    /// Stores or clears the cookie as the response says.
    pub fn keep(&self, answer: &Answer) {
        let Some(set) = answer.header("set-cookie") else { return };
        let pair = set.split(';').next().expect("a pair").to_owned();
        *self.jar() = (!pair.ends_with('=')).then_some(pair);
    }

    pub fn cookie(&self) -> Option<String> {
        self.jar().clone()
    }

    /// The session and its user, if there is one.
    pub async fn session(&self) -> Option<Value> {
        let answer = self.get("get-session").expect(200).await;
        self.keep(&answer);
        Some(answer.json::<Value>()).filter(|session| !session.is_null())
    }

    /// A client that calls the API as this user with a new access token.
    pub async fn user(&self) -> Client {
        let session = self.session().await.expect("a session");
        let token: Value = self.get("token").expect(200).await.json();
        let token = token["token"].as_str().expect("a token").to_owned();
        Client::new(self.client.address(), session["user"]["id"].as_str().expect("an id"), Some(token))
    }

    fn auth(&self, method: Method, path: &str) -> Call {
        let origin = format!("http://{}", self.client.address());
        let call = self.client.call(method, format!("/api/auth/{path}")).header("origin", &origin);
        match self.cookie() {
            Some(cookie) => call.header("cookie", &cookie),
            None => call,
        }
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.cookie.lock().expect("nobody panics")
    }
}
