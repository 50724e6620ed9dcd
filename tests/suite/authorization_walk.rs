//! Tries every operation of the contract without a token, with an invalid token, and with another
//! user's token. New operations are included automatically, and the test fails if one of them
//! grants access.

use reqwest::Method;
use serde_json::{Value, json};
use taskwire::identity::api_tokens::ApiTokenId;
use taskwire::model::{Project, ProjectId, TaskId, TrashId};

use crate::kit::{Call, Client, Contract, TestServer, at, token};

/// The operations that need no token.
const OPEN: [&str; 1] = ["get_health"];

/// Whether an operation takes a session instead of a token. Other files test these operations.
fn of_accounts(path: &str) -> bool {
    path.starts_with("/api/auth/") && !PATHS_OF_NOBODY.contains(&path)
}

/// The path prefix of everything that belongs to a user.
const OWN: &str = "/api/{user_id}";

/// The paths that concern only the token.
const PATHS_OF_NOBODY: [&str; 1] = ["/api/auth/identity"];

/// The operations that need a sign-in and reject API tokens.
const FOR_PERSONS: [&str; 4] = ["list_api_tokens", "create_api_token", "revoke_api_token", "delete_user"];

/// This operation deletes the user, so the test must call it last.
pub const LAST: &str = "delete_user";

const NOT_FOR_API_TOKENS: &str =
    "API tokens can neither manage other API tokens nor delete their user; sign in to do so";

/// The values of an operation's path parameters.
pub struct Parameters<'a> {
    user: &'a Client,
    task: TaskId,
    project: ProjectId,
    trash: TrashId,
    token: ApiTokenId,
}

/// The path parameters that name a user's resource.
const NAMES: [&str; 4] = ["{task_id}", "{project_id}", "{trash_id}", "{token_id}"];

impl<'a> Parameters<'a> {
    /// Existing resources of this user.
    pub async fn of(user: &'a Client) -> Self {
        let task = user.create("There").await.id;
        let project: Project = user.post("/projects").json(json!({ "name": "There" })).expect(201).await.json();
        let deleted = user.create("Deleted").await.id;
        user.delete(&at(deleted)).expect(204).await;
        let (_, token) = user.with_api_token("read").await;
        Self { user, task, project: project.id, trash: deleted.as_uuid().into(), token }
    }

    /// The same resources in another user's path.
    const fn in_path_of(self, user: &'a Client) -> Self {
        Self { user, ..self }
    }

    /// Ids of resources that do not exist.
    fn missing(user: &'a Client) -> Self {
        let (task, project) = (TaskId::new(), ProjectId::new());
        Self { user, task, project, trash: TrashId::new(), token: ApiTokenId::new() }
    }

    fn fill(&self, path: &str) -> String {
        let Self { task, project, trash, token, .. } = self;
        let values = [task.to_string(), project.to_string(), trash.to_string(), token.to_string()];
        NAMES.iter().zip(values).fold(path.to_owned(), |path, (name, value)| path.replace(name, &value))
    }
}

/// A user's change log and trash.
async fn log_and_trash(user: &Client) -> Vec<Value> {
    let mut all = user.log().await;
    all.push(user.get("/trash").expect(200).await.json());
    all
}

/// All of a user's data, as the user sees it.
async fn everything(user: &Client) -> Vec<Value> {
    let mut everything = log_and_trash(user).await;
    everything.push(user.get("/tokens").expect(200).await.json());
    everything
}

/// A valid request for an operation, with a body from the contract's examples.
pub fn request(client: &Client, path: &str, method: &Method, operation: &Value, of: &Parameters) -> Call {
    let full_path = match path.strip_prefix(OWN) {
        Some(own) => of.user.own(&of.fill(own)),
        None => of.fill(path),
    };
    assert!(!full_path.contains('{'), "{path} has a parameter that the walk has no value for; add it to Parameters");
    let call = client.call(method.clone(), full_path);
    match operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next()) {
        Some((media_type, content)) => match example(path, content) {
            // A file that is not JSON.
            Value::String(text) if !media_type.ends_with("json") => call.bytes(media_type, text.as_str()),
            json => call.bytes(media_type, json.to_string()),
        },
        None => call,
    }
}

fn example<'a>(path: &str, content: &'a Value) -> &'a Value {
    let named = content["examples"].as_object().and_then(|examples| examples.values().next());
    let value = named.map(|example| &example["value"]).or_else(|| content.get("example"));
    value.unwrap_or_else(|| panic!("{path} has a body without an example"))
}

/// The operations that need a token.
pub fn guarded() -> Vec<(String, Method, &'static Value)> {
    let mut operations = Contract::get().operations();
    operations.retain(|(path, _, operation)| {
        !of_accounts(path) && !OPEN.contains(&operation["operationId"].as_str().expect("an id"))
    });
    assert!(operations.len() >= 10, "the contract has too few operations");
    operations
}

#[tokio::test]
async fn only_the_listed_operations_are_open() {
    let document = &Contract::get().document;
    let takes_token = |security: &Value| {
        let bearer =
            security.as_array().is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get("bearerAuth").is_some()));
        assert!(bearer || security == &json!([{}]), "{security}");
        bearer
    };
    for (path, method, operation) in Contract::get().operations() {
        if of_accounts(&path) {
            continue;
        }
        let id = operation["operationId"].as_str().expect("an id");
        let security = operation.get("security").unwrap_or(&document["security"]);
        assert_eq!(takes_token(security), !OPEN.contains(&id), "{method} {path}");
    }
}

#[tokio::test]
async fn every_operation_rejects_requests_without_a_valid_token() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let of = Parameters::of(&ada).await;
    let before = everything(&ada).await;
    let good = token("ada");
    for (path, method, operation) in guarded() {
        for bad in [None, Some("garbage".to_owned()), Some(format!("{good}x"))] {
            let client = ada.with_token(bad);
            let answer = request(&client, &path, &method, operation, &of).expect(401).await;
            assert!(answer.header("www-authenticate").is_some(), "{method} {path}");
        }
    }
    assert_eq!(everything(&ada).await, before);
}

#[tokio::test]
async fn every_operation_rejects_another_users_path() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let of = Parameters::of(&ada).await;
    let before = everything(&ada).await;
    for (path, method, operation) in guarded() {
        if path.starts_with(OWN) {
            request(&bob, &path, &method, operation, &of).problem(403, "FORBIDDEN").await;
        } else {
            assert!(PATHS_OF_NOBODY.contains(&path.as_str()), "{path} does not name its user");
        }
    }
    assert_eq!(everything(&ada).await, before);
    assert!(bob.log().await.is_empty());
}

#[tokio::test]
async fn no_operation_tells_what_is_anothers_from_what_never_was() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let foreign = Parameters::of(&ada).await.in_path_of(&bob);
    let missing = Parameters::missing(&bob);
    let before = everything(&ada).await;
    let mut walked = 0;
    for (path, method, operation) in guarded() {
        if !NAMES.iter().any(|name| path.contains(name)) {
            continue;
        }
        let foreign = request(&bob, &path, &method, operation, &foreign).expect(404).await;
        let missing = request(&bob, &path, &method, operation, &missing).expect(404).await;
        assert_eq!(foreign.comparable(), missing.comparable(), "{method} {path}");
        walked += 1;
    }
    assert!(walked >= 12, "too few operations on tasks, projects and the trash");
    assert_eq!(everything(&ada).await, before);
}

#[tokio::test]
async fn every_request_of_this_test_is_accepted_from_the_owner() {
    // Otherwise the rejections would prove nothing: only the token must be wrong.
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for (path, method, operation) in guarded() {
        if operation["operationId"] == LAST {
            continue;
        }
        let of = Parameters::of(&ada).await;
        let answer = request(&ada, &path, &method, operation, &of).send().await;
        // 426: `live` needs a WebSocket, and this is a plain request.
        assert!(answer.status.is_success() || answer.status == 426, "{method} {path}: {answer:?}");
    }
    ada.delete("").expect(200).await;
}

#[tokio::test]
async fn a_token_that_may_read_is_refused_whatever_is_no_get() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let of = Parameters::of(&ada).await;
    let (reader, _) = ada.with_api_token("read").await;
    let before = log_and_trash(&ada).await;
    for (path, method, operation) in guarded() {
        let for_persons = FOR_PERSONS.iter().any(|id| operation["operationId"] == *id);
        let call = request(&reader, &path, &method, operation, &of);
        if method != Method::GET {
            let problem = call.problem(403, "FORBIDDEN").await;
            assert_eq!(problem["detail"], "this token may only read; use one with the scope read-write", "{path}");
        } else if for_persons {
            assert_eq!(call.problem(403, "FORBIDDEN").await["detail"], NOT_FOR_API_TOKENS, "{path}");
        } else {
            let answer = call.send().await;
            assert!(answer.status == 200 || answer.status == 426, "{method} {path}: {answer:?}");
        }
    }
    assert_eq!(log_and_trash(&ada).await, before);
}

#[tokio::test]
async fn a_token_that_may_write_does_all_but_what_is_for_persons() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (writer, _) = ada.with_api_token("read-write").await;
    for (path, method, operation) in guarded() {
        let of = Parameters::of(&ada).await;
        let call = request(&writer, &path, &method, operation, &of);
        if FOR_PERSONS.iter().any(|id| operation["operationId"] == *id) {
            assert_eq!(call.problem(403, "FORBIDDEN").await["detail"], NOT_FOR_API_TOKENS, "{method} {path}");
        } else {
            let answer = call.send().await;
            assert!(answer.status.is_success() || answer.status == 426, "{method} {path}: {answer:?}");
        }
    }
}
