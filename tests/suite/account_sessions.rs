//! Sessions: their tokens rotate with use, a reused old token ends the session, and ending a
//! session ends all its access on all servers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor;
use taskwire::config::AccountsConfig;

use crate::kit::{Browser, Live, Options, PASSWORD, TestServer};

const EMAIL: &str = "ada@example.com";

/// A server that rotates session tokens after an hour and accepts the previous token for half a
/// minute.
async fn server() -> TestServer {
    TestServer::with(options()).await
}

fn options() -> Options {
    Options { accounts: Some(AccountsConfig::default()), hints: true, ..Options::default() }
}

/// Makes all sessions older by this interval.
async fn later(server: &TestServer, interval: &str) {
    let statement = format!(
        "UPDATE sessions SET rotated_at = rotated_at - interval '{interval}', created_at = created_at - interval \
         '{interval}', last_used_at = last_used_at - interval '{interval}', expires_at = expires_at - interval \
         '{interval}', idle_expires_at = idle_expires_at - interval '{interval}'"
    );
    server.database.connection().await.execute(sqlx::AssertSqlSafe(statement)).await.expect("it is later");
}

async fn sessions(browser: &Browser) -> Vec<String> {
    let list: Vec<Value> = browser.get("list-sessions").expect(200).await.json();
    list.iter().map(|session| session["token"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_replaced_as_it_is_used_and_the_session_goes_on() {
    let server = server().await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    let (first, session) = (ada.cookie(), ada.session().await.expect("one"));
    assert_eq!(ada.cookie(), first);
    later(&server, "61 minutes").await;
    let same = ada.session().await.expect("one");
    assert_ne!(ada.cookie(), first);
    assert_eq!(same["session"]["id"], session["session"]["id"]);
    assert_eq!(sessions(&ada).await.len(), 1);
}

#[tokio::test]
async fn requests_under_way_may_still_use_the_previous_token() {
    let server = server().await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    let slow = ada.copy();
    later(&server, "61 minutes").await;
    assert!(ada.session().await.is_some());
    assert!(ada.session().await.is_some(), "the new one is in use");
    let before = slow.cookie();
    assert!(slow.session().await.is_some());
    assert_eq!(slow.cookie(), before, "only one browser has the new token");
}

#[tokio::test]
async fn a_copied_token_ends_the_session_for_both_whoever_uses_it_first() {
    for thief_first in [false, true] {
        let server = server().await;
        let ada = Browser::signed_up(&server, EMAIL).await;
        let thief = ada.copy();
        later(&server, "61 minutes").await;
        let (first, second) = if thief_first { (&thief, &ada) } else { (&ada, &thief) };
        assert!(first.session().await.is_some());
        let user = first.user().await;
        let (mut live, _) = Live::open(&user, None).await;
        later(&server, "31 seconds").await;
        assert!(second.session().await.is_none());
        assert_eq!(second.cookie(), None);
        assert!(first.session().await.is_none());
        assert_eq!(live.closed().await, 4401);
        user.get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
}

#[tokio::test]
async fn a_browser_that_never_got_the_new_token_is_not_taken_for_a_thief() {
    let server = server().await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    later(&server, "61 minutes").await;
    // The response with the new token is lost.
    ada.get("get-session").expect(200).await;
    later(&server, "31 seconds").await;
    let before = ada.cookie();
    assert!(ada.session().await.is_some());
    assert_ne!(ada.cookie(), before);
    assert!(ada.session().await.is_some());
}

#[tokio::test]
async fn a_session_ends_when_it_rests_too_long_or_is_too_old() {
    for (limit, just_before) in [("idle_expires_at", "13 days 23 hours"), ("expires_at", "89 days 23 hours")] {
        let server = server().await;
        let ada = Browser::signed_up(&server, EMAIL).await;
        let reached = |by: &str| {
            format!(
                "UPDATE sessions SET {limit} = {limit} - interval '{by}'{}",
                if limit == "expires_at" {
                    format!(", idle_expires_at = {limit} - interval '{by}'")
                } else {
                    String::new()
                }
            )
        };
        let mut connection = server.database.connection().await;
        connection.execute(sqlx::AssertSqlSafe(reached(just_before))).await.expect("the session is almost over");
        let other = ada.copy();
        assert!(other.session().await.is_some(), "{limit}");
        connection.execute(sqlx::AssertSqlSafe(reached("15 days"))).await.expect("the session is over");
        ada.get("list-sessions").problem(401, "UNAUTHORIZED").await;
        assert!(ada.session().await.is_none(), "{limit}");
        assert_eq!(ada.cookie(), None, "{limit}");
    }
}

#[tokio::test]
async fn signing_out_ends_everything_the_session_allowed_on_all_servers() {
    let first = server().await;
    let second = TestServer::on(Arc::clone(&first.database), options()).await;
    let (ada, other) = (Browser::signed_up(&first, EMAIL).await, Browser::signed_in(&first, EMAIL, PASSWORD).await);
    let (user, stays) = (ada.user().await, other.user().await);
    let mut sockets = Vec::new();
    for server in [&first, &second] {
        sockets.push(Live::open(&user.at(server), None).await.0);
    }
    let (mut left_alone, _) = Live::open(&stays.at(&second), None).await;
    let copy = ada.copy();
    ada.keep(&ada.post("sign-out", json!({})).expect(200).await);
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 4401);
    }
    assert_eq!(ada.cookie(), None);
    assert!(copy.session().await.is_none());
    for server in [&first, &second] {
        user.at(server).get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
    stays.create("Still here").await;
    left_alone.expect("task.created").await;
    // Signing out again changes nothing.
    copy.post("sign-out", json!({})).expect(200).await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_the_others_or_all() {
    let server = server().await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    let mut more = Vec::new();
    for _ in 0..3 {
        more.push(Browser::signed_in(&server, EMAIL, PASSWORD).await);
    }
    let bob = Browser::signed_up(&server, "bob@example.com").await;
    assert_eq!(sessions(&ada).await.len(), 4);
    let id = |session: Value| session["session"]["id"].as_str().expect("an id").to_owned();
    let (one, bobs) = (id(more[0].session().await.expect("one")), id(bob.session().await.expect("one")));
    let token = more[0].user().await;

    for id in [one.as_str(), bobs.as_str(), "no id at all"] {
        ada.post("revoke-session", json!({ "token": id })).expect(200).await;
    }
    assert!(more[0].session().await.is_none());
    assert!(bob.session().await.is_some(), "another's session");
    token.get("/tasks").problem(401, "UNAUTHORIZED").await;
    assert_eq!(sessions(&ada).await.len(), 3);

    ada.post("revoke-other-sessions", json!({})).expect(200).await;
    assert!(more[1].session().await.is_none());
    assert_eq!(sessions(&ada).await.len(), 1);
    ada.keep(&ada.post("revoke-sessions", json!({})).expect(200).await);
    assert_eq!(ada.cookie(), None);
    assert!(bob.session().await.is_some());
}

#[tokio::test]
async fn of_a_hundred_sessions_the_one_that_rested_longest_makes_room() {
    let server = server().await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    let more = "
        INSERT INTO sessions (owner_id, id, token_hash, rotated_at, confirmed, remembered, created_at, last_used_at,
                              idle_expires_at, expires_at)
        SELECT owner_id, gen_random_uuid(), sha256(n::text::bytea), rotated_at, true, true, created_at,
               last_used_at + interval '1 second', idle_expires_at, expires_at
        FROM sessions, generate_series(1, 99) n";
    server.database.connection().await.execute(more).await.expect("more sessions");
    assert_eq!(sessions(&ada).await.len(), 100);
    let user = ada.user().await;
    let new = Browser::signed_in(&server, EMAIL, PASSWORD).await;
    assert_eq!(sessions(&new).await.len(), 100);
    assert!(ada.session().await.is_none());
    user.get("/tasks").problem(401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn an_access_token_ends_by_itself_and_the_session_gives_another() {
    let accounts = AccountsConfig { access_token_lifetime: Duration::from_secs(3), ..AccountsConfig::default() };
    let server = TestServer::with(Options { accounts: Some(accounts), ..Options::default() }).await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    let user = ada.user().await;
    let (mut live, _) = Live::open(&user, None).await;
    assert_eq!(live.closed().await, 4401);
    ada.user().await.get("/tasks").expect(200).await;
}
