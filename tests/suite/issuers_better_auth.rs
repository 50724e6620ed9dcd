//! Better Auth with its JWT plugin as the issuer: its users call Taskwire with its `EdDSA` tokens,
//! also while it rotates its keys and while it is down.

use std::time::Duration;

use serde_json::json;
use taskwire::config::{IssuerConfig, KeyFetchPolicy, TokenSettings};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::kit::{Live, Options, Provider, TestServer, Visitor, issuers};

/// The configuration for this issuer and audience.
fn configured(provider: &Provider, issuer: &str, audience: &str) -> Vec<IssuerConfig> {
    let settings = TokenSettings::default().with("JWKS_URL", format!("{}/api/auth/jwks", provider.url));
    issuers(settings.with("JWT_ISSUER", issuer).with("JWT_AUDIENCE", audience))
}

async fn server(provider: &Provider, key_fetch_policy: KeyFetchPolicy) -> TestServer {
    let issuers = configured(provider, &provider.url, "taskwire");
    TestServer::with(Options { issuers, key_fetch_policy, ..Options::default() }).await
}

/// Fetches keys often, even when no token needs it.
fn brisk() -> KeyFetchPolicy {
    let often = Duration::from_millis(100);
    KeyFetchPolicy {
        default_interval: often,
        min_interval: often,
        max_interval: often,
        retry_interval: often,
        demand_interval: often,
        ..KeyFetchPolicy::default()
    }
}

#[tokio::test]
async fn a_user_of_better_auth_lists_tasks_and_opens_a_socket() {
    let provider = Provider::better_auth().await;
    let server = server(&provider, KeyFetchPolicy::default()).await;
    let mut visitor = Visitor::at(&provider);
    let id = visitor.sign_up("ada").await;
    let ada = server.bearer(&id, &visitor.token().await);

    let task = ada.create("Buy milk").await;
    assert_eq!(ada.titles(&[]).await, ["Buy milk"]);
    let (mut socket, _) = Live::open(&ada, None).await;
    ada.update(task.id, json!({ "title": "Buy tea" })).await;
    assert_eq!(socket.changes(1).await[0]["task"]["title"], "Buy tea");

    let mut other = Visitor::at(&provider);
    let bob = other.sign_up("bob").await;
    server.bearer(&bob, &visitor.token().await).get("/tasks").problem(403, "FORBIDDEN").await;
    assert_eq!(server.bearer(&bob, &other.token().await).titles(&[]).await, [""; 0]);
    // Only the id works as a user id, neither the name nor the e-mail.
    for name in ["ada", "ada@example.com"] {
        server.bearer(name, &visitor.token().await).get("/tasks").problem(403, "FORBIDDEN").await;
    }
}

#[tokio::test]
async fn tokens_of_better_auth_for_another_service_are_refused() {
    let provider = Provider::better_auth().await;
    let mut visitor = Visitor::at(&provider);
    let id = visitor.sign_up("ada").await;
    let token = visitor.token().await;
    for (issuer, audience) in [(&*provider.url, "billing"), ("https://id.example", "taskwire")] {
        let issuers = configured(&provider, issuer, audience);
        let server = TestServer::with(Options { issuers, ..Options::default() }).await;
        server.bearer(&id, &token).get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
}

#[tokio::test]
async fn no_request_fails_while_better_auth_changes_its_key() {
    let mut provider = Provider::better_auth().await;
    // Concurrent requests may make Better Auth create several keys.
    let policy = KeyFetchPolicy { demand_interval: Duration::from_millis(100), ..KeyFetchPolicy::default() };
    let server = server(&provider, policy).await;
    let mut first = Visitor::at(&provider);
    let ada = first.sign_up("ada").await;
    let old = first.token().await;

    let (report, mut reports) = mpsc::channel::<()>(1);
    let mut people = JoinSet::new();
    for name in ["bob", "cleo", "dora"] {
        let mut visitor = Visitor::at(&provider);
        let id = visitor.sign_up(name).await;
        let (address, report) = (server.bearer(&id, ""), report.clone());
        people.spawn(async move {
            // Until the test ends the loop.
            while report.send(()).await.is_ok() {
                let token = visitor.token().await;
                address.with_token(Some(token)).get("/tasks").expect(200).await;
            }
        });
    }
    drop(report);
    for step in ["", "rotate", "", "rotate", ""] {
        if !step.is_empty() {
            provider.does(step).await;
        }
        for _ in 0..30 {
            reports.recv().await.expect("somebody still asks");
        }
        server.bearer(&ada, &old).get("/tasks").expect(200).await;
    }
    drop(reports);
    people.join_all().await;
    assert_ne!(key_of(&old), key_of(&first.token().await));
}

/// The header of a token, which names the key.
fn key_of(token: &str) -> &str {
    token.split('.').next().expect("a header")
}

#[tokio::test]
async fn tokens_of_a_key_that_better_auth_has_dropped_are_refused_after_the_next_fetch() {
    let mut provider = Provider::better_auth().await;
    let server = server(&provider, brisk()).await;
    let mut visitor = Visitor::at(&provider);
    let id = visitor.sign_up("ada").await;
    let old = server.bearer(&id, &visitor.token().await);
    old.get("/tasks").expect(200).await;

    provider.does("rotate").await;
    let new = server.bearer(&id, &visitor.token().await);
    provider.does("fetched").await;
    old.get("/tasks").expect(200).await;
    new.get("/tasks").expect(200).await;

    provider.does("drop").await;
    provider.does("fetched").await;
    let problem = old.get("/tasks").problem(401, "UNAUTHORIZED").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("does not publish")), "{problem}");
    new.get("/tasks").expect(200).await;
}

#[tokio::test]
async fn while_better_auth_is_down_the_keys_that_are_known_stay_good() {
    let mut provider = Provider::better_auth().await;
    let server = server(&provider, brisk()).await;
    let mut visitor = Visitor::at(&provider);
    let id = visitor.sign_up("ada").await;
    let known = server.bearer(&id, &visitor.token().await);
    known.get("/tasks").expect(200).await;

    provider.does("rotate").await;
    let unknown = visitor.token().await;
    provider.does("down").await;
    // A server that starts now logs the failure and cannot check any token.
    let late = self::server(&provider, KeyFetchPolicy { demand_wait: Duration::from_millis(200), ..brisk() }).await;
    late.bearer(&id, &unknown).get("/tasks").problem(503, "UNAVAILABLE").await;
    late.anonymous().call(reqwest::Method::GET, "/health").expect(200).await;
    // After several failed fetches, the known keys are still valid.
    provider.does("fetched").await;
    known.get("/tasks").expect(200).await;

    provider.does("up").await;
    provider.does("fetched").await;
    provider.does("fetched").await;
    for server in [&server, &late] {
        server.bearer(&id, &unknown).get("/tasks").expect(200).await;
    }
}
