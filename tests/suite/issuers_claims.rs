//! The claims of a token from an external issuer: issuer, audience, times, type and user.

use chrono::Utc;
use serde_json::{Value, json};
use taskwire::config::TokenSettings;

use crate::kit::{FakeIssuer, Live, Options, TestKey, TestServer, claims, issuers, key_set};

const ISSUER: &str = "https://id.example";

/// A server that trusts this key, with additional settings.
async fn trusting(key: &TestKey, settings: TokenSettings) -> (TestServer, FakeIssuer) {
    let issuer = FakeIssuer::publishing(key_set(&[key.jwk()])).await;
    let settings = settings.with("JWKS_URL", issuer.at("/jwks"));
    let server = TestServer::with(Options { issuers: issuers(settings), ..Options::default() }).await;
    (server, issuer)
}

/// Fails the test unless HTTP and a socket both reject the token for this reason.
async fn refused(server: &TestServer, what: &str, token: &str, why: &str) {
    let client = server.bearer("ada", token);
    let answer = client.get("/tasks").send().await;
    assert_eq!(answer.status, 401, "{what}");
    let problem: Value = answer.json();
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{what}: {problem}");
    let Err((status, _)) = Live::handshake(&client, None, Some(token), &[]).await else {
        panic!("{what}: the handshake succeeds");
    };
    assert_eq!(status, 401, "{what}");
}

#[tokio::test]
async fn issuer_audience_and_time_must_be_right() {
    let key = TestKey::ed25519("a");
    let names = TokenSettings::default().with("JWT_ISSUER", ISSUER).with("JWT_AUDIENCE", "taskwire");
    let (server, _issuer) = trusting(&key, names).await;
    let token = |more: Value| {
        let mut all = json!({ "iss": ISSUER, "aud": "taskwire" });
        all.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        key.token(&claims("ada", all))
    };
    for good in [json!({}), json!({ "aud": ["billing", "taskwire"] }), json!({ "nbf": Utc::now().timestamp() })] {
        server.bearer("ada", &token(good)).get("/tasks").expect(200).await;
    }
    let soon = Utc::now().timestamp() + 600;
    for (why, more) in [
        ("issuer", json!({ "iss": "https://id.example/" })),
        ("issuer", json!({ "iss": "https://evil.example" })),
        ("issuer", json!({ "iss": [ISSUER] })),
        ("issuer", json!({ "iss": null })),
        ("issuer", json!({ "iss": "taskwire" })),
        ("audience", json!({ "aud": "billing" })),
        ("audience", json!({ "aud": ["billing"] })),
        ("audience", json!({ "aud": "taskwire " })),
        ("audience", json!({ "aud": { "taskwire": true } })),
        ("audience", json!({ "aud": null })),
        ("required claim", json!({ "exp": null })),
        ("required claim", json!({ "exp": "9999999999" })),
        ("required claim", json!({ "exp": [9_999_999_999_u64] })),
        ("expired", json!({ "exp": soon - 1200 })),
        ("not valid yet", json!({ "nbf": soon })),
        ("not valid yet", json!({ "iat": soon })),
        ("required claim", json!({ "nbf": "now" })),
        ("required claim", json!({ "sub": null })),
        ("required claim", json!({ "sub": 7 })),
        ("required claim", json!({ "sub": ["ada"] })),
        ("user id", json!({ "sub": "" })),
        ("user id", json!({ "sub": ".." })),
        ("user id", json!({ "sub": "ada\u{0}" })),
        ("user id", json!({ "sub": "a".repeat(256) })),
    ] {
        refused(&server, &more.to_string(), &token(more.clone()), why).await;
    }
}

#[tokio::test]
async fn a_token_that_was_made_for_something_else_is_refused() {
    let key = TestKey::ed25519("a");
    let (server, _issuer) = trusting(&key, TokenSettings::default()).await;
    let headed = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        key.token_headed(&header, &claims("ada", json!({})))
    };
    for kind in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        server.bearer("ada", &headed("typ", json!(kind))).get("/tasks").expect(200).await;
    }
    for kind in ["logout+jwt", "dpop+jwt", "secevent+jwt", "token-introspection+jwt", "JOSE", "", "application/xml"] {
        refused(&server, kind, &headed("typ", json!(kind)), "type").await;
    }
    for extensions in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!(null)] {
        refused(&server, &extensions.to_string(), &headed("crit", extensions.clone()), "extension").await;
    }
}

#[tokio::test]
async fn the_claim_that_names_the_user_can_be_chosen() {
    let key = TestKey::ed25519("a");
    let names = TokenSettings::default().with("JWT_USER_CLAIM", "https://id.example/uid");
    let (server, _issuer) = trusting(&key, names).await;
    let token = |more: Value| key.token(&claims("somebody else", more));
    let ada = server.bearer("ada", &token(json!({ "https://id.example/uid": "ada" })));
    ada.create("Buy milk").await;
    let (socket, _) = Live::open(&ada, None).await;
    socket.close().await;
    // Then `sub` is ignored.
    server.bearer("somebody else", ada.token().expect("a token")).get("/tasks").problem(403, "FORBIDDEN").await;
    refused(&server, "only sub", &token(json!({})), "required claim").await;
    refused(&server, "a number", &token(json!({ "https://id.example/uid": 7 })), "required claim").await;
    // The claim is not looked up inside other claims.
    refused(&server, "a path", &token(json!({ "https://id": { "example/uid": "ada" } })), "required claim").await;
}

#[tokio::test]
async fn a_token_without_a_kid_is_checked_with_every_matching_key() {
    let (key, other) = (TestKey::p256("a"), TestKey::other_p256("b"));
    let unnamed = |key: &TestKey| {
        let mut jwk = key.jwk();
        jwk.as_object_mut().expect("an object").remove("kid");
        jwk
    };
    let header = json!({ "alg": "ES256" });
    let token = key.token_headed(&header, &claims("ada", json!({})));
    for keys in [vec![key.jwk()], vec![other.jwk(), key.jwk()], vec![unnamed(&key)], vec![unnamed(&other), key.jwk()]] {
        let issuer = FakeIssuer::publishing(key_set(&keys)).await;
        let settings = TokenSettings::default().with("JWKS_URL", issuer.at("/jwks"));
        let server = TestServer::with(Options { issuers: issuers(settings), ..Options::default() }).await;
        server.bearer("ada", &token).get("/tasks").expect(200).await;
        // A key with a name also matches a token without one.
        if keys[0].get("kid").is_none() && keys.len() == 1 {
            server.bearer("ada", &key.token(&claims("ada", json!({})))).get("/tasks").expect(200).await;
        }
        let stranger = TestKey::p384("").token_headed(&json!({ "alg": "ES384" }), &claims("ada", json!({})));
        refused(&server, "another key", &stranger, "does not publish").await;
    }
}
