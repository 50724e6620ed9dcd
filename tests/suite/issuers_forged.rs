//! Forged tokens: they confuse algorithms and key types, name invalid keys, contain their own key,
//! or are too large or too deeply nested (RFC 8725).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm::{self, HS256, PS256, RS256, RS384, RS512};
use jsonwebtoken::{EncodingKey, crypto};
use serde_json::{Value, json};
use taskwire::config::{KeyFetchPolicy, TokenSettings};

use crate::kit::{FakeIssuer, Options, Scratch, TestKey, TestServer, claims, issuers, key_set, message};

/// A server that trusts these keys, and their issuer.
async fn trusting(keys: &[Value]) -> (TestServer, FakeIssuer) {
    let issuer = FakeIssuer::publishing(key_set(keys)).await;
    let settings = TokenSettings::default().with("JWKS_URL", issuer.at("/jwks"));
    // The policy allows a fetch for each unknown key, so that each is reported as unknown.
    let key_fetch_policy = KeyFetchPolicy { demand_burst: 1000, ..KeyFetchPolicy::default() };
    let server = TestServer::with(Options { issuers: issuers(settings), key_fetch_policy, ..Options::default() }).await;
    (server, issuer)
}

/// A server that trusts the key in a file.
async fn trusting_file(key: &TestKey) -> TestServer {
    let dir = Scratch::new();
    let file = dir.path().join("key.pem");
    std::fs::write(&file, key.pem()).expect("a file");
    let settings = TokenSettings::default().with("JWT_PUBLIC_KEY_FILE", file.to_str().expect("a path"));
    TestServer::with(Options { issuers: issuers(settings), ..Options::default() }).await
}

fn good() -> Value {
    claims("ada", json!({}))
}

async fn let_in(server: &TestServer, token: &str) {
    server.bearer("ada", token).get("/tasks").expect(200).await;
}

/// Fails the test unless the token is rejected for this reason.
async fn refused(server: &TestServer, what: &str, token: &str, why: &str) {
    let answer = server.bearer("ada", token).get("/tasks").send().await;
    assert_eq!(answer.status, 401, "{what}");
    let problem: Value = answer.json();
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{what}: {problem}");
}

fn hmac(header: &Value, secret: &[u8]) -> String {
    let message = message(header, &good());
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), HS256).expect("a signature");
    format!("{message}.{signature}")
}

fn one_of_each() -> [TestKey; 4] {
    [TestKey::rsa("rsa"), TestKey::p256("p256"), TestKey::p384("p384"), TestKey::ed25519("ed25519")]
}

#[tokio::test]
async fn every_supported_algorithm_works_with_a_key_set_and_a_file() {
    let keys = one_of_each();
    let (server, _issuer) = trusting(&keys.each_ref().map(TestKey::jwk)).await;
    for key in keys {
        let file = trusting_file(&key).await;
        let several: &[Algorithm] = if key.kid == "rsa" { &[RS256, RS384, RS512, PS256] } else { &[key.algorithm] };
        for algorithm in several {
            let token = key.clone().with(*algorithm).token(&good());
            let_in(&server, &token).await;
            let_in(&file, &token).await;
        }
    }
    // RFC 9864 gives EdDSA with this curve a separate name.
    let header = json!({ "alg": "Ed25519", "kid": "ed25519" });
    let_in(&server, &TestKey::ed25519("ed25519").token_headed(&header, &good())).await;
}

#[tokio::test]
async fn a_public_key_is_no_secret_with_which_tokens_can_be_signed() {
    let keys = one_of_each();
    let (server, _issuer) = trusting(&keys.each_ref().map(TestKey::jwk)).await;
    for key in keys {
        let file = trusting_file(&key).await;
        let jwk = key.jwk();
        let der: String = key.pem().lines().filter(|line| !line.starts_with('-')).collect();
        let number = jwk["n"].as_str().or(jwk["x"].as_str()).expect("a number");
        let raw = BASE64_URL_SAFE_NO_PAD.decode(number).expect("base64url");
        let secrets = [key.pem().as_bytes(), key.pem().trim().as_bytes(), der.as_bytes(), number.as_bytes(), &raw, b""];
        for secret in secrets {
            let forged = hmac(&json!({ "alg": "HS256", "kid": key.kid, "typ": "JWT" }), secret);
            refused(&server, &key.kid, &forged, "algorithm").await;
            refused(&file, &key.kid, &forged, "algorithm").await;
        }
    }
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let key = TestKey::p256("a");
    let (server, _issuer) = trusting(&[key.jwk()]).await;
    let file = trusting_file(&key).await;
    let signed = key.token(&good());
    let signature = signed.rsplit('.').next().expect("a signature");
    for alg in ["none", "None", "NONE", "nOnE", "none ", "", "null"] {
        let message = message(&json!({ "alg": alg, "kid": "a" }), &good());
        for signature in ["", signature] {
            refused(&server, alg, &format!("{message}.{signature}"), "algorithm").await;
            refused(&file, alg, &format!("{message}.{signature}"), "algorithm").await;
        }
    }
    for header in [json!({ "kid": "a" }), json!({ "kid": "a", "alg": null }), json!({ "kid": "a", "alg": ["ES256"] })] {
        let answer = server.bearer("ada", &key.token_headed(&header, &good())).get("/tasks").send().await;
        assert_eq!(answer.status, 401, "{header}");
    }
    let message = message(&key.header(), &good());
    for signature in ["", "AAAA", &signature[..20], &"A".repeat(86)] {
        refused(&server, "an empty or wrong signature", &format!("{message}.{signature}"), "signature").await;
    }
}

#[tokio::test]
async fn algorithm_and_type_of_key_must_agree() {
    let keys = one_of_each();
    let (server, _issuer) = trusting(&keys.each_ref().map(TestKey::jwk)).await;
    for named in &keys {
        for signer in keys.iter().filter(|key| key.kid != named.kid) {
            // Signed with another key of the same issuer than the token names.
            let mut header = signer.header();
            header["kid"] = json!(named.kid);
            refused(&server, &header.to_string(), &signer.token_headed(&header, &good()), "algorithm").await;
            // The same with the algorithm of the key that it names.
            refused(&server, &named.kid, &signer.token_headed(&named.header(), &good()), "signature").await;
        }
    }
    for alg in ["ES512", "PS384", "PS512", "HS256", "ES256K", "RSA-OAEP", "dir", "rs256"] {
        let header = json!({ "alg": alg, "kid": "rsa" });
        refused(&server, alg, &keys[0].token_headed(&header, &good()), "algorithm").await;
    }
}

#[tokio::test]
async fn a_key_is_good_only_for_what_it_is_published_for() {
    let rsa = |kid: &str| TestKey::rsa(kid);
    let (encrypts, signs) = (TestKey::p256("encrypts"), TestKey::p256("signs"));
    let mut only_signs = signs.jwk();
    only_signs["key_ops"] = json!(["sign"]);
    let (server, _issuer) = trusting(&[
        rsa("any").jwk_with("use", "sig"),
        rsa("rs256").jwk_with("alg", "RS256"),
        rsa("ps256").jwk_with("alg", "PS256"),
        rsa("confused").jwk_with("alg", "ES256"),
        rsa("secret").jwk_with("alg", "HS256"),
        encrypts.jwk_with("use", "enc"),
        only_signs,
    ])
    .await;
    for algorithm in [RS256, RS384, RS512, PS256] {
        let token = |kid: &str| rsa(kid).with(algorithm).token(&good());
        let_in(&server, &token("any")).await;
        for (kid, only) in [("rs256", RS256), ("ps256", PS256)] {
            if algorithm == only {
                let_in(&server, &token(kid)).await;
            } else {
                refused(&server, &format!("{algorithm:?} for {kid}"), &token(kid), "algorithm").await;
            }
        }
        for kid in ["confused", "secret"] {
            refused(&server, kid, &token(kid), "does not publish").await;
        }
    }
    for key in [encrypts, signs] {
        refused(&server, &key.kid, &key.token(&good()), "does not publish").await;
    }
}

#[tokio::test]
async fn the_name_of_a_key_is_looked_up_and_nothing_else() {
    let key = TestKey::p256("a");
    let (server, issuer) = trusting(&[key.jwk()]).await;
    for name in [
        "../../../../dev/null",
        "/proc/self/environ",
        "file:///etc/passwd",
        &issuer.at("/stolen"),
        "a' OR '1'='1",
        "'; DROP TABLE tasks; --",
        "a\0",
        "a\r\nset-cookie: x=y",
        "$(touch pwned)",
        "{{7*7}}",
        "\u{202e}a",
        "A",
        "",
        &"a".repeat(5000),
        "__proto__",
    ] {
        let header = json!({ "alg": "ES256", "kid": name });
        let call = server.bearer("ada", &key.token_headed(&header, &good())).get("/tasks");
        let answer = call.expect(401).await;
        // The response does not repeat the name.
        let text = String::from_utf8_lossy(&answer.body);
        assert!(text.contains("does not publish") && (name.len() < 2 || !text.contains(name)), "{name:?}: {text}");
    }
    for name in [json!(7), json!(null), json!(["a"]), json!({ "a": "a" }), json!(true)] {
        let header = json!({ "alg": "ES256", "kid": name });
        refused(&server, &name.to_string(), &key.token_headed(&header, &good()), "well-formed").await;
    }
    assert_eq!(issuer.asked("/stolen"), 0);
    let_in(&server, &key.token(&good())).await;
}

#[tokio::test]
async fn a_token_cannot_bring_its_own_key() {
    let (key, own) = (TestKey::p256("a"), TestKey::other_p256("a"));
    let (server, _issuer) = trusting(&[key.jwk()]).await;
    let stranger = FakeIssuer::publishing(key_set(&[own.jwk()])).await;
    for kid in [Some("a"), Some("b"), None] {
        for (name, value) in [
            ("jwk", own.jwk()),
            ("jku", json!(stranger.at("/jwks"))),
            ("x5u", json!(stranger.at("/jwks"))),
            ("x5c", json!([own.pem().lines().filter(|line| !line.starts_with('-')).collect::<String>()])),
        ] {
            let mut header = json!({ "alg": "ES256", name: value });
            if let Some(kid) = kid {
                header["kid"] = json!(kid);
            }
            let answer = server.bearer("ada", &own.token_headed(&header, &good())).get("/tasks").send().await;
            assert_eq!(answer.status, 401, "{header}");
            // An ignored member does not make a valid token invalid.
            header["kid"] = json!("a");
            let_in(&server, &key.token_headed(&header, &good())).await;
        }
    }
    assert_eq!(stranger.asked("/jwks"), 0);
}

#[tokio::test]
async fn huge_and_deeply_nested_tokens_are_refused_without_looking_anything_up() {
    let key = TestKey::p256("a");
    let (server, issuer) = trusting(&[key.jwk()]).await;
    let_in(&server, &key.token(&good())).await;
    let asked = issuer.asked("/jwks");
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let header = encode(&json!({ "alg": "ES256", "kid": "other" }).to_string());
    let deep = |open: &str, close: &str, depth: usize| {
        format!("{{\"sub\":\"ada\",\"exp\":9999999999,\"x\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    for (what, message) in [
        ("arrays", format!("{header}.{}", encode(&deep("[", "]", 2500)))),
        ("objects", format!("{header}.{}", encode(&deep("{\"a\":", "}", 800)))),
        ("never closed", format!("{header}.{}", encode(&"[".repeat(5000)))),
        ("a header", format!("{}.{}", encode(&deep("[", "]", 2500)), encode(&good().to_string()))),
        ("long", format!("{header}.{}", encode(&claims("ada", json!({ "x": "x".repeat(8 * 1024) })).to_string()))),
        ("very long", format!("{header}.{}", "A".repeat(48 * 1024))),
        ("many parts", ".".repeat(8 * 1024)),
    ] {
        refused(&server, what, &key.signed(&message), "well-formed").await;
    }
    assert_eq!(issuer.asked("/jwks"), asked);
    // Moderate nesting is allowed.
    let shallow: Value = serde_json::from_str(&format!("{}{}", "[".repeat(50), "]".repeat(50))).expect("JSON");
    let_in(&server, &key.token(&claims("ada", json!({ "groups": shallow })))).await;
}
