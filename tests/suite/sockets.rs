//! Limits and lifetimes of sockets: the limits before and after authentication, heartbeats, the
//! maximum age, and the drain of a stopping server while others continue.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ipnet::IpNet;
use serde_json::json;
use taskwire::config::LiveConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::kit::{Answer, Client, Live, Options, TestServer, token};

const PATIENCE: Duration = Duration::from_secs(20);

fn live(change: impl FnOnce(&mut LiveConfig)) -> Options {
    let mut options = Options::default();
    change(&mut options.live);
    options
}

/// Low limits for unauthenticated sockets, and this machine as a trusted proxy.
fn crowded(total: usize, per_address: usize) -> Options {
    let options = live(|live| {
        live.unauthenticated = total;
        live.unauthenticated_per_address = per_address;
    });
    Options { trusted_proxies: ["127.0.0.0/8".parse::<IpNet>().expect("a network")].into_iter().collect(), ..options }
}

/// An unauthenticated socket from this address.
async fn silent(client: &Client, address: &str) -> Live {
    let admitted = Live::handshake(client, None, None, &[("x-forwarded-for", address)]).await;
    admitted.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// The response that rejects an unauthenticated socket from this address.
async fn refused(client: &Client, address: &str) -> Answer {
    let call = client
        .with_token(None)
        .get("/live")
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("x-forwarded-for", address);
    let answer = call.expect(429).await;
    assert_eq!(answer.json::<serde_json::Value>()["code"], "RATE_LIMITED");
    let wait: u64 = answer.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    answer
}

#[tokio::test]
async fn a_user_at_the_limit_of_sockets_can_connect_again_when_one_closes() {
    let server = TestServer::with(live(|live| live.sockets_per_user = 2)).await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (first, _) = Live::open(&ada, None).await;
    let (mut second, _) = Live::open(&ada, None).await;
    let mut third = Live::handshake(&ada, None, ada.token(), &[]).await.expect("the handshake succeeds");
    assert_eq!(third.expect("error").await["code"], 4429);
    assert_eq!(third.closed().await, 4429);
    let mut third = Live::open_silently(&ada, None).await;
    third.authenticate(&token("ada"), None).await;
    assert_eq!(third.closed().await, 4429);
    Live::open(&bob, None).await.0.expect_nothing().await;

    first.close().await;
    let (mut third, _) = Live::open(&ada, None).await;
    ada.create("for both").await;
    for live in [&mut second, &mut third] {
        live.expect("task.created").await;
    }
}

#[tokio::test]
async fn unauthenticated_sockets_are_limited_per_address() {
    let server = TestServer::with(crowded(100, 2)).await;
    let ada = server.user("ada");
    let mut first = silent(&ada, "192.0.2.1").await;
    let second = silent(&ada, "192.0.2.1").await;
    refused(&ada, "192.0.2.1").await;
    refused(&ada, "made up, 192.0.2.1, 127.0.0.9").await;
    let _elsewhere = silent(&ada, "192.0.2.2").await;
    // A socket that authenticates in the handshake does not count.
    Live::open(&ada, None).await.0.expect_nothing().await;

    first.authenticate(&token("ada"), None).await;
    first.expect("hello").await;
    let _third = silent(&ada, "192.0.2.1").await;
    refused(&ada, "192.0.2.1").await;
    second.close().await;
    let mut fourth = silent(&ada, "192.0.2.1").await;
    refused(&ada, "192.0.2.1").await;
    fourth.authenticate("nonsense", None).await;
    assert_eq!(fourth.closed().await, 4401);
    let _fifth = silent(&ada, "192.0.2.1").await;
}

#[tokio::test]
async fn unauthenticated_sockets_are_limited_in_total() {
    let server = TestServer::with(crowded(3, 3)).await;
    let ada = server.user("ada");
    let mut sockets = Vec::new();
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        sockets.push(silent(&ada, address).await);
    }
    refused(&ada, "192.0.2.3").await;
    sockets.swap_remove(0).close().await;
    let _another = silent(&ada, "192.0.2.3").await;
}

#[tokio::test]
async fn only_a_trusted_proxy_can_set_the_address() {
    let options = crowded(100, 1);
    let server = TestServer::with(Options { trusted_proxies: std::iter::empty().collect(), ..options }).await;
    let ada = server.user("ada");
    let _first = silent(&ada, "192.0.2.1").await;
    refused(&ada, "192.0.2.2").await;
}

#[tokio::test]
async fn a_socket_that_does_not_authenticate_in_time_is_closed() {
    const WITHIN: Duration = Duration::from_millis(300);
    let mut options = crowded(1, 1);
    options.live.authenticate_within = WITHIN;
    let server = TestServer::with(options).await;
    let ada = server.user("ada");
    let began = Instant::now();
    let mut late = silent(&ada, "192.0.2.1").await;
    assert_eq!(late.closed().await, 4408);
    assert!((WITHIN..PATIENCE).contains(&began.elapsed()));
    let mut next = silent(&ada, "192.0.2.1").await;
    next.authenticate(&token("ada"), None).await;
    next.expect("hello").await;
}

#[tokio::test]
async fn a_heartbeat_names_the_last_change_and_answering_pings_keeps_a_socket_open() {
    const HEARTBEAT: Duration = Duration::from_millis(100);
    let server = TestServer::with(live(|live| live.heartbeat = HEARTBEAT)).await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    let began = Instant::now();
    for _ in 0..10 {
        assert_eq!(live.expect("heartbeat").await["seq"], 0);
    }
    assert!(began.elapsed() > HEARTBEAT * 8, "{:?}", began.elapsed());
    ada.create("something").await;
    while live.next().await["type"] == "heartbeat" {}
    assert_eq!(live.expect("heartbeat").await["seq"], 1);
}

#[tokio::test]
async fn a_client_that_is_silent_for_two_heartbeats_is_disconnected() {
    const HEARTBEAT: Duration = Duration::from_millis(200);
    let server = TestServer::with(live(|live| {
        live.heartbeat = HEARTBEAT;
        live.sockets_per_user = 1;
    }))
    .await;
    let ada = server.user("ada");
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    let handshake = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ada.own("/live"),
        server.address,
        token("ada"),
    );
    let began = Instant::now();
    stream.write_all(handshake.as_bytes()).await.expect("the server listens");
    // Reads everything and sends nothing.
    let mut received = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut received))
        .await
        .expect("the server disconnects")
        .expect("an orderly end");
    assert!(began.elapsed() >= HEARTBEAT * 2, "{:?}", began.elapsed());
    let received = String::from_utf8_lossy(&received);
    assert!(received.starts_with("HTTP/1.1 101") && received.contains("heartbeat"), "{received}");
    Live::open(&ada, None).await.0.expect_nothing().await;
}

#[tokio::test]
async fn an_old_socket_is_closed_and_its_client_resumes() {
    const LIFE: Duration = Duration::from_secs(1);
    let server = TestServer::with(live(|live| live.max_life = LIFE)).await;
    let ada = server.user("ada");
    let (mut live, hello) = Live::open(&ada, None).await;
    let began = Instant::now();
    assert_eq!(live.closed().await, 1012);
    assert!(began.elapsed() > LIFE / 2, "{:?}", began.elapsed());
    ada.create("meanwhile").await;
    let (mut live, hello) = Live::open(&ada, hello["position"].as_str()).await;
    assert_eq!(hello["resumed"], true);
    live.expect("task.created").await;
    live.expect("caught_up").await;
}

/// Reads a socket until it closes; returns the numbers of its changes and the time of the close.
async fn to_the_end(mut live: Live) -> (Vec<i64>, Instant) {
    let mut numbers = Vec::new();
    let code = loop {
        match live.next_or_close().await {
            Ok(message) => numbers.extend(message["seq"].as_i64()),
            Err(code) => break code,
        }
    };
    assert_eq!(code, 1012);
    (numbers, Instant::now())
}

#[tokio::test]
async fn a_stopping_server_reports_it_and_closes_its_sockets_over_time() {
    const DRAIN: Duration = Duration::from_secs(3);
    let server = TestServer::with(live(|live| live.drain = DRAIN)).await;
    let other = TestServer::on(server.database.clone(), Options::default()).await;
    let ada = server.user("ada");
    let mut sockets = Vec::new();
    for _ in 0..16 {
        sockets.push(Live::open(&ada, None).await);
    }
    let mut silent = Live::open_silently(&ada, None).await;
    let anonymous = server.anonymous();
    let stopped = tokio::spawn(server.stop());
    for (live, _) in &mut sockets {
        live.expect("draining").await;
    }
    silent.expect("draining").await;
    assert_eq!(silent.closed().await, 1012);

    // Other requests are served as usual, but the health check tells load balancers to stop.
    let health = anonymous.call(reqwest::Method::GET, "/health").expect(503).await;
    let health: serde_json::Value = health.json();
    assert_eq!((&health["status"], &health["database"]), (&json!("unhealthy"), &json!("connected")));
    ada.create("during the drain").await;
    let refusal = Live::handshake(&ada, None, ada.token(), &[]).await.err().expect("a rejection");
    assert_eq!((refusal.0.as_u16(), &refusal.1["code"]), (503, &json!("UNAVAILABLE")));

    let (sockets, hellos): (Vec<_>, Vec<_>) = sockets.into_iter().unzip();
    let ends = join_all(sockets.into_iter().map(to_the_end)).await;
    let (first, last) = (ends.iter().map(|end| end.1).min(), ends.iter().map(|end| end.1).max());
    let spread = last.expect("an end") - first.expect("an end");
    // Sixteen random times practically never fall into such a short interval.
    assert!(spread > DRAIN / 6, "{spread:?}");
    assert!(ends.iter().any(|(numbers, _)| numbers == &[1]), "no socket got the change while the server was stopping");
    for ((numbers, _), hello) in ends.iter().zip(hellos) {
        let (mut live, _) = Live::open(&other.user("ada"), hello["position"].as_str()).await;
        assert_eq!(live.expect("task.created").await["seq"], 1, "either before the close or after it: {numbers:?}");
        live.expect("caught_up").await;
    }
    timeout(PATIENCE, stopped).await.expect("the server ends").expect("the server ends well");
}
