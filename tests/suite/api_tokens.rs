//! API tokens: they are created, shown once and listed; each scope allows certain operations; and
//! they end. `revocations` tests that a revoked token ends on every server.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::Row;
use taskwire::api::api_tokens::{ApiTokenList, CreatedApiToken};
use taskwire::api::user::{TokenIdentity, TokenKind};
use taskwire::identity::api_tokens::{ApiToken, ApiTokenId};
use taskwire::model::Scope;

use crate::kit::{Client, Live, Options, Relay, TestDatabase, TestServer};

async fn create(user: &Client, wanted: Value) -> CreatedApiToken {
    user.post("/tokens").json(wanted).expect(201).await.json()
}

async fn list(user: &Client) -> Vec<ApiToken> {
    let list: ApiTokenList = user.get("/tokens").expect(200).await.json();
    assert_eq!(list.count, list.tokens.len());
    list.tokens
}

/// Waits until the last use of this token is stored, and returns it.
async fn last_used(user: &Client, id: ApiTokenId) -> DateTime<Utc> {
    loop {
        let tokens = list(user).await;
        if let Some(at) = tokens.iter().find(|token| token.id == id).expect("the token").last_used_at {
            return at;
        }
    }
}

#[tokio::test]
async fn a_token_is_created_shown_once_listed_and_revoked() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let wanted = json!({ "name": "  Backup  ", "scope": "read" });
    let answer = ada.post("/tokens").json(wanted).expect(201).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let first: CreatedApiToken = answer.json();
    assert_eq!(first.api_token.name, "Backup");
    assert_eq!((first.api_token.expires_at, first.api_token.last_used_at), (None, None));
    let end = "2099-12-31T00:00:00Z";
    let second = create(&ada, json!({ "name": "Backup", "scope": "read-write", "expires_at": end })).await;
    assert_eq!(second.api_token.expires_at, Some(end.parse().expect("a time")));

    let answer = ada.get("/tokens").expect(200).await;
    let shown = String::from_utf8(answer.body.clone()).expect("text");
    assert!(!shown.contains(&first.token) && !shown.contains(&second.token), "{shown}");
    assert_eq!(list(&ada).await, [second.api_token.clone(), first.api_token.clone()]);
    assert_eq!(list(&server.user("bob")).await, []);

    let its = format!("/tokens/{}", first.api_token.id);
    ada.delete(&its).expect(204).await;
    ada.delete(&its).problem(404, "NOT_FOUND").await;
    assert_eq!(list(&ada).await, [second.api_token]);
}

#[tokio::test]
async fn the_database_holds_the_hash_alone() {
    let server = TestServer::start().await;
    let token = create(&server.user("ada"), json!({ "name": "Backup", "scope": "read" })).await.token;
    let row = sqlx::query("SELECT t::text, hash FROM api_tokens t").fetch_one(&server.pool).await.expect("the row");
    let text: String = row.get(0);
    let random = token.strip_prefix("taskwire_").expect("the prefix");
    assert!(!text.contains(random), "{text}");
    let hash: Vec<u8> = row.get(1);
    assert_eq!(hash, <sha2::Sha256 as sha2::Digest>::digest(&token)[..]);
}

#[tokio::test]
async fn malformed_token_requests_are_rejected() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let refused = async |field: &str, change: Value| {
        let mut wanted = json!({ "name": "Backup", "scope": "read" });
        wanted.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        ada.post("/tokens").json(wanted).invalid(field).await;
    };
    for name in [json!(""), json!("   "), json!("é".repeat(101)), json!("a\0b"), json!(7), json!(null)] {
        refused("name", json!({ "name": name })).await;
    }
    for scope in [json!("write"), json!("READ"), json!(""), json!(["read"]), json!(null)] {
        refused("scope", json!({ "scope": scope })).await;
    }
    let past = Utc::now() - Duration::from_secs(1);
    for end in [json!("2020-01-01T00:00:00Z"), json!(past), json!("tomorrow"), json!(4_000_000_000_i64)] {
        refused("expires_at", json!({ "expires_at": end })).await;
    }
    refused("token", json!({ "token": "taskwire_chosen" })).await;
    refused("id", json!({ "id": ApiTokenId::new() })).await;
    ada.post("/tokens").json(json!({ "scope": "read" })).invalid("name").await;
    ada.post("/tokens").json(json!({ "name": "Backup" })).invalid("scope").await;
    ada.delete("/tokens/garbage").invalid("token_id").await;
    assert_eq!(list(&ada).await, []);
}

#[tokio::test]
async fn a_user_has_at_most_a_hundred_even_under_concurrency() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let wanted = json!({ "name": "One of many", "scope": "read" });
    let creations = (0..120).map(|_| ada.post("/tokens").json(wanted.clone()).send());
    let answers = futures_util::future::join_all(creations).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 100);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        let problem: Value = refused.json();
        assert_eq!(problem["code"], "CONFLICT", "{problem}");
    }
    let tokens = list(&ada).await;
    assert_eq!(tokens.iter().map(|token| token.id).collect::<BTreeSet<_>>().len(), 100);
    server.user("bob").post("/tokens").json(wanted.clone()).expect(201).await;
    // Revoking one makes room.
    ada.delete(&format!("/tokens/{}", tokens[50].id)).expect(204).await;
    ada.post("/tokens").json(wanted.clone()).expect(201).await;
    ada.post("/tokens").json(wanted).problem(409, "CONFLICT").await;
}

#[tokio::test]
async fn a_token_reads_or_writes_by_its_scope_over_http_and_live() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (reader, _) = ada.with_api_token("read").await;
    let (writer, _) = ada.with_api_token("read-write").await;
    let (mut live, hello) = Live::open(&reader, None).await;
    assert_eq!(hello["expires_at"], "9999-12-31T23:59:59Z");
    let made = writer.create("by a script").await;
    assert_eq!(live.expect("task.created").await["task"]["id"], json!(made.id));
    assert_eq!(reader.read(made.id).await, made);
    let refused = reader.post("/tasks").json(json!({ "title": "x" })).problem(403, "FORBIDDEN").await;
    assert_eq!(refused["detail"], "this token may only read; use one with the scope read-write");
    // The missing scope is reported before other errors, but after a foreign path.
    reader.post("/tasks").bytes("text/plain", "garbage").problem(403, "FORBIDDEN").await;
    let bobs = server.user("bob").with_token(reader.token().map(str::to_owned));
    bobs.get("/tasks").problem(403, "FORBIDDEN").await;
    let error = Live::handshake(&bobs, None, bobs.token(), &[]).await.err().expect("a rejection");
    assert_eq!(error.0, 403);

    let mut by_message = Live::open_silently(&ada, None).await;
    by_message.authenticate(reader.token().expect("a token"), None).await;
    by_message.expect("hello").await;
    writer.update(made.id, json!({ "title": "again" })).await;
    by_message.expect("task.updated").await;
}

#[tokio::test]
async fn no_token_manages_tokens_or_deletes_its_user() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("stays").await;
    let (reader, of_reader) = ada.with_api_token("read").await;
    let (writer, of_writer) = ada.with_api_token("read-write").await;
    let own = "API tokens can neither manage other API tokens nor delete their user; sign in to do so";
    for call in [
        reader.get("/tokens"),
        writer.get("/tokens"),
        writer.post("/tokens").json(json!({ "name": "More", "scope": "read" })),
        writer.delete(&format!("/tokens/{of_reader}")),
        writer.delete(&format!("/tokens/{}", ApiTokenId::new())),
        writer.delete(""),
    ] {
        assert_eq!(call.problem(403, "FORBIDDEN").await["detail"], own);
    }
    for call in
        [reader.post("/tokens").json(json!({})), reader.delete(&format!("/tokens/{of_writer}")), reader.delete("")]
    {
        call.problem(403, "FORBIDDEN").await;
    }
    assert_eq!(list(&ada).await.len(), 2);
    assert_eq!(ada.page("").await.count, 1);
}

#[tokio::test]
async fn an_expired_token_is_rejected_and_its_socket_closes() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let end = Utc::now() + Duration::from_secs(2);
    let brief = create(&ada, json!({ "name": "Brief", "scope": "read", "expires_at": end })).await;
    let script = ada.with_token(Some(brief.token));
    let (mut live, _) = Live::open(&script, None).await;
    live.expect("token_expiring").await;
    assert_eq!(live.closed().await, 4401);
    let problem = script.get("/tasks").problem(401, "UNAUTHORIZED").await;
    assert!(problem["detail"].as_str().expect("a detail").contains("expired"), "{problem}");
    // It is still listed, so that its user can see it.
    assert_eq!(list(&ada).await[0].id, brief.api_token.id);
}

#[tokio::test]
async fn a_token_with_a_wrong_checksum_is_rejected_without_a_query() {
    let database = std::sync::Arc::new(TestDatabase::new().await);
    let mut relay = Relay::to(&database).await;
    let sweep = Duration::from_mins(10);
    let options = Options::default();
    let live = taskwire::config::LiveConfig { sweep, ..options.live };
    let options = Options { live, through: Some(relay.url.clone()), ..options };
    let server = TestServer::on(database, options).await;
    let ada = server.user("ada");
    let (script, _) = ada.with_api_token("read").await;
    let good = script.token().expect("a token").to_owned();
    script.get("/stats").expect(200).await;
    relay.so_far();

    let flipped = |place: usize| {
        let mut text = good.clone().into_bytes();
        text[place] = if text[place] == b'x' { b'y' } else { b'x' };
        String::from_utf8(text).expect("text")
    };
    for bad in [
        "taskwire_".to_owned(),
        good[..44].to_owned(),
        format!("{good}0"),
        flipped(9),
        flipped(30),
        flipped(44),
        format!("taskwire_{}", "x".repeat(10_000)),
        good.replace("taskwire_", "Taskwire_"),
        good.replace("taskwire_", ""),
    ] {
        let client = ada.with_token(Some(bad.clone()));
        let problem = client.get("/stats").problem(401, "UNAUTHORIZED").await;
        assert!(!problem.to_string().contains(&good[10..40]), "{problem}");
        let mut live = Live::open_silently(&ada, None).await;
        live.authenticate(&bad, None).await;
        assert_eq!(live.closed().await, 4401, "{bad}");
    }
    // The valid token is cached, so it needs no query either.
    script.get("/stats").expect(200).await;
    let statements = relay.so_far();
    assert!(!statements.is_empty() && statements.iter().all(|text| !text.contains("WHERE hash")), "{statements:?}");
}

#[tokio::test]
async fn an_unknown_token_is_rejected_like_a_revoked_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (script, id) = ada.with_api_token("read").await;
    ada.delete(&format!("/tokens/{id}")).expect(204).await;
    let gone = script.get("/tasks").expect(401).await;
    // Its checksum is right: anyone can compute it from the contract.
    let random = "A".repeat(30);
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut sum = Vec::new();
    for _ in 0..6 {
        sum.insert(0, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(rest % 62) as usize]);
        rest /= 62;
    }
    let invented = format!("taskwire_{random}{}", String::from_utf8(sum).expect("text"));
    let never = ada.with_token(Some(invented)).get("/tasks").expect(401).await;
    assert_eq!(gone.comparable(), never.comparable());
}

#[tokio::test]
async fn the_last_use_is_stored_at_most_once_a_minute_and_not_for_rejected_requests() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let before = Utc::now();
    let (script, id) = ada.with_api_token("read").await;
    let (other, other_id) = ada.with_api_token("read").await;
    let (refused, refused_id) = ada.with_api_token("read").await;
    refused.post("/tasks").json(json!({ "title": "x" })).problem(403, "FORBIDDEN").await;
    script.get("/tasks").expect(200).await;
    let first = last_used(&ada, id).await;
    assert!((before..=Utc::now()).contains(&first), "{first}");

    let written = "SELECT xmin::text, last_used_at::text FROM api_tokens WHERE id = $1";
    let written = async |id: ApiTokenId| {
        let row = sqlx::query(written).bind(id.as_uuid()).fetch_one(&server.pool).await.expect("the row");
        (row.get::<String, _>(0), row.get::<Option<String>, _>(1))
    };
    let as_written = written(id).await;
    for _ in 0..20 {
        script.get("/tasks").expect(200).await;
    }
    // Earlier uses are stored no later than this one.
    other.get("/tasks").expect(200).await;
    last_used(&ada, other_id).await;
    assert_eq!(written(id).await, as_written);
    assert_eq!(written(refused_id).await.1, None);
}

#[tokio::test]
async fn whoever_holds_a_token_can_put_it_out_of_use() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for scope in ["read", "read-write"] {
        let (script, id) = ada.with_api_token(scope).await;
        let its = format!("/tokens/{id}");
        // The token does not work in another user's path.
        let astray = server.user("bob").with_token(script.token().map(str::to_owned));
        astray.delete(&its).problem(403, "FORBIDDEN").await;
        script.delete(&its).expect(204).await;
        script.delete(&its).problem(401, "UNAUTHORIZED").await;
    }
    assert_eq!(list(&ada).await, []);
}

#[tokio::test]
async fn a_token_reports_its_user() {
    let server = TestServer::start().await;
    let ada = server.user("a/d\u{e4}");
    let (script, id) = ada.with_api_token("read").await;
    let identity = async |client: &Client| -> TokenIdentity {
        client.call(reqwest::Method::GET, "/api/auth/identity").expect(200).await.json()
    };
    let told = identity(&script).await;
    assert_eq!((told.user_id.as_str(), told.kind, told.scope), ("a/d\u{e4}", TokenKind::ApiToken, Scope::Read));
    assert_eq!(told.token_id, Some(id.as_uuid()));
    let told = identity(&ada).await;
    assert_eq!((told.kind, told.token_id, told.scope), (TokenKind::Jwt, None, Scope::ReadWrite));
    assert!((3590..=3600).contains(&(told.expires_at - Utc::now()).num_seconds()));
}
