//! Fetching keys from an issuer that is slow, broken or down, sends too much or redirects; and the
//! number of fetches. Whatever the issuer does, users with known keys have access.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use taskwire::config::{KeyFetchPolicy, TokenSettings};

use crate::kit::{Client, FakeIssuer, Options, Page, TestKey, TestServer, claims, issuers, key_set, message};

async fn server(settings: TokenSettings, key_fetch_policy: KeyFetchPolicy) -> TestServer {
    TestServer::with(Options { issuers: issuers(settings), key_fetch_policy, ..Options::default() }).await
}

async fn server_of(issuer: &FakeIssuer, key_fetch_policy: KeyFetchPolicy) -> TestServer {
    server(TokenSettings::default().with("JWKS_URL", issuer.at("/jwks")), key_fetch_policy).await
}

/// Fetches keys often, even when no token needs it.
fn brisk() -> KeyFetchPolicy {
    let often = Duration::from_millis(50);
    KeyFetchPolicy {
        default_interval: often,
        min_interval: often,
        max_interval: often,
        retry_interval: often,
        demand_interval: often,
        ..KeyFetchPolicy::default()
    }
}

/// Ada, with a token of this key.
fn ada(server: &TestServer, key: &TestKey) -> Client {
    server.bearer("ada", &key.token(&claims("ada", json!({}))))
}

async fn let_in(client: &Client) {
    client.get("/tasks").expect(200).await;
}

/// Fails the test unless the server responds that it cannot check the token now.
async fn put_off(client: &Client) {
    client.get("/tasks").problem(503, "UNAVAILABLE").await;
}

/// Waits until the server has fetched the current keys and uses them. This is certain once the
/// fetch after the next one begins.
async fn fetched(issuer: &FakeIssuer, path: &str) {
    issuer.asked_times(path, issuer.asked(path) + 2).await;
}

#[tokio::test]
async fn tokens_that_name_unknown_keys_lead_to_few_fetches() {
    let key = TestKey::p256("known");
    let issuer = FakeIssuer::publishing(key_set(&[key.jwk()])).await;
    let policy = KeyFetchPolicy {
        demand_burst: 3,
        demand_interval: Duration::from_hours(1),
        demand_wait: Duration::from_millis(50),
        ..KeyFetchPolicy::default()
    };
    let server = server_of(&issuer, policy).await;
    let known = ada(&server, &key);
    let_in(&known).await;
    assert_eq!(issuer.asked("/jwks"), 1);

    // A token that is invalid anyway does not cause a fetch.
    let other = TestKey::p256("unknown");
    for more in [json!({ "exp": 1 }), json!({ "sub": null }), json!({ "iss": "taskwire" })] {
        let useless = other.token(&claims("ada", more));
        server.bearer("ada", &useless).get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
    assert_eq!(issuer.asked("/jwks"), 1);

    // The signature is not checked before the key is known.
    let stranger = async |name: String| {
        let token = format!("{}.AAAA", message(&json!({ "alg": "ES256", "kid": name }), &claims("ada", json!({}))));
        server.bearer("ada", &token).get("/tasks").send().await
    };
    for round in 0..10 {
        let strangers = (0..20).map(|number| stranger(format!("unknown-{round}-{number}")));
        for answer in join_all(strangers).await {
            assert!([401, 503].contains(&answer.status.as_u16()), "{answer:?}");
        }
        let_in(&known).await;
    }
    assert_eq!(issuer.asked("/jwks"), 3);
}

#[tokio::test]
async fn a_new_key_is_known_as_soon_as_a_token_names_it() {
    let (old, new) = (TestKey::p256("old"), TestKey::ed25519("new"));
    let issuer = FakeIssuer::publishing(key_set(&[old.jwk()])).await;
    let server = server_of(&issuer, KeyFetchPolicy::default()).await;
    let_in(&ada(&server, &old)).await;
    issuer.has("/jwks", Page::Json(key_set(&[old.jwk(), new.jwk()])));
    // Concurrent requests wait for the same fetch.
    join_all((0..50).map(async |_| let_in(&ada(&server, &new)).await)).await;
    let_in(&ada(&server, &old)).await;
    assert_eq!(issuer.asked("/jwks"), 2);
}

#[tokio::test]
async fn a_token_that_was_accepted_ends_with_its_key() {
    let (first, second) = (TestKey::p256("one"), TestKey::other_p256("one"));
    let issuer = FakeIssuer::publishing(key_set(&[first.jwk()])).await;
    let server = server_of(&issuer, brisk()).await;
    let ada = ada(&server, &first);
    let_in(&ada).await;
    let_in(&ada).await;
    // Another key with the same name, so that the server need not ask for a key that it does not know.
    issuer.has("/jwks", Page::Json(key_set(&[second.jwk()])));
    fetched(&issuer, "/jwks").await;
    ada.get("/tasks").expect(401).await;
    issuer.has("/jwks", Page::Json(key_set(&[first.jwk()])));
    fetched(&issuer, "/jwks").await;
    let_in(&ada).await;
}

#[tokio::test]
async fn an_issuer_that_is_slow_holds_up_only_those_whose_keys_are_unknown() {
    let slow = async |page: Page| {
        let key = TestKey::p256("known");
        let issuer = FakeIssuer::publishing(key_set(&[key.jwk()])).await;
        let server = server_of(&issuer, KeyFetchPolicy::default()).await;
        let known = ada(&server, &key);
        let_in(&known).await;
        issuer.has("/jwks", page);
        let unknown = ada(&server, &TestKey::p256("unknown"));
        let waiting = tokio::spawn(async move { put_off(&unknown).await });
        issuer.asked_times("/jwks", 2).await;
        for _ in 0..20 {
            let_in(&known).await;
        }
        assert!(!waiting.is_finished());
        // The fetch ends by itself, because its time is limited.
        waiting.await.expect("the answer is as it should be");
        let_in(&known).await;
    };
    join_all([Page::Silence, Page::HalfAnAnswer].map(slow)).await;
}

#[tokio::test]
async fn whatever_an_issuer_answers_instead_of_keys_the_known_ones_stay_good() {
    let (key, new) = (TestKey::p256("known"), TestKey::p256("new"));
    let issuer = FakeIssuer::publishing(key_set(&[key.jwk()])).await;
    let server = server_of(&issuer, KeyFetchPolicy { demand_wait: Duration::from_secs(2), ..brisk() }).await;
    let known = ada(&server, &key);
    let_in(&known).await;

    let elsewhere = FakeIssuer::publishing(key_set(&[new.jwk()])).await;
    let good = key_set(&[new.jwk()]);
    let many: Vec<_> = (0..65).map(|number| TestKey::p256(&number.to_string()).jwk()).collect();
    let same_name: Vec<_> = (0..5).map(|_| new.jwk()).collect();
    let mut private = new.jwk();
    private["d"] = json!("c2VjcmV0");
    for (what, page) in [
        ("endless", Page::Endless),
        ("larger than it may be", Page::Json(format!("{good}{}", " ".repeat(256 * 1024)))),
        ("cut off", Page::Json(good[..good.len() - 2].to_owned())),
        ("no JSON", Page::Json("<!doctype html><title>Sign in</title>".to_owned())),
        ("no set", Page::Json(r#"{"keys":7}"#.to_owned())),
        ("deeply nested", Page::Json("[".repeat(100_000))),
        ("nothing", Page::Json(String::new())),
        ("no keys", Page::Json(key_set(&[]))),
        ("too many keys", Page::Json(key_set(&many))),
        ("too many of one name", Page::Json(key_set(&same_name))),
        ("a private key", Page::Json(key_set(&[private]))),
        ("a secret", Page::Json(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"new"}]}"#.to_owned())),
        ("a weak key", Page::Json(key_set(&[TestKey::small_rsa("new").jwk()]))),
        ("a failure", Page::Raw("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n".to_owned())),
        ("no HTTP", Page::Raw("220 mail.example ESMTP\r\n".to_owned())),
        ("the end of the connection", Page::Broken),
        ("a redirect into this machine", Page::Moved(elsewhere.at("/jwks"))),
        ("a redirect to itself", Page::Moved(issuer.at("/jwks"))),
    ] {
        issuer.has("/jwks", page);
        fetched(&issuer, "/jwks").await;
        let_in(&known).await;
        let stranger = ada(&server, &new).get("/tasks").send().await;
        assert_eq!(stranger.status, 503, "{what}");
    }
    assert_eq!(elsewhere.asked("/jwks"), 0);

    issuer.has("/jwks", Page::Json(good));
    fetched(&issuer, "/jwks").await;
    let_in(&ada(&server, &new)).await;
    known.get("/tasks").problem(401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn keys_that_nobody_confirms_are_good_for_a_bounded_time() {
    let key = TestKey::p256("known");
    let issuer = FakeIssuer::publishing(key_set(&[key.jwk()])).await;
    let kept = Duration::from_secs(1);
    let policy =
        KeyFetchPolicy { valid_for: kept, demand_wait: Duration::from_millis(20), retry_interval: kept / 4, ..brisk() };
    let server = server_of(&issuer, policy).await;
    fetched(&issuer, "/jwks").await;
    let known = ada(&server, &key);
    issuer.has("/jwks", Page::Broken);
    // Six attempts, each followed by a wait of almost a quarter of the limit.
    issuer.asked_times("/jwks", issuer.asked("/jwks") + 7).await;
    put_off(&known).await;
    issuer.has("/jwks", Page::Json(key_set(&[key.jwk()])));
    fetched(&issuer, "/jwks").await;
    let_in(&known).await;
}

#[tokio::test]
async fn an_issuer_chooses_how_long_its_keys_are_cached_within_bounds() {
    let key = TestKey::p256("known");
    let issuer = FakeIssuer::start().await;
    issuer.has("/jwks", Page::JsonWith("cache-control: max-age=0", key_set(&[key.jwk()])));
    let server =
        server_of(&issuer, KeyFetchPolicy { min_interval: Duration::from_millis(50), ..KeyFetchPolicy::default() })
            .await;
    // The server fetches often, although ten minutes are the default.
    issuer.asked_times("/jwks", 3).await;
    let_in(&ada(&server, &key)).await;
}

#[tokio::test]
async fn a_description_must_be_that_of_the_issuer_that_was_asked() {
    let key = TestKey::p256("a");
    let (issuer, elsewhere) =
        (FakeIssuer::publishing(key_set(&[key.jwk()])).await, FakeIssuer::publishing(key_set(&[key.jwk()])).await);
    let path = "/.well-known/openid-configuration";
    let settings = TokenSettings::default().with("OIDC_ISSUER", issuer.url.clone());
    let server = server(settings, KeyFetchPolicy { demand_wait: Duration::from_millis(200), ..brisk() }).await;
    let ada = server.bearer("ada", &key.token(&claims("ada", json!({ "iss": issuer.url }))));

    let describe = |name: &str, keys: &str| Page::Json(json!({ "issuer": name, "jwks_uri": keys }).to_string());
    let port = elsewhere.url.rsplit(':').next().expect("a port");
    for (what, page) in [
        ("another issuer", describe(&elsewhere.url, &issuer.at("/jwks"))),
        ("almost the same name", describe(&format!("{}/", issuer.url), &issuer.at("/jwks"))),
        ("another host of this machine", describe(&issuer.url, &format!("http://localhost:{port}/jwks"))),
        ("a private network", describe(&issuer.url, "http://10.0.0.1/jwks")),
        ("a cloud's secrets", describe(&issuer.url, "http://169.254.169.254/latest/meta-data")),
        ("a file", describe(&issuer.url, "file:///etc/passwd")),
        ("no keys", Page::Json(json!({ "issuer": issuer.url }).to_string())),
        ("a redirect", Page::Moved(elsewhere.at(path))),
        ("keys that have moved", describe(&issuer.url, &issuer.at("/moved"))),
    ] {
        issuer.has("/moved", Page::Moved(elsewhere.at("/jwks")));
        issuer.has(path, page);
        fetched(&issuer, path).await;
        assert_eq!(ada.get("/tasks").send().await.status, 503, "{what}");
    }
    assert_eq!((elsewhere.asked("/jwks"), elsewhere.asked(path)), (0, 0));

    issuer.has(path, describe(&issuer.url, &issuer.at("/jwks")));
    fetched(&issuer, path).await;
    let_in(&ada).await;
    server.anonymous().call(Method::GET, "/health").expect(200).await;
}
