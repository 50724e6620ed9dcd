//! Revoking access: it ends at once on the server that handles the request, and on all others
//! through hints or, without hints, through the next sweep. Sockets close with 4401. A server also
//! knows the revocations from before its start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use sqlx::Row;
use taskwire::identity::api_tokens::ApiTokenId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{Client, Live, Options, SECRET, TestDatabase, TestServer, token};
use crate::servers::{NEVER, SWEEP, servers};

/// The kind of access that a test revokes.
#[derive(Debug, Clone, Copy)]
enum What {
    ApiToken,
    User,
}

/// A user with access, and the way to revoke it.
struct Case {
    what: What,
    user: Client,
    script: Client,
    id: ApiTokenId,
}

impl Case {
    async fn new(server: &TestServer, name: &str, what: What) -> Self {
        let user = server.user(name);
        let (script, id) = user.with_api_token("read-write").await;
        Self { what, user, script, id }
    }

    /// All clients whose access ends.
    fn ended(&self) -> Vec<&Client> {
        match self.what {
            What::ApiToken => vec![&self.script],
            What::User => vec![&self.script, &self.user],
        }
    }

    async fn take_back(&self) {
        match self.what {
            What::ApiToken => self.user.delete(&format!("/tokens/{}", self.id)).expect(204).await,
            What::User => self.user.delete("").expect(200).await,
        };
    }
}

/// Uses access on all servers, revokes it on the first, and waits until it ends on the others.
async fn check_that_access_ends(servers: &[TestServer], what: What, name: &str, within: Option<Duration>) {
    let case = Case::new(&servers[0], name, what).await;
    let mut sockets = Vec::new();
    for server in servers {
        for client in case.ended() {
            let there = client.at(server);
            there.get("/stats").expect(200).await;
            sockets.push((Live::open(&there, None).await.0, there));
        }
    }
    let unconcerned = Live::open(&servers[1].user("somebody else"), None).await.0;
    let (mut own, _) = Live::open(&case.user.at(&servers[1]), None).await;

    let began = Instant::now();
    case.take_back().await;
    for client in case.ended() {
        client.get("/stats").problem(401, "UNAUTHORIZED").await;
        assert!(Live::handshake(client, None, client.token(), &[]).await.is_err_and(|(status, _)| status == 401));
    }
    for (live, there) in &mut sockets {
        let error = live.expect("error").await;
        assert_eq!(error["detail"], "the token was revoked; sign in again", "{what:?}");
        assert_eq!(live.closed().await, 4401, "{what:?}");
        there.get("/stats").problem(401, "UNAUTHORIZED").await;
    }
    if let Some(within) = within {
        assert!(began.elapsed() < within, "{what:?}: {:?}", began.elapsed());
    }
    match what {
        What::ApiToken => own.expect_nothing().await,
        What::User => assert_eq!(own.closed().await, 4401),
    }
    let mut unconcerned = unconcerned;
    unconcerned.expect_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn access_ends_here_at_once_and_there_through_hints() {
    let servers = servers(3, NEVER, true).await;
    check_that_access_ends(&servers, What::ApiToken, "ada", None).await;
    check_that_access_ends(&servers, What::User, "ada", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn access_ends_within_a_second_or_so_without_hints() {
    let servers = servers(3, SWEEP, false).await;
    // The sweep interval plus time for a slow machine.
    let within = Some(SWEEP * 2);
    check_that_access_ends(&servers, What::ApiToken, "ada", within).await;
    check_that_access_ends(&servers, What::User, "ada", within).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_without_any_socket_hears_of_it_from_its_sweep() {
    let servers = servers(2, SWEEP, false).await;
    let case = Case::new(&servers[0], "ada", What::ApiToken).await;
    let there = case.script.at(&servers[1]);
    there.get("/stats").expect(200).await;
    let began = Instant::now();
    case.take_back().await;
    while there.get("/stats").send().await.status != 401 {
        assert!(began.elapsed() < SWEEP * 3, "the token is still accepted");
    }
}

#[tokio::test]
async fn a_server_that_starts_later_knows_what_was_revoked_before() {
    let database = Arc::new(TestDatabase::new().await);
    let first = TestServer::on(database.clone(), Options::default()).await;
    let (token, user) = (Case::new(&first, "ada", What::ApiToken).await, Case::new(&first, "bob", What::User).await);
    token.take_back().await;
    user.take_back().await;
    first.stop().await;
    // This server neither sweeps nor receives hints.
    let second = TestServer::on(database, crate::servers::sweeping(NEVER, false)).await;
    for client in token.ended().into_iter().chain(user.ended()) {
        client.at(&second).get("/stats").problem(401, "UNAUTHORIZED").await;
    }
    token.user.at(&second).get("/stats").expect(200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_revocations_at_once_are_numbered_without_gaps_and_none_is_missed() {
    const USERS: usize = 8;
    const EACH: usize = 12;
    let servers = servers(3, NEVER, true).await;
    let mut revocations = Vec::new();
    let mut sockets = Vec::new();
    for number in 0..USERS {
        let user = servers[number % 3].user(&format!("user {number}"));
        for _ in 0..EACH {
            let (script, id) = user.with_api_token("read").await;
            let elsewhere = script.at(&servers[(number + 1) % 3]);
            sockets.push((Live::open(&elsewhere, None).await.0, script));
            revocations.push((user.clone(), id));
        }
    }
    let revoked = revocations.iter().map(|(user, id)| user.delete(&format!("/tokens/{id}")).expect(204));
    join_all(revoked).await;
    for (live, script) in &mut sockets {
        assert_eq!(live.closed().await, 4401);
        for server in &servers {
            // A hint closes the socket; hints for the other servers may still be on their way.
            let there = script.at(server);
            while there.get("/stats").send().await.status != 401 {}
        }
    }
    let counted = "SELECT count(*), min(seq), max(seq), (SELECT last_seq FROM revocation_head),
                          bool_and(revoked_at <= later) FROM (
                       SELECT seq, revoked_at, lead(revoked_at, 1, revoked_at) OVER (ORDER BY seq) AS later
                       FROM revocations) r";
    let row = sqlx::query(counted).fetch_one(&servers[0].pool).await.expect("the numbers");
    let all = i64::try_from(USERS * EACH).expect("a count");
    let numbers: [i64; 4] = std::array::from_fn(|column| row.get(column));
    assert_eq!((numbers, row.get(4)), ([all, 1, all, all], true));
}

#[tokio::test]
async fn a_socket_renewed_with_another_token_hangs_on_that_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (script, id) = ada.with_api_token("read").await;
    let (mut moved_on, _) = Live::open(&script, None).await;
    moved_on.authenticate(&token("ada"), None).await;
    moved_on.expect_nothing().await;
    let (mut moved_to, _) = Live::open(&ada, None).await;
    moved_to.authenticate(script.token().expect("a token"), None).await;
    moved_to.expect_nothing().await;
    ada.delete(&format!("/tokens/{id}")).expect(204).await;
    assert_eq!(moved_to.closed().await, 4401);
    moved_on.expect_nothing().await;
    moved_on.authenticate(script.token().expect("a token"), None).await;
    assert_eq!(moved_on.closed().await, 4401);
}

#[tokio::test]
async fn a_request_whose_body_is_still_coming_when_access_ends_does_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (script, id) = ada.with_api_token("read-write").await;
    let body = json!({ "title": "too late" }).to_string();
    let mut stream = TcpStream::connect(server.address).await.expect("the server accepts");
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\nexpect: 100-continue\r\n\r\n",
        script.own("/tasks"),
        script.token().expect("a token"),
        body.len(),
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The server asks for the body, so it has accepted the token.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.expect("an answer");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    ada.delete(&format!("/tokens/{id}")).expect(204).await;
    stream.write_all(body.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(ada.log().await.is_empty());
}

#[tokio::test]
async fn a_token_counts_no_longer_than_what_forbids_it_is_kept() {
    let hour = Duration::from_hours(1);
    let server = TestServer::with(Options { token_max_life: hour, ..Options::default() }).await;
    let ada = server.user("ada");
    let now = Utc::now().timestamp();
    let with = |claims: Value| {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        ada.with_token(Some(jsonwebtoken::encode(&Header::default(), &claims, &key).expect("a token")))
    };
    for (claims, reason) in [
        (json!({"sub": "ada", "iat": now - 3700, "exp": now + 60}), "older than tokens may be"),
        (json!({"sub": "ada", "iat": 0, "exp": now + 60}), "older than tokens may be"),
        (json!({"sub": "ada", "exp": now + 3700}), "does not say when"),
        (json!({"sub": "ada", "exp": 253_402_300_799_i64}), "does not say when"),
        (json!({"sub": "ada", "iat": now + 600, "exp": now + 660}), "not valid yet"),
    ] {
        let problem = with(claims.clone()).get("/stats").problem(401, "UNAUTHORIZED").await;
        assert!(problem["detail"].as_str().expect("a detail").contains(reason), "{claims}: {problem}");
    }
    with(json!({"sub": "ada", "exp": now + 3500})).get("/stats").expect(200).await;
    // A token that is valid for years ends here after an hour.
    let years = with(json!({"sub": "ada", "iat": now - 1800, "exp": now + 100_000_000}));
    let (_, hello) = Live::open(&years, None).await;
    let end: chrono::DateTime<Utc> = hello["expires_at"].as_str().expect("a time").parse().expect("a time");
    assert_eq!(end.timestamp(), now + 1800);
}

#[tokio::test]
async fn old_revocations_are_removed_and_young_ones_stay() {
    let database = Arc::new(TestDatabase::new().await);
    let server = TestServer::on(database.clone(), Options::default()).await;
    let (old, young) =
        (Case::new(&server, "ada", What::ApiToken).await, Case::new(&server, "bob", What::ApiToken).await);
    old.take_back().await;
    young.take_back().await;
    let age = "UPDATE revocations SET revoked_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'
               WHERE seq = 1";
    sqlx::query(age).execute(&server.pool).await.expect("an update");
    server.stop().await;
    // The server also removes old revocations at its start.
    let server = TestServer::on(database, Options::default()).await;
    let left = async || {
        let rows = sqlx::query_scalar::<_, i64>("SELECT seq FROM revocations ORDER BY seq").fetch_all(&server.pool);
        rows.await.expect("the numbers")
    };
    while left().await != [2] {}
    young.script.at(&server).get("/stats").problem(401, "UNAUTHORIZED").await;
    let next = Case::new(&server, "cyd", What::ApiToken).await;
    next.take_back().await;
    assert_eq!(left().await, [2, 3]);
}
