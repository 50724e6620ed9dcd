//! A table of malformed requests, with the status, code and field that the response must have.
//! `cargo test --test suite input -- --nocapture` prints the table with the responses.

use std::fmt::Write;
use std::net::SocketAddr;

use serde_json::Value;

use crate::kit::{Answer, Client, Options, TestServer, at, send_raw};

const LIMIT: u16 = 4096;
const JSON: &str = "application/json";

/// A malformed request in raw form.
struct Request<'a> {
    method: &'a str,
    path: String,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

/// The expected response.
struct Expected {
    status: u16,
    code: &'static str,
    field: Option<&'static str>,
}

struct Table<'a> {
    user: &'a Client,
    rows: Vec<(String, Request<'a>, Expected)>,
}

const fn invalid(field: &'static str) -> Expected {
    Expected { status: 400, code: "VALIDATION_ERROR", field: Some(field) }
}

const fn refused(status: u16, code: &'static str) -> Expected {
    Expected { status, code, field: None }
}

const MALFORMED: Expected = refused(400, "VALIDATION_ERROR");

impl<'a> Table<'a> {
    fn row(&mut self, what: &str, method: &'a str, path: String, expected: Expected) {
        let request = Request { method, path, headers: Vec::new(), body: Vec::new() };
        self.rows.push((what.to_owned(), request, expected));
    }

    /// A request with a body of this media type.
    fn body(&mut self, what: &str, method: &'a str, path: &str, media_type: &str, body: &[u8], expected: Expected) {
        let length = body.len().to_string();
        let headers = vec![("Content-Type", media_type.to_owned()), ("Content-Length", length)];
        let request = Request { method, path: self.user.own(path), headers, body: body.to_vec() };
        self.rows.push((what.to_owned(), request, expected));
    }

    /// A creation with this body.
    fn create(&mut self, what: &str, body: impl AsRef<[u8]>, expected: Expected) {
        self.body(what, "POST", "/tasks", JSON, body.as_ref(), expected);
    }

    /// A creation with additional headers.
    fn create_with(&mut self, what: &str, headers: &[(&'a str, &str)], body: impl AsRef<[u8]>, expected: Expected) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let request = Request { method: "POST", path: self.user.own("/tasks"), headers, body: body.as_ref().to_vec() };
        self.rows.push((what.to_owned(), request, expected));
    }
}

async fn send(address: SocketAddr, token: &str, request: &Request<'_>) -> Answer {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", request.method, request.path);
    write!(head, "Authorization: Bearer {token}\r\n").expect("memory");
    for (name, value) in &request.headers {
        write!(head, "{name}: {value}\r\n").expect("memory");
    }
    send_raw(address, &[head.as_bytes(), b"\r\n", &request.body].concat()).await
}

/// How a response differs from the expected one, if it does.
fn fault(answer: &Answer, problem: &Value, expected: &Expected) -> Option<&'static str> {
    let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let detail = problem["detail"].as_str().unwrap_or_default();
    let internal = [
        "struct",
        "tuple",
        "enum ",
        "variant index",
        "serde",
        "sqlx",
        "path string",
        "sequence",
        " map",
        "digit found",
        "parse integer",
    ];
    match expected {
        _ if answer.status != expected.status || problem["status"] != expected.status => Some("status"),
        _ if problem["code"] != expected.code => Some("code"),
        _ if answer.header("content-type") != Some("application/problem+json") => Some("media type"),
        _ if answer.header("x-request-id").is_none() => Some("no request id"),
        _ if detail.len() < 20 || internal.iter().any(|word| detail.contains(word)) => Some("detail"),
        Expected { field: Some(field), .. } if !errors.iter().any(|error| error["field"] == *field) => Some("field"),
        Expected { field: Some(field), .. } if !detail.contains(field) => Some("detail does not name the field"),
        Expected { status: 405, .. } if answer.header("allow").is_none() => Some("no Allow"),
        _ => None,
    }
}

fn routes(table: &mut Table, task: &str) {
    let own = |rest: &str| table.user.own(rest);
    let [nothing, tasks, stats] = [own("/nothing"), own("/tasks"), own("/stats")];
    let (deep, single) = (own("/tasks/a/b/c"), own(task));
    let complete = format!("{single}/complete");
    let not_allowed = || refused(405, "METHOD_NOT_ALLOWED");
    for path in ["/nothing", "/api", "/api/", "/docs/nothing", "/openapi", "/%00", "/../etc/passwd"] {
        table.row("unknown route", "GET", path.to_owned(), refused(404, "NOT_FOUND"));
    }
    table.row("unknown resource", "GET", nothing, refused(404, "NOT_FOUND"));
    table.row("path too deep", "GET", deep, refused(404, "NOT_FOUND"));
    table.row("wrong method", "DELETE", tasks.clone(), not_allowed());
    table.row("wrong method", "PATCH", tasks, not_allowed());
    table.row("wrong method", "POST", single, not_allowed());
    table.row("wrong method", "GET", complete, not_allowed());
    table.row("wrong method", "POST", stats, not_allowed());
    table.row("wrong method", "POST", "/health".to_owned(), not_allowed());
    table.row("wrong method", "POST", "/openapi.yaml".to_owned(), not_allowed());
    table.row("unknown method", "BREW", "/health".to_owned(), not_allowed());
}

fn ids_and_queries(table: &mut Table) {
    for id in [
        "42",
        "019ab0c42f6e7d118a536f1d2b3c4d5e",
        "%7B019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e%7D",
        "urn:uuid:019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e",
        "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5",
        "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5g",
        "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e%20",
        "%FF",
    ] {
        let path = table.user.own(&at(id));
        table.row("task id is no UUID", "GET", path, invalid("task_id"));
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=5&limit=5", "limit"),
        ("status=done", "status"),
        ("sort=newest", "sort"),
        ("cursor=garbage", "cursor"),
        ("page=2", "page"),
        ("limit=%FF", "limit"),
        ("%00=1", "\0"),
    ] {
        let path = table.user.own(&format!("/tasks?{query}"));
        table.row("query", "GET", path, invalid(field));
    }
    let path = table.user.own("/changes?after=garbage");
    table.row("query", "GET", path, invalid("after"));
}

fn media_types(table: &mut Table) {
    let task = r#"{"title":"Buy milk"}"#;
    let unsupported = || refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let length = task.len().to_string();
    table.create_with("no content type", &[("Content-Length", &length)], task, unsupported());
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "json",
        "application/json; charset=latin1",
    ] {
        table.body("wrong content type", "POST", "/tasks", media_type, task.as_bytes(), unsupported());
    }
}

fn json(table: &mut Table) {
    table.create("empty body", "", MALFORMED);
    table.create("white space", " \r\n", MALFORMED);
    table.create("truncated JSON", r#"{"title": "Buy mi"#, MALFORMED);
    table.create("no closing brace", r#"{"title": "Buy milk""#, MALFORMED);
    table.create("trailing garbage", r#"{"title": "Buy milk"} x"#, MALFORMED);
    table.create("two documents", r#"{"title": "A"}{"title": "B"}"#, MALFORMED);
    table.create("trailing comma", r#"{"title": "Buy milk",}"#, MALFORMED);
    table.create("single quotes", r"{'title': 'Buy milk'}", MALFORMED);
    table.create("comment", "{\"title\": \"Buy milk\"} // now", MALFORMED);
    table.create("byte order mark", "\u{feff}{\"title\": \"Buy milk\"}", MALFORMED);
    table.create("NaN", r#"{"title": NaN}"#, MALFORMED);
    table.create("bad escape", r#"{"title": "\x41"}"#, MALFORMED);
    table.create("raw control character", "{\"title\": \"a\nb\"}", MALFORMED);
    table.create("bad UTF-8", b"{\"title\": \"\xff\xfe\"}", MALFORMED);
    table.create("overlong UTF-8", b"{\"title\": \"\xc0\xaf\"}", MALFORMED);
    table.create("lone high surrogate", r#"{"title": "\ud83e"}"#, MALFORMED);
    table.create("lone low surrogate", r#"{"title": "\udd80"}"#, MALFORMED);
    table.create("surrogates swapped", r#"{"title": "\udd80\ud83e"}"#, MALFORMED);
    table.create("nested too deep", "[".repeat(2000), MALFORMED);
    table.create("nested too deep in a field", format!("{{\"tilte\": {}", "[".repeat(2000)), invalid("tilte"));
    for body in ["null", "[]", r#"["Buy milk"]"#, r#"[null, "Buy milk", null, true]"#, "\"title\"", "42", "true"] {
        table.create("not an object", body, invalid("body"));
    }
}

fn fields(table: &mut Table, task: &str) {
    table.create("no title", "{}", invalid("title"));
    table.create("title null", r#"{"title": null}"#, invalid("title"));
    table.create("title a number", r#"{"title": 5}"#, invalid("title"));
    table.create("title an array", r#"{"title": ["Buy milk"]}"#, invalid("title"));
    table.create("title an object", r#"{"title": {"en": "Buy milk"}}"#, invalid("title"));
    table.create("title empty", r#"{"title": ""}"#, invalid("title"));
    table.create("title blank", r#"{"title": " \t\u2003"}"#, invalid("title"));
    table.create("title of ignorable characters", r#"{"title": "\u200b\u00ad \u2060"}"#, invalid("title"));
    table.create("title of control characters", r#"{"title": "\u0001\u007f"}"#, invalid("title"));
    table.create("title too long", format!(r#"{{"title": "{}"}}"#, "é".repeat(201)), invalid("title"));
    table.create("NUL in title", r#"{"title": "a\u0000b"}"#, invalid("title"));
    table.create("NUL in description", r#"{"title": "a", "description": "\u0000"}"#, invalid("description"));
    let long = format!(r#"{{"title": "a", "description": "{}"}}"#, "é".repeat(1001));
    table.create("description too long", long, invalid("description"));
    table.create("description false", r#"{"title": "a", "description": false}"#, invalid("description"));
    table.create("completed a string", r#"{"title": "a", "completed": "true"}"#, invalid("completed"));
    table.create("completed 1", r#"{"title": "a", "completed": 1}"#, invalid("completed"));
    table.create("completed null", r#"{"title": "a", "completed": null}"#, invalid("completed"));
    table.create("id a number", r#"{"title": "a", "id": 7}"#, invalid("id"));
    table.create("id no UUID", r#"{"title": "a", "id": "7"}"#, invalid("id"));
    table.create("id null", r#"{"title": "a", "id": null}"#, invalid("id"));
    table.create("unknown field", r#"{"tilte": "Buy milk"}"#, invalid("tilte"));
    table.create("unknown field", r#"{"title": "a", "version": 1}"#, invalid("version"));
    table.create("field with a dot", r#"{"title": "a", "a.b": 1}"#, invalid("a.b"));
    table.create("duplicate field", r#"{"title": "a", "title": "a"}"#, invalid("title"));
    table.create("duplicate field, escaped", r#"{"title": "a", "t\u0069tle": "b"}"#, invalid("title"));
    let complete = format!("{task}/complete");
    let mut patch =
        |what, path: &str, body: &str, expected| table.body(what, "PATCH", path, JSON, body.as_bytes(), expected);
    patch("update: title null", task, r#"{"title": null}"#, invalid("title"));
    patch("update: completed null", task, r#"{"completed": null}"#, invalid("completed"));
    patch("update: version", task, r#"{"version": 1}"#, invalid("version"));
    patch("update: array", task, r#"["New title", null, true]"#, invalid("body"));
    patch("update: empty body", task, "", MALFORMED);
    patch("complete: null", &complete, "null", invalid("body"));
    patch("complete: {}", &complete, "{}", invalid("completed"));
    patch("complete: true", &complete, "true", invalid("body"));
}

fn sizes(table: &mut Table) {
    let too_large = || refused(413, "PAYLOAD_TOO_LARGE");
    let body = format!(r#"{{"title": "{}"}}"#, "a".repeat(LIMIT.into()));
    table.create("too large", &body, too_large());
    table.create_with(
        "too large, announced",
        &[("Content-Type", JSON), ("Content-Length", "99999999999")],
        "{",
        too_large(),
    );
    let chunked = [("Content-Type", JSON), ("Transfer-Encoding", "chunked")];
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    table.create_with("too large, chunked", &chunked, chunks, too_large());
    let endless = format!("400\r\n{}\r\n", " ".repeat(1024)).repeat(8);
    table.create_with("too large, endless", &chunked, endless, too_large());
    let packed = [("Content-Type", JSON), ("Content-Length", "2"), ("Content-Encoding", "gzip")];
    table.create_with("compressed", &packed, "{}", refused(415, "UNSUPPORTED_MEDIA_TYPE"));
    table.create_with("ends early", &[("Content-Type", JSON), ("Content-Length", "50")], "{\"title\":", MALFORMED);
    table.create_with("ends early, chunked", &chunked, "50\r\n{\"title\":", MALFORMED);
}

#[tokio::test]
async fn malformed_requests_are_rejected_by_field() {
    let server = TestServer::with(Options { body_limit: LIMIT.into(), ..Options::default() }).await;
    let ada = server.user("ada");
    let kept = ada.create("Unchanged").await;
    let mut table = Table { user: &ada, rows: Vec::new() };
    let task = at(kept.id);
    routes(&mut table, &task);
    ids_and_queries(&mut table);
    media_types(&mut table);
    json(&mut table);
    fields(&mut table, &task);
    sizes(&mut table);

    let mut faults = Vec::new();
    for (what, request, expected) in table.rows {
        let answer = send(server.address, ada.token().expect("a token"), &request).await;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let sent: String = String::from_utf8_lossy(&request.body).chars().take(40).collect();
        let path = request.path.replace(&kept.id.to_string(), "{id}");
        let line = format!(
            "{what} | {} {path} {sent:?} | {} {} | {}",
            request.method,
            answer.status.as_u16(),
            problem["code"].as_str().unwrap_or("no problem"),
            problem["detail"].as_str().unwrap_or_default(),
        );
        println!("{line}");
        if let Some(fault) = fault(&answer, &problem, &expected) {
            faults.push(format!("{fault}: {line} {}", problem["errors"]));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(ada.log().await.len(), 1, "a rejected request left a change");
    assert_eq!(ada.read(kept.id).await, kept);
}

#[tokio::test]
async fn bodies_at_the_limit_and_media_types_with_parameters_are_read() {
    let server = TestServer::with(Options { body_limit: LIMIT.into(), ..Options::default() }).await;
    let ada = server.user("ada");
    let body = format!("{:1$}", r#"{"title":"Buy milk"}"#, usize::from(LIMIT));
    for media_type in [JSON, "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
        ada.post("/tasks").bytes(media_type, body.clone()).expect(201).await;
    }
    ada.post("/tasks").bytes(JSON, format!("{body} ")).problem(413, "PAYLOAD_TOO_LARGE").await;
}

#[tokio::test]
async fn a_405_lists_the_methods_of_its_path() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    for (path, allowed) in [
        ("/tasks".to_owned(), "GET, HEAD, POST, OPTIONS"),
        (at(id), "GET, HEAD, PATCH, PUT, DELETE, OPTIONS"),
        (format!("{}/complete", at(id)), "PATCH, OPTIONS"),
    ] {
        let answer = ada.call("TRACE".parse().expect("a method"), ada.own(&path)).expect(405).await;
        let listed = |list: &str| list.split(", ").map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(answer.header("allow").map(listed), Some(listed(allowed)), "{path}");
    }
}

#[tokio::test]
async fn a_plain_request_id_is_echoed_and_any_other_replaced() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let longest = "a".repeat(64);
    for plain in ["a", "4f2c-11:b_7.9", longest.as_str()] {
        for call in [ada.get("/stats"), ada.get("/nothing"), ada.with_token(None).get("/stats")] {
            assert_eq!(call.header("x-request-id", plain).send().await.header("x-request-id"), Some(plain));
        }
    }
    let overlong = "a".repeat(65);
    let mut seen = std::collections::HashSet::new();
    for odd in ["", "a b", "a\tb", "a;b", "<script>", "a/b", "é", "a,b", "\"a\"", overlong.as_str()] {
        let answer = ada.get("/stats").header("x-request-id", odd).expect(200).await;
        let id = answer.header("x-request-id").expect("an id");
        assert!(!id.is_empty() && id != odd && id.len() <= 64);
        assert!(seen.insert(id.to_owned()), "an id was used twice");
    }
}
