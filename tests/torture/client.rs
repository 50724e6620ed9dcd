//! One user's HTTP client: it can reach every server, mints its own tokens, and searches everything
//! that it receives for other users' markers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use taskwire::identity::tokens::Tokens;
use taskwire::model::{Position, Task};

use super::cluster::SECRET;
use super::history::{Listing, Promise, Record, Violation};

/// The longest time that a client waits for a response.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    servers: Arc<[SocketAddr]>,
    pub record: Arc<Record>,
    pub user: usize,
}

/// A completely received response.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Client {
    pub fn new(servers: Arc<[SocketAddr]>, record: Arc<Record>, user: usize) -> Self {
        // The library needs a crypto provider even though the tests use plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .pool_max_idle_per_host(2)
            .build()
            .expect("a client is built");
        Self { http, servers, record, user }
    }

    pub fn name(&self) -> &str {
        self.record.name(self.user)
    }

    /// The address of a random server.
    pub fn server(&self) -> SocketAddr {
        self.servers[rand::random_range(0..self.servers.len())]
    }

    pub fn token(&self, lifetime: Duration) -> String {
        Tokens::new(SECRET.as_bytes(), None, None).mint(self.name(), lifetime).expect("a token is minted")
    }

    /// Sends a request; `None` without a complete response.
    pub async fn send(&self, method: Method, rest: &str, body: Option<&Value>) -> Option<Answer> {
        let url = format!("http://{}/api/{}{rest}", self.server(), self.name());
        let mut request = self.http.request(method, url).bearer_auth(self.token(Duration::from_mins(5)));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        let status = response.status();
        let text = response.text().await.ok()?;
        self.record.search(self.user, &text);
        Some(Answer { status, body: serde_json::from_str(&text).unwrap_or_default() })
    }

    /// Reads a `T`; `None` if the request failed.
    pub async fn get<T: DeserializeOwned>(&self, rest: &str) -> Option<T> {
        let answer = self.send(Method::GET, rest, None).await?;
        if answer.status != StatusCode::OK {
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                self.unexpected(rest, &answer);
            }
            return None;
        }
        serde_json::from_value(answer.body).ok()
    }

    /// Reports a response that no injected fault explains.
    pub fn unexpected(&self, what: &str, answer: &Answer) {
        let what = format!("{what} was answered {}: {}", answer.status, answer.body);
        self.record.fault(self.user, Violation::new(Promise::Answers, what));
    }

    /// Lists all tasks, page by page; `None` if a request failed.
    pub async fn list(&self, limit: u16) -> Option<Listing> {
        let asked = self.record.tick();
        let mut listing: Option<Listing> = None;
        let mut cursor = String::new();
        loop {
            let answer = self.send(Method::GET, &format!("/tasks?limit={limit}{cursor}"), None).await?;
            if answer.status != StatusCode::OK {
                if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                    self.unexpected("a list", &answer);
                }
                return None;
            }
            let tasks: Vec<Task> = serde_json::from_value(answer.body["tasks"].clone()).ok()?;
            let tasks = tasks.into_iter().map(|task| (task.id, task));
            let next = answer.body["next_cursor"].as_str();
            if let Some(listing) = &mut listing {
                // Later pages may be newer; the changes will report the same again.
                listing.tasks.extend(tasks);
            } else {
                let position: Position = answer.body["position"].as_str()?.parse().ok()?;
                let tasks: HashMap<_, _> = tasks.collect();
                listing = Some(Listing { asked, position, tasks, whole: next.is_none() });
            }
            match next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return listing,
            }
        }
    }
}
