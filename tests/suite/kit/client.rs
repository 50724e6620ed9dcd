//! An HTTP client that checks every response against the contract. Each request names the status
//! that it expects.

use std::fmt::Display;
use std::net::SocketAddr;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use taskwire::api::api_tokens::CreatedApiToken;
use taskwire::api::tasks::list::TaskList;
use taskwire::exchange::ImportResponse;
use taskwire::identity::api_tokens::ApiTokenId;
use taskwire::model::{Change, Task};

use super::{Contract, TestServer};

/// One user at one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    user: String,
    token: Option<String>,
}

/// A request that has not been sent yet.
#[must_use]
pub struct Call {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

/// A response that the contract allows.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    what: String,
}

impl Client {
    pub fn new(address: SocketAddr, user: &str, token: Option<String>) -> Self {
        // The library needs a crypto provider even though the tests use plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Loading the system's certificates takes longer than most tests.
            .tls_certs_only([])
            .build()
            .expect("a client is built");
        Self { http, address, user: user.to_owned(), token }
    }

    pub fn with_token(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A path below this user: `own("/tasks")` is `/api/<user>/tasks`.
    pub fn own(&self, rest: &str) -> String {
        let user = percent_encoding::utf8_percent_encode(&self.user, percent_encoding::NON_ALPHANUMERIC);
        format!("/api/{user}{rest}")
    }

    /// A request to any path of the server.
    pub fn call(&self, method: Method, path: impl Into<String>) -> Call {
        Call { client: self.clone(), method, path: path.into(), headers: HeaderMap::new(), body: None }
    }

    pub fn get(&self, rest: &str) -> Call {
        self.call(Method::GET, self.own(rest))
    }

    pub fn post(&self, rest: &str) -> Call {
        self.call(Method::POST, self.own(rest))
    }

    pub fn patch(&self, rest: &str) -> Call {
        self.call(Method::PATCH, self.own(rest))
    }

    pub fn put(&self, rest: &str) -> Call {
        self.call(Method::PUT, self.own(rest))
    }

    pub fn delete(&self, rest: &str) -> Call {
        self.call(Method::DELETE, self.own(rest))
    }

    /// Creates an API token of this scope. Returns a client that uses it, and the token's id.
    pub async fn with_api_token(&self, scope: &str) -> (Self, ApiTokenId) {
        let wanted = json!({ "name": format!("To {scope}"), "scope": scope });
        let created: CreatedApiToken = self.post("/tokens").json(wanted).expect(201).await.json();
        (self.with_token(Some(created.token)), created.api_token.id)
    }

    /// The same user at another server.
    pub fn at(&self, server: &TestServer) -> Self {
        Self { address: server.address, ..self.clone() }
    }

    /// The position of the user's list.
    pub async fn position(&self) -> String {
        let list: Value = self.get("/tasks?limit=1").expect(200).await.json();
        list["position"].as_str().expect("a position").to_owned()
    }

    /// The user's whole change log, read page by page.
    pub async fn log(&self) -> Vec<Value> {
        self.log_after(None).await
    }

    /// The log after a position, in the server's own types.
    pub async fn changes(&self, after: Option<&str>) -> Vec<Change> {
        let log = self.log_after(after).await;
        log.into_iter().map(|change| serde_json::from_value(change).expect("a change")).collect()
    }

    async fn log_after(&self, after: Option<&str>) -> Vec<Value> {
        let (mut log, mut after) = (Vec::new(), after.map(|after| format!("&after={after}")).unwrap_or_default());
        loop {
            let mut page: Value = self.get(&format!("/changes?limit=500{after}")).expect(200).await.json();
            log.append(page["changes"].as_array_mut().expect("changes"));
            if page["has_more"] == false {
                return log;
            }
            after = format!("&after={}", page["position"].as_str().expect("a position"));
        }
    }

    /// Creates this many tasks, eight at a time, each with this description.
    pub async fn create_many(&self, count: usize, description: &str) {
        use futures_util::StreamExt;

        let creations = (0..count).map(|number| {
            let task = json!({ "title": format!("task {number}"), "description": description });
            self.post("/tasks").json(task).expect(201)
        });
        assert_eq!(futures_util::stream::iter(creations).buffer_unordered(8).count().await, count);
    }

    /// Creates a task with this title.
    pub async fn create(&self, title: &str) -> Task {
        self.create_with(json!({ "title": title })).await
    }

    /// Exports all of the user's data in this format.
    pub async fn export(&self, format: &str) -> String {
        let file = self.get(&format!("/export?format={format}")).expect(200).await;
        String::from_utf8(file.body).expect("text")
    }

    /// All of the user's data as JSON, without the header that describes the file.
    pub async fn everything(&self) -> Value {
        let mut file: Value = serde_json::from_str(&self.export("json").await).expect("JSON");
        file.as_object_mut().expect("an object").remove("taskwire").expect("a header");
        file
    }

    /// Imports a file, which must succeed.
    pub async fn import(&self, media_type: &str, file: impl Into<Vec<u8>>) -> ImportResponse {
        self.post("/import").bytes(media_type, file).expect(200).await.json()
    }

    /// Reads an existing task.
    pub async fn read(&self, id: impl Display) -> Task {
        self.get(&at(id)).expect(200).await.json()
    }

    /// Updates fields of an existing task.
    pub async fn update(&self, id: impl Display, fields: Value) -> Task {
        self.patch(&at(id)).json(fields).expect(200).await.json()
    }

    /// All tasks of a list, page by page.
    pub async fn all(&self, query: &str) -> Vec<Task> {
        let mut page = self.page(query).await;
        let mut tasks = Vec::new();
        while let Some(cursor) = page.next_cursor {
            assert!(page.count > 0, "{query}: an empty page has a next cursor");
            tasks.append(&mut page.tasks);
            page = self.page(&format!("{query}&cursor={cursor}")).await;
        }
        tasks.append(&mut page.tasks);
        tasks
    }

    /// The titles of a list with these parameters, in its order.
    pub async fn titles(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        self.all(&query(parameters)).await.into_iter().map(|task| task.title).collect()
    }

    /// One page of the list for this query. The server writes it from the rows; it must be, to the byte,
    /// what the types of the contract make of it.
    pub async fn page(&self, query: &str) -> TaskList {
        let answer = self.get(&format!("/tasks?{query}")).expect(200).await;
        let page: TaskList = answer.json();
        assert_eq!(serde_json::to_string(&page).expect("JSON").as_bytes(), answer.body, "{query}");
        page
    }
}

/// Encodes parameters as a query string.
pub fn query(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The path of a task below its owner, for `Client::get` and the other methods.
pub fn at(id: impl Display) -> String {
    format!("/tasks/{id}")
}

impl Call {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Adds a header and keeps existing ones of the same name.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers.append(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers write the body in place")]
    pub fn json(self, body: Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub fn bytes(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self.header(CONTENT_TYPE.as_str(), media_type) }
    }

    /// Sends the request; fails the test unless the response has this status.
    pub async fn expect(self, status: u16) -> Answer {
        let answer = self.send().await;
        assert_eq!(answer.status.as_u16(), status, "{}: {}", answer.what, String::from_utf8_lossy(&answer.body));
        answer
    }

    /// Sends the request; fails the test unless the response is a problem with this status and
    /// code.
    pub async fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status).await;
        let problem: Value = answer.json();
        assert_eq!(problem["code"], code, "{}: {problem}", answer.what);
        problem
    }

    /// Sends the request; fails the test unless the response is a 400 that names this field.
    pub async fn invalid(self, field: &str) -> Value {
        let problem = self.problem(400, "VALIDATION_ERROR").await;
        let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
        assert!(errors.iter().any(|error| error["field"] == field), "{field} is not named: {problem}");
        problem
    }

    /// Sends the request and checks the response against the contract.
    pub async fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        let url = format!("http://{}{}", self.client.address, self.path);
        let mut request = self.client.http.request(self.method.clone(), url).headers(self.headers.clone());
        if let Some(token) = &self.client.token
            && !self.headers.contains_key(AUTHORIZATION)
        {
            request = request.bearer_auth(token);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{what}: {error}")).to_vec();
        assert!(headers.contains_key("x-request-id"), "{what}: no X-Request-Id");
        Contract::get().check(&self.method, &self.path, status, &headers, &body);
        Answer::new(what, status, headers, body)
    }
}

impl Answer {
    pub fn new(what: impl Into<String>, status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body, what: what.into() }
    }

    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}", self.what))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a readable header"))
    }

    /// What must be equal in two responses that a client must not be able to tell apart: status, headers
    /// and body, without the request's id and the date.
    pub fn comparable(&self) -> (StatusCode, HeaderMap, String) {
        let mut headers = self.headers.clone();
        headers.remove("x-request-id");
        headers.remove("date");
        (self.status, headers, String::from_utf8_lossy(&self.body).into_owned())
    }
}
