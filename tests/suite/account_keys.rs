//! The keys that sign access tokens: the first start makes one, all servers share them, and
//! `taskwire rotate-keys` replaces them, gradually or at once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use taskwire::config::AccountsConfig;
use tokio::time::timeout;

use crate::kit::{Client, Options, Scratch, TestDatabase, TestServer, run, taskwire};

const PATIENCE: Duration = Duration::from_secs(30);

async fn server(database: &Arc<TestDatabase>) -> TestServer {
    let options = Options { accounts: Some(AccountsConfig::default()), ..Options::default() };
    TestServer::on(Arc::clone(database), options).await
}

/// Signs up and returns the session cookie.
async fn sign_up(server: &TestServer) -> String {
    let ada = json!({ "name": "Ada", "email": "ada@example.com", "password": "correct horse battery" });
    let answer = server.anonymous().call(Method::POST, "/api/auth/sign-up/email").json(ada).expect(200).await;
    let set = answer.header("set-cookie").expect("a cookie");
    set.split(';').next().expect("a pair").to_owned()
}

/// A new access token.
async fn token(server: &TestServer, cookie: &str) -> String {
    let call = server.anonymous().call(Method::GET, "/api/auth/token").header("cookie", cookie);
    let answer: Value = call.expect(200).await.json();
    answer["token"].as_str().expect("a token").to_owned()
}

/// Decodes a part of a token: 0 is the header, 1 the claims.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// The names of the published keys.
async fn published(server: &TestServer) -> Vec<String> {
    let keys: Value = server.anonymous().call(Method::GET, "/api/auth/jwks").expect(200).await.json();
    let keys = keys["keys"].as_array().expect("keys");
    for key in keys {
        assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
        assert_eq!(key.get("d"), None, "a private key is published");
    }
    keys.iter().map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
}

fn of(server: &TestServer, token: &str) -> Client {
    let user = part(token, 1)["sub"].as_str().expect("a user").to_owned();
    Client::new(server.address, &user, Some(token.to_owned()))
}

async fn rotate(database: &TestDatabase, more: &[&str]) {
    let scratch = Scratch::new();
    let mut command = taskwire(&scratch, ["rotate-keys"].iter().chain(more));
    command.env("DATABASE_URL", database.url()).env("ACCOUNTS", "on");
    let output = run(&mut command).await;
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn servers_that_start_at_once_make_one_key() {
    let database = Arc::new(TestDatabase::new().await);
    let servers = join_all((0..4).map(|_| server(&database))).await;
    let published = join_all(servers.iter().map(published)).await;
    assert_eq!(published[0].len(), 1);
    assert!(published.iter().all(|keys| *keys == published[0]), "{published:?}");
    let token = token(&servers[0], &sign_up(&servers[0]).await).await;
    assert_eq!(part(&token, 0)["kid"], published[0][0].as_str());
    for server in &servers {
        of(server, &token).get("/tasks").expect(200).await;
    }
}

#[tokio::test]
async fn after_a_rotation_old_tokens_stay_valid_and_new_ones_use_the_new_key() {
    let database = Arc::new(TestDatabase::new().await);
    let before = server(&database).await;
    let cookie = sign_up(&before).await;
    let old = token(&before, &cookie).await;
    rotate(&database, &[]).await;

    let after = server(&database).await;
    let keys = published(&after).await;
    assert_eq!(keys.len(), 2);
    let new = token(&after, &cookie).await;
    assert_eq!(part(&new, 0)["kid"], keys[0].as_str());
    assert_eq!(part(&old, 0)["kid"], keys[1].as_str());
    // This also holds on a server that has not read the keys since the rotation.
    for server in [&before, &after] {
        for token in [&old, &new] {
            of(server, token).get("/tasks").expect(200).await;
        }
    }
}

#[tokio::test]
async fn a_rotation_at_once_ends_the_old_tokens_and_no_session() {
    let database = Arc::new(TestDatabase::new().await);
    let before = server(&database).await;
    let cookie = sign_up(&before).await;
    let old = token(&before, &cookie).await;
    rotate(&database, &["--at-once"]).await;

    let after = server(&database).await;
    assert_eq!(published(&after).await.len(), 1);
    of(&after, &old).get("/tasks").problem(401, "UNAUTHORIZED").await;
    let running = of(&before, &old);
    let known = async { while running.get("/tasks").send().await.status == 200 {} };
    timeout(PATIENCE, known).await.expect("the running server forgets the key");
    let new = token(&after, &cookie).await;
    for server in [&before, &after] {
        of(server, &new).get("/tasks").expect(200).await;
    }
}

#[tokio::test]
async fn without_accounts_there_is_nothing_to_rotate() {
    let database = TestDatabase::new().await;
    let scratch = Scratch::new();
    let mut command = taskwire(&scratch, ["rotate-keys"]);
    command.env("DATABASE_URL", database.url()).env("JWT_SECRET", crate::kit::SECRET);
    let output = run(&mut command).await;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(error.contains("ACCOUNTS"), "{error}");
}

#[tokio::test]
async fn what_was_not_signed_with_a_key_of_ours_is_refused() {
    let database = Arc::new(TestDatabase::new().await);
    let server = server(&database).await;
    let good = token(&server, &sign_up(&server).await).await;
    let user = of(&server, &good);
    user.get("/tasks").expect(200).await;
    let (header, claims) = (part(&good, 0), part(&good, 1));
    let signature = good.rsplit('.').next().expect("a signature");
    let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    let with = |part: &Value, change: Value| {
        let mut part = part.clone();
        part.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        part
    };
    let x = published_x(&server).await;
    let forged = [
        (with(&header, json!({ "alg": "none" })), claims.clone()),
        (with(&header, json!({ "alg": "HS256" })), claims.clone()),
        (with(&header, json!({ "alg": "RS256" })), claims.clone()),
        (with(&header, json!({ "kid": "../../dev/null" })), claims.clone()),
        (with(&header, json!({ "kid": "' OR true --" })), claims.clone()),
        (with(&header, json!({ "kid": "" })), claims.clone()),
        (with(&header, json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } })), claims.clone()),
        (with(&header, json!({ "jku": "http://127.0.0.1:1/jwks" })), claims.clone()),
        (with(&header, json!({ "crit": ["exp"] })), claims.clone()),
        (with(&header, json!({ "typ": "logout+jwt" })), claims.clone()),
        (header.clone(), with(&claims, json!({ "sub": "demo" }))),
        (header.clone(), with(&claims, json!({ "exp": 4_000_000_000_i64 }))),
    ];
    for (header, claims) in &forged {
        let forged = format!("{}.{}.{signature}", encode(header), encode(claims));
        let user = claims["sub"].as_str().expect("a user");
        let client = Client::new(server.address, user, Some(forged));
        client.get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
    // Signed with the public key as an HMAC secret.
    for secret in [x.clone().into_bytes(), BASE64_URL_SAFE_NO_PAD.decode(&x).expect("base64url")] {
        for named in [json!({ "alg": "HS256" }), json!({ "alg": "HS256", "kid": header["kid"] })] {
            let message = format!("{}.{}", encode(&named), encode(&claims));
            let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac(&secret, message.as_bytes()));
            let forged = user.with_token(Some(format!("{message}.{signature}")));
            forged.get("/tasks").problem(401, "UNAUTHORIZED").await;
        }
    }
    user.get("/tasks").expect(200).await;
}

async fn published_x(server: &TestServer) -> String {
    let keys: Value = server.anonymous().call(Method::GET, "/api/auth/jwks").expect(200).await.json();
    keys["keys"][0]["x"].as_str().expect("a key").to_owned()
}

/// HMAC-SHA-256.
fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};

    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret);
    let pad = |byte: u8| block.map(|part| part ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}
