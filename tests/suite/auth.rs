//! Authentication: every invalid token gets a 401 that gives the reason, and a valid token gives
//! access to its own user's path only.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Call, Client, Options, SECRET, TestServer, token};

/// One hour from now as a value for `exp`.
fn later() -> i64 {
    Utc::now().timestamp() + 3600
}

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .expect("a token")
}

fn with_claims(claims: &Value) -> String {
    signed(Algorithm::HS256, SECRET, claims)
}

/// A token with any text as its header, signed like a valid one.
fn with_header(header: &str, claims: &Value) -> String {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(header), encode(&claims.to_string()));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
    format!("{message}.{signature}")
}

fn with_token(client: &Client, token: &str) -> Call {
    client.get("/stats").header("authorization", &format!("Bearer {token}"))
}

/// Fails the test unless the response is a proper 401; returns its detail.
async fn unauthorized(what: &str, call: Call) -> String {
    let answer: Answer = call.send().await;
    assert_eq!(answer.status, 401, "{what}");
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Bearer realm=\"taskwire\""), "{what}: {challenge}");
    let problem: Value = answer.json();
    assert_eq!(problem["code"], "UNAUTHORIZED", "{what}");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.len() > 15, "{what}: {detail}");
    assert_eq!(challenge.contains("error=\"invalid_token\""), challenge.contains(detail), "{what}: {challenge}");
    detail.to_owned()
}

#[tokio::test]
async fn a_request_without_a_bearer_token_is_told_to_send_one() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let good = token("ada");
    let nobody = ada.with_token(None);
    let plain = unauthorized("no header", nobody.get("/stats")).await;
    assert!(plain.contains("Authorization: Bearer"), "{plain}");
    for (what, value) in [
        ("another scheme", "Basic YWRhOnNlY3JldA==".to_owned()),
        ("no scheme", good.clone()),
        ("no token", "Bearer".to_owned()),
        ("nothing", String::new()),
        ("a tab", format!("Bearer\t{good}")),
        ("a list", format!("Bearer {good}, Bearer {good}")),
        ("a colon", format!("Bearer: {good}")),
    ] {
        unauthorized(what, ada.get("/stats").header("authorization", &value)).await;
    }
    let twice = ada.get("/stats").header("authorization", &format!("Bearer {good}"));
    unauthorized("two headers", twice.also("authorization", &format!("Bearer {good}"))).await;
    unauthorized("in the query", nobody.get(&format!("/stats?token={good}"))).await;
    unauthorized("in a cookie", nobody.get("/stats").header("cookie", &format!("token={good}"))).await;
    ada.get("/stats").header("authorization", &format!("bEARER {good}")).expect(200).await;
}

#[tokio::test]
async fn malformed_tokens_are_rejected() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let good = token("ada");
    let parts: Vec<&str> = good.split('.').collect();
    for malformed in [
        "x".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        parts[..2].join("."),
        format!("{good}.{}", parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{good}="),
        good.replace('.', " ."),
        with_header("no json", &json!({"sub": "ada", "exp": later()})),
        with_header("{}", &json!({"sub": "ada", "exp": later()})),
        with_claims(&json!(["ada", later()])),
        with_claims(&json!("ada")),
        with_claims(&json!({"sub": "ada", "exp": later(), "padding": "x".repeat(16 * 1024)})),
        "x".repeat(32 * 1024),
    ] {
        unauthorized(&malformed, with_token(&ada, &malformed)).await;
    }
}

#[tokio::test]
async fn only_hs256_with_the_servers_secret_signs_a_token() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let claims = json!({"sub": "ada", "exp": later()});
    with_token(&ada, &with_claims(&claims)).expect(200).await;
    with_token(&ada, &with_header(r#"{"alg":"HS256"}"#, &claims)).expect(200).await;

    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        unauthorized("another HMAC", with_token(&ada, &signed(algorithm, SECRET, &claims))).await;
    }
    for name in ["none", "None", "NONE", "", "hs256", "HS384", "RS256", "ES256", "EdDSA"] {
        let header = json!({"typ": "JWT", "alg": name}).to_string();
        let forged = with_header(&header, &claims);
        unauthorized(name, with_token(&ada, &forged)).await;
        let unsigned = &forged[..=forged.rfind('.').expect("three parts")];
        unauthorized(name, with_token(&ada, unsigned)).await;
    }
    for (what, secret) in
        [("another secret", "another secret that is 32 bytes or more"), ("no secret", ""), ("a prefix", &SECRET[..31])]
    {
        unauthorized(what, with_token(&ada, &signed(Algorithm::HS256, secret, &claims))).await;
    }
    let good = with_claims(&claims);
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let other = with_claims(&json!({"sub": "ada", "exp": later() + 1}));
    let (_, foreign) = other.rsplit_once('.').expect("three parts");
    for signature in ["", &signature[..20], foreign] {
        unauthorized("another signature", with_token(&ada, &format!("{message}.{signature}"))).await;
    }
    // A header must not supply its own key or require unknown extensions.
    let header = json!({"alg": "HS256", "crit": ["b64"], "b64": false}).to_string();
    unauthorized("an unknown critical rule", with_token(&ada, &with_header(&header, &claims))).await;
}

#[tokio::test]
async fn a_token_is_valid_only_between_its_times() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let now = Utc::now().timestamp();
    for (what, claims) in [
        ("expired", json!({"sub": "ada", "exp": now - 60})),
        ("expired long ago", json!({"sub": "ada", "exp": 0})),
        ("expired before time", json!({"sub": "ada", "exp": -1})),
        ("no exp", json!({"sub": "ada"})),
        ("exp a string", json!({"sub": "ada", "exp": later().to_string()})),
        ("exp null", json!({"sub": "ada", "exp": null})),
        ("exp a date", json!({"sub": "ada", "exp": "2999-01-01T00:00:00Z"})),
        ("exp beyond all time", json!({"sub": "ada", "exp": 1e300})),
        ("exp true", json!({"sub": "ada", "exp": true})),
        ("not valid yet", json!({"sub": "ada", "exp": later(), "nbf": now + 600})),
        ("nbf a string", json!({"sub": "ada", "exp": later(), "nbf": "now"})),
    ] {
        unauthorized(what, with_token(&ada, &with_claims(&claims))).await;
    }
    for claims in [
        json!({"sub": "ada", "exp": later(), "nbf": now - 600, "iat": now, "jti": "x", "roles": ["admin"]}),
        json!({"sub": "ada", "exp": 253_402_300_799_i64, "iat": now}),
        // A NumericDate may have a fraction.
        json!({"sub": "ada", "exp": 253_402_300_799.5, "iat": now}),
    ] {
        with_token(&ada, &with_claims(&claims)).expect(200).await;
    }
}

#[tokio::test]
async fn a_token_must_name_a_usable_user() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for sub in [
        json!(null),
        json!(7),
        json!(["ada"]),
        json!({"id": "ada"}),
        json!(""),
        json!("."),
        json!(".."),
        json!("a".repeat(256)),
        json!("ada\n"),
        json!("a\0b"),
        json!("a\u{7f}"),
        json!("a\u{85}"),
    ] {
        let call = with_token(&ada, &with_claims(&json!({"sub": sub, "exp": later()})));
        unauthorized(&sub.to_string(), call).await;
    }
    unauthorized("no sub", with_token(&ada, &with_claims(&json!({"exp": later()})))).await;
    // A token is not valid for a user whose id only looks the same.
    for other in ["Ada", "ada ", "аda", "ad", "adaa"] {
        server.user(other).with_token(Some(token("ada"))).get("/stats").problem(403, "FORBIDDEN").await;
    }
}

#[tokio::test]
async fn issuer_and_audience_are_checked_when_they_are_configured() {
    let options = Options { issuer: Some("https://id.example"), audience: Some("taskwire"), ..Options::default() };
    let server = TestServer::with(options).await;
    let ada = server.user("ada");
    let claims = |issuer: Value, audience: Value| {
        let mut claims = json!({"sub": "ada", "exp": later()});
        for (name, value) in [("iss", issuer), ("aud", audience)] {
            if !value.is_null() {
                claims[name] = value;
            }
        }
        with_claims(&claims)
    };
    let (issuer, audience) = (json!("https://id.example"), json!("taskwire"));
    for good in [audience.clone(), json!(["other", "taskwire"])] {
        with_token(&ada, &claims(issuer.clone(), good)).expect(200).await;
    }
    for other in [json!(null), json!("https://other.example"), json!("https://id.example/"), json!(""), json!(7)] {
        unauthorized("another issuer", with_token(&ada, &claims(other, audience.clone()))).await;
    }
    for other in [json!(null), json!("other"), json!(["other"]), json!([]), json!(""), json!(7)] {
        unauthorized("another audience", with_token(&ada, &claims(issuer.clone(), other))).await;
    }
}

#[tokio::test]
async fn issuer_and_audience_may_be_anything_when_none_is_configured() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for claims in [
        json!({"sub": "ada", "exp": later(), "aud": "somebody else"}),
        json!({"sub": "ada", "exp": later(), "aud": ["a", "b"], "iss": "https://id.example"}),
    ] {
        with_token(&ada, &with_claims(&claims)).expect(200).await;
    }
}

#[tokio::test]
async fn another_users_path_is_forbidden_before_anything_is_read() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    ada.create("Ada's").await;
    let intruder = ada.with_token(Some(token("bob")));
    let mut answers = Vec::new();
    for call in [
        intruder.get("/tasks"),
        intruder.get("/tasks?garbage=1&limit=none"),
        intruder.get("/changes?after=garbage"),
        intruder.get("/live?after=garbage"),
        intruder.get("/tasks/garbage").header("if-none-match", "garbage"),
        intruder.post("/tasks").bytes("text/plain", "garbage"),
        intruder.post("/tasks").bytes("application/json", "{".repeat(2 * 1024 * 1024)),
        intruder.patch("/tasks/garbage").bytes("application/json", "garbage").header("if-match", "garbage"),
        intruder.put("/tasks/garbage").bytes("application/json", "garbage"),
        intruder.patch("/tasks/garbage/complete").bytes("application/json", "garbage"),
        intruder.delete("/tasks/garbage").header("if-match", "garbage"),
        // The response is the same whether the other user exists or not.
        server.user("nobody at all").with_token(Some(token("bob"))).get("/tasks"),
    ] {
        let answer = call.expect(403).await;
        assert_eq!(answer.json::<Value>()["code"], "FORBIDDEN");
        answers.push(answer.comparable());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the answers differ");
    let head = intruder.call(Method::HEAD, ada.own("/tasks")).expect(403).await;
    assert!(head.body.is_empty());
    assert_eq!((ada.log().await.len(), bob.log().await.len()), (1, 0));
}
