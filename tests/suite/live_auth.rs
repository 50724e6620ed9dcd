//! Authentication of sockets: the ways to authenticate, the lifetime of a socket, rejections before
//! the upgrade, close codes after it, and the closes when a server stops.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::kit::{Client, Live, Options, TestServer, token, token_for};

/// A token that expires during the test.
fn brief(user: &str) -> String {
    token_for(user, Duration::from_secs(2))
}

/// The status and problem with which a handshake is rejected.
async fn refused(client: &Client, after: Option<&str>, token: Option<&str>, origin: &str) -> (u16, Value) {
    let headers = [("origin", origin)];
    let headers = if origin.is_empty() { &headers[..0] } else { &headers };
    match Live::handshake(client, after, token, headers).await {
        Ok(_) => panic!("the handshake succeeds"),
        Err((status, problem)) => (status.as_u16(), problem["code"].clone()),
    }
}

#[tokio::test]
async fn a_token_in_the_header_opens_a_socket() {
    let server = TestServer::start().await;
    let (_, hello) = Live::open(&server.user("ada"), None).await;
    let left = hello["expires_at"].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>();
    let left = left.expect("a time") - chrono::Utc::now();
    assert!((3590..=3600).contains(&left.num_seconds()), "{left}");
}

#[tokio::test]
async fn a_handshake_with_a_bad_token_is_refused_before_the_upgrade() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    assert_eq!(refused(&ada, None, Some("nonsense"), "").await, (401, json!("UNAUTHORIZED")));
    assert_eq!(refused(&ada, None, Some(&token("bob")), "").await, (403, json!("FORBIDDEN")));
}

#[tokio::test]
async fn the_first_message_may_contain_the_token_and_the_position() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (beginning, good) = (ada.position().await, token("ada"));
    ada.create("one").await;
    let head = ada.position().await;

    let mut live = Live::open_silently(&ada, None).await;
    live.authenticate(&good, None).await;
    assert_eq!(live.expect("hello").await["resumed"], false);
    live.expect_nothing().await;

    let mut by_url = Live::open_silently(&ada, Some(&beginning)).await;
    by_url.authenticate(&good, None).await;
    assert_eq!(by_url.expect("hello").await["resumed"], true);
    by_url.expect("task.created").await;
    by_url.expect("caught_up").await;

    for (url, message, missed) in [(&head, &beginning, 1), (&beginning, &head, 0)] {
        let mut by_message = Live::open_silently(&ada, Some(url)).await;
        by_message.authenticate(&good, Some(message)).await;
        by_message.expect("hello").await;
        by_message.changes(missed).await;
        by_message.expect("caught_up").await;
    }
}

#[tokio::test]
async fn an_unauthenticated_socket_closes_after_five_seconds() {
    let server = TestServer::start().await;
    let began = std::time::Instant::now();
    let mut live = Live::open_silently(&server.user("ada"), None).await;
    assert_eq!(live.expect("error").await["code"], 4408);
    assert_eq!(live.closed().await, 4408);
    assert!((5..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_first_message_without_a_valid_token_closes_the_socket() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let authenticate = |token: &str| json!({ "type": "authenticate", "token": token });
    for (first, code) in [
        (json!({ "type": "ping" }), 4401),
        (authenticate("nonsense"), 4401),
        (authenticate(""), 4401),
        (authenticate(&token("bob")), 4403),
    ] {
        let mut live = Live::open_silently(&ada, None).await;
        live.send(&first).await;
        let error = live.expect("error").await;
        assert_eq!(error["code"], code, "{first}: {error}");
        assert_eq!(live.closed().await, code, "{first}");
    }
}

#[tokio::test]
async fn an_unknown_message_closes_the_socket() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let good = token("ada");
    for message in [
        Message::text("not JSON"),
        Message::text("[]"),
        Message::text("{}"),
        Message::text(r#"{"type":"subscribe"}"#),
        Message::text(r#"{"type":"ping","extra":1}"#),
        Message::text(r#"{"type":"ping"} {"type":"ping"}"#),
        Message::text(json!({ "type": "authenticate", "token": good, "extra": 1 }).to_string()),
        Message::text(json!({ "type": "authenticate", "token": good, "after": "42" }).to_string()),
        Message::text(json!({ "type": "authenticate", "token": 1 }).to_string()),
        Message::binary(r#"{"type":"ping"}"#),
    ] {
        let mut silent = Live::open_silently(&ada, None).await;
        silent.send_raw(message.clone()).await;
        assert_eq!(silent.closed().await, 4400, "first: {message}");
        let (mut known, _) = Live::open(&ada, None).await;
        known.send_raw(message.clone()).await;
        let error = known.expect("error").await;
        assert_eq!(error["code"], 4400, "later: {message}");
        assert!(!error.to_string().contains(&good), "{error}");
        assert_eq!(known.closed().await, 4400, "later: {message}");
    }
}

#[tokio::test]
async fn a_text_that_is_not_utf8_closes_the_socket() {
    let server = TestServer::start().await;
    let (mut live, _) = Live::open(&server.user("ada"), None).await;
    let text = OpCode::Data(Data::Text);
    live.send_raw(Message::Frame(Frame::message(vec![0xff], text, true))).await;
    assert_eq!(live.closed().await, 1007);
}

#[tokio::test]
async fn a_message_may_have_16_kib_and_no_more() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let ping = |length: usize| {
        let ping = r#"{"type":"ping"}"#;
        Message::text(ping.to_owned() + &" ".repeat(length - ping.len()))
    };
    let (mut live, _) = Live::open(&ada, None).await;
    live.send_raw(ping(16 * 1024)).await;
    live.expect("heartbeat").await;
    for length in [16 * 1024 + 1, 1024 * 1024] {
        let (mut live, _) = Live::open(&ada, None).await;
        live.send_raw(ping(length)).await;
        assert_eq!(live.closed().await, 1009, "{length} bytes");
    }
}

#[tokio::test]
async fn a_malformed_address_is_refused_before_the_upgrade() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let good = ada.token().expect("a token").to_owned();
    for bearer in [Some(good.as_str()), None] {
        assert_eq!(refused(&ada, Some("42"), bearer, "").await, (400, json!("VALIDATION_ERROR")));
        let twice = format!("{0}&after={0}", ada.position().await);
        assert_eq!(refused(&ada, Some(&twice), bearer, "").await, (400, json!("VALIDATION_ERROR")));
        // A token in the URL would appear in logs.
        let with_token = format!("{}&token={good}", ada.position().await);
        let error = Live::handshake(&ada, Some(&with_token), bearer, &[]).await.err().expect("a rejection");
        assert_eq!(error.0, 400);
        assert_eq!(error.1["errors"][0]["field"], "token", "{}", error.1);
        assert!(!error.1.to_string().contains(&good), "{}", error.1);
    }
}

#[tokio::test]
async fn a_request_without_an_upgrade_is_told_to_upgrade_after_authentication() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let answer = ada.get("/live").expect(426).await;
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    let old = ada.get("/live").header("upgrade", "websocket").header("sec-websocket-version", "8");
    old.header("connection", "upgrade").header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==").expect(426).await;
    server.anonymous().get("/live").problem(401, "UNAUTHORIZED").await;
    ada.with_token(Some(token("bob"))).get("/live").problem(403, "FORBIDDEN").await;
}

#[tokio::test]
async fn only_allowed_origins_may_connect() {
    let listed = "https://app.example".parse().expect("an origin");
    let server = TestServer::with(Options { allowed_origins: vec![listed], ..Options::default() }).await;
    let ada = server.user("ada");
    let port = ada.address().port();
    for known in [
        "https://app.example".to_owned(),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://[::1]:{port}"),
    ] {
        let mut live = Live::handshake(&ada, None, ada.token(), &[("origin", &known)]).await.expect("a socket");
        live.expect("hello").await;
        Live::handshake(&ada, None, None, &[("origin", &known)]).await.expect("a socket");
    }
    for stranger in [
        "null".to_owned(),
        "https://evil.example".to_owned(),
        "http://app.example".to_owned(),
        "https://app.example.evil.example".to_owned(),
        "http://localhost:1".to_owned(),
        format!("https://127.0.0.1:{port}"),
    ] {
        assert_eq!(refused(&ada, None, ada.token(), &stranger).await, (403, json!("FORBIDDEN")), "{stranger}");
        assert_eq!(refused(&ada, None, None, &stranger).await, (403, json!("FORBIDDEN")), "{stranger}");
    }
}

#[tokio::test]
async fn the_subprotocol_is_confirmed_if_the_client_offers_it() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let offers = [("sec-websocket-protocol", "chat, taskwire.v1")];
    let live = Live::handshake(&ada, None, ada.token(), &offers).await.expect("a socket");
    assert_eq!(live.protocol.as_deref(), Some("taskwire.v1"));
    let live = Live::handshake(&ada, None, ada.token(), &[]).await.expect("a socket");
    assert_eq!(live.protocol, None);
}

#[tokio::test]
async fn a_socket_closes_when_its_token_expires_unless_it_is_renewed() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let brief = brief("ada");
    let (mut ends, hello) = Live::open(&ada.with_token(Some(brief.clone())), None).await;
    let warning = ends.expect("token_expiring").await;
    assert_eq!(warning["expires_at"], hello["expires_at"]);

    let mut renewed = Live::open_silently(&ada, None).await;
    renewed.authenticate(&brief, None).await;
    renewed.expect("hello").await;
    renewed.expect("token_expiring").await;
    renewed.authenticate(&token("ada"), None).await;

    let error = ends.expect("error").await;
    assert_eq!(error["code"], 4401, "{error}");
    assert_eq!(ends.closed().await, 4401);
    // Both sockets used the same token, so it has expired here too.
    renewed.expect_nothing().await;
    ada.create("still live").await;
    renewed.expect("task.created").await;
}

#[tokio::test]
async fn a_renewal_needs_the_same_user_and_keeps_the_position() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    live.authenticate(&token("bob"), None).await;
    assert_eq!(live.closed().await, 4403);
    let (mut live, _) = Live::open(&ada, None).await;
    live.authenticate(&token("ada"), Some(&ada.position().await)).await;
    assert_eq!(live.closed().await, 4400);
    let (mut live, _) = Live::open(&ada, None).await;
    live.authenticate("nonsense", None).await;
    assert_eq!(live.closed().await, 4401);
}

#[tokio::test]
async fn a_stopping_server_closes_every_socket_and_ends_soon() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    let mut silent = Live::open_silently(&ada, None).await;
    let stopping = std::time::Instant::now();
    let stopped = tokio::spawn(server.stop());
    for live in [&mut live, &mut silent] {
        live.expect("draining").await;
        assert_eq!(live.closed().await, 1012);
    }
    drop((live, silent));
    stopped.await.expect("the server ends");
    assert!(stopping.elapsed() < Duration::from_secs(3), "{:?}", stopping.elapsed());
}

#[tokio::test]
async fn a_socket_whose_log_cannot_be_read_is_told_to_reconnect_later() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut open, _) = Live::open(&ada, None).await;
    server.pool.close().await;
    ada.get("/tasks").problem(503, "UNAVAILABLE").await;
    let mut live = Live::open_silently(&ada, None).await;
    live.authenticate(&token("ada"), None).await;
    assert_eq!(live.closed().await, 1013);
    open.expect_nothing().await;
}
