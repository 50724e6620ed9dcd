//! oidc-provider as the issuer: people sign in by authorization code with PKCE, and the server
//! accepts their RS256 and ES256 access tokens. The only setting is the issuer's URL.

use std::time::Duration;

use serde_json::json;
use taskwire::config::{KeyFetchPolicy, TokenSettings};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::kit::{
    Client, Live, Options, Provider, Running, Scratch, TestDatabase, TestServer, Visitor, issuers, taskwire,
};

/// A server that trusts this provider.
async fn server(provider: &Provider, key_fetch_policy: KeyFetchPolicy) -> TestServer {
    let issuers =
        issuers(TokenSettings::default().with("OIDC_ISSUER", provider.url.clone()).with("JWT_AUDIENCE", "taskwire"));
    TestServer::with(Options { issuers, key_fetch_policy, ..Options::default() }).await
}

#[tokio::test]
async fn a_user_signed_in_with_pkce_lists_tasks_and_opens_a_socket() {
    let provider = Provider::oidc().await;
    let server = server(&provider, KeyFetchPolicy::default()).await;
    for (name, algorithm) in [("ada", "RS256"), ("bob", "ES256")] {
        let token = Visitor::at(&provider).sign_in(name, algorithm).await.access_token;
        let header = jsonwebtoken::decode_header(&token).expect("a header");
        assert_eq!((format!("{:?}", header.alg), header.typ.as_deref()), (algorithm.to_owned(), Some("at+jwt")));

        let user = server.bearer(name, &token);
        let task = user.create("Buy milk").await;
        let (mut socket, _) = Live::open(&user, None).await;
        user.update(task.id, json!({ "title": "Buy tea" })).await;
        assert_eq!(socket.changes(1).await[0]["task"]["title"], "Buy tea");
        assert_eq!(user.titles(&[]).await, ["Buy tea"]);
        server.bearer("cleo", &token).get("/tasks").problem(403, "FORBIDDEN").await;
    }
}

#[tokio::test]
async fn the_program_needs_the_name_of_the_issuer_and_the_audience() {
    let provider = Provider::oidc().await;
    let (dir, database) = (Scratch::new(), TestDatabase::new().await);
    let mut command = taskwire(&dir, ["serve"]);
    command.env("DATABASE_URL", database.url()).env("PORT", "0");
    command.env("OIDC_ISSUER", &provider.url).env("JWT_AUDIENCE", "taskwire");
    let mut program = Running::start(&mut command);
    let address = program.address().await;
    let token = Visitor::at(&provider).sign_in("olga", "ES256").await.access_token;
    Client::new(address, "olga", Some(token)).create("Buy milk").await;
    program.terminate().await;
    // The log contains the issuer, but not the user, whose name no request id can contain.
    let log = program.err.rest().await;
    assert!(log.contains(&provider.url) && !log.contains("olga"), "{log}");
}

#[tokio::test]
async fn a_token_that_tells_the_front_end_who_it_is_opens_nothing() {
    let provider = Provider::oidc().await;
    let server = server(&provider, KeyFetchPolicy::default()).await;
    let tokens = Visitor::at(&provider).sign_in("ada", "RS256").await;
    server.bearer("ada", &tokens.access_token).get("/tasks").expect(200).await;
    // Issuer, key and user are the same; only the audience differs.
    let problem = server.bearer("ada", &tokens.id_token).get("/tasks").problem(401, "UNAUTHORIZED").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("audience")), "{problem}");
}

#[tokio::test]
async fn no_request_fails_while_oidc_provider_changes_its_keys() {
    let mut provider = Provider::oidc().await;
    let server = server(&provider, KeyFetchPolicy::default()).await;
    let old = Visitor::at(&provider).sign_in("ada", "ES256").await.access_token;

    let (report, mut reports) = mpsc::channel::<()>(1);
    let mut people = JoinSet::new();
    for (name, algorithm) in [("bob", "RS256"), ("cleo", "ES256")] {
        let mut visitor = Visitor::at(&provider);
        let (user, report) = (server.bearer(name, ""), report.clone());
        people.spawn(async move {
            // Until the test ends the loop.
            while report.send(()).await.is_ok() {
                let token = visitor.sign_in(name, algorithm).await.access_token;
                user.with_token(Some(token)).get("/tasks").expect(200).await;
            }
        });
    }
    drop(report);
    for step in ["", "publish", "", "sign", "", "drop", ""] {
        if !step.is_empty() {
            provider.does(step).await;
        }
        for _ in 0..8 {
            reports.recv().await.expect("somebody still asks");
        }
        // Dropped keys stay valid for the usual time after the last fetch that confirmed them.
        server.bearer("ada", &old).get("/tasks").expect(200).await;
    }
    drop(reports);
    people.join_all().await;
}

#[tokio::test]
async fn keys_that_are_taken_back_after_a_leak_are_refused_after_the_next_fetch() {
    let mut provider = Provider::oidc().await;
    let often = Duration::from_millis(100);
    let policy = KeyFetchPolicy {
        default_interval: often,
        min_interval: often,
        max_interval: often,
        retry_interval: often,
        demand_interval: often,
        ..KeyFetchPolicy::default()
    };
    let server = server(&provider, policy).await;
    let mut visitor = Visitor::at(&provider);
    let old = server.bearer("ada", &visitor.sign_in("ada", "RS256").await.access_token);
    old.get("/tasks").expect(200).await;

    provider.does("replace").await;
    let new = server.bearer("ada", &visitor.sign_in("ada", "RS256").await.access_token);
    // Signed with an unknown key, so the server fetches the keys at once.
    new.get("/tasks").expect(200).await;
    provider.does("fetched").await;
    old.get("/tasks").problem(401, "UNAUTHORIZED").await;
    new.get("/tasks").expect(200).await;
}
