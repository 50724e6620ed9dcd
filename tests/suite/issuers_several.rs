//! Several issuers: each has its own prefix for user ids, and the server rejects invalid
//! combinations at start.

use serde_json::{Value, json};
use taskwire::config::{AccountsConfig, IssuerConfig, Prefix, TokenSettings};

use crate::kit::{
    Client, FakeIssuer, Live, Options, SECRET, Scratch, TestKey, TestServer, claims, issuers, key_set, run, taskwire,
};

const ALPHA: &str = "https://alpha.example";
const BETA: &str = "https://beta.example";

/// Issuers from a configuration file.
fn from_file(file: &Value) -> Vec<IssuerConfig> {
    let dir = Scratch::new();
    let path = dir.path().join("issuers.json");
    std::fs::write(&path, file.to_string()).expect("a file");
    let text = |path: &std::path::Path| path.to_str().expect("a path").to_owned();
    issuers(TokenSettings::default().with("ISSUERS_FILE", text(&path)).with("DATA_DIR", text(dir.path())))
}

/// A server with two issuers, one of which names the user in `uid`.
async fn two() -> (TestServer, [(TestKey, FakeIssuer); 2]) {
    // Both may use the same name for their keys.
    let (alpha, beta) = (TestKey::p256("key"), TestKey::other_p256("key"));
    let sites =
        [FakeIssuer::publishing(key_set(&[alpha.jwk()])).await, FakeIssuer::publishing(key_set(&[beta.jwk()])).await];
    let issuers = from_file(&json!({ "issuers": [
        { "issuer": ALPHA, "prefix": "alpha:", "jwks_url": sites[0].at("/jwks"), "audience": "taskwire" },
        { "issuer": BETA, "prefix": "beta:", "jwks_url": sites[1].at("/jwks"), "user_claim": "uid" },
    ] }));
    let accounts = Some(AccountsConfig::default());
    let server = TestServer::with(Options { accounts, issuers, ..Options::default() }).await;
    let [first, second] = sites;
    (server, [(alpha, first), (beta, second)])
}

fn of_alpha(key: &TestKey, user: &str) -> String {
    key.token(&claims(user, json!({ "iss": ALPHA, "aud": "taskwire" })))
}

fn of_beta(key: &TestKey, user: &str) -> String {
    key.token(&claims("nobody", json!({ "iss": BETA, "uid": user })))
}

async fn forbidden(server: &TestServer, user: &str, token: &str) {
    server.bearer(user, token).get("/tasks").problem(403, "FORBIDDEN").await;
}

async fn refused(server: &TestServer, user: &str, token: &str, why: &str) {
    let problem = server.bearer(user, token).get("/tasks").problem(401, "UNAUTHORIZED").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{problem}");
}

#[tokio::test]
async fn users_of_two_issuers_are_different_even_with_the_same_name() {
    let (server, [(alpha, _a), (beta, _b)]) = two().await;
    let first = server.bearer("alpha:ada", &of_alpha(&alpha, "ada"));
    let second = server.bearer("beta:ada", &of_beta(&beta, "ada"));
    first.create("Alpha's").await;
    second.create("Beta's").await;
    assert_eq!(
        (first.titles(&[]).await, second.titles(&[]).await),
        (vec!["Alpha's".to_owned()], vec!["Beta's".to_owned()])
    );
    // A socket belongs to the same user as a request.
    for (client, token, title) in
        [(&first, of_alpha(&alpha, "ada"), "First"), (&second, of_beta(&beta, "ada"), "Second")]
    {
        let mut socket = Live::open_silently(client, None).await;
        socket.authenticate(&token, None).await;
        socket.expect("hello").await;
        client.create(title).await;
        assert_eq!(socket.changes(1).await[0]["task"]["title"], title);
    }
}

#[tokio::test]
async fn no_issuer_can_speak_for_anothers_users() {
    let (server, [(alpha, _a), (beta, _b)]) = two().await;
    // The issuer's own prefix precedes any name that it gives.
    for (user, name) in [("beta:ada", "beta:ada"), ("ada", "ada"), ("beta:ada", "ada"), ("alpha:ada", "alpha:ada")] {
        forbidden(&server, user, &of_alpha(&alpha, name)).await;
    }
    server.bearer("alpha:beta:ada", &of_alpha(&alpha, "beta:ada")).get("/tasks").expect(200).await;
    // A token that names the other issuer needs the other's key and must follow its rules.
    refused(&server, "alpha:ada", &of_alpha(&beta, "ada"), "signature").await;
    refused(&server, "beta:ada", &of_beta(&alpha, "ada"), "signature").await;
    let for_others = beta.token(&claims("ada", json!({ "iss": BETA, "aud": "taskwire" })));
    refused(&server, "beta:ada", &for_others, "required claim").await;
    for name in ["..", "", "a\u{0}"] {
        refused(&server, "alpha:..", &of_alpha(&alpha, name), "user id").await;
    }
    // A token without an issuer is rejected.
    for issuer in [json!("https://gamma.example"), json!(null), json!("alpha:"), json!("https://ALPHA.example")] {
        refused(&server, "alpha:ada", &alpha.token(&claims("ada", json!({ "iss": issuer }))), "issuer").await;
    }
}

#[tokio::test]
async fn no_issuer_can_speak_for_the_deployments_own_accounts() {
    let (server, [(alpha, _a), _]) = two().await;
    let person = json!({ "name": "Ada", "email": "ada@example.com", "password": "correct horse battery" });
    let sign_up = server.anonymous().call(reqwest::Method::POST, "/api/auth/sign-up/email").json(person);
    let account: Value = sign_up.expect(200).await.json();
    let id = account["user"]["id"].as_str().expect("an id");
    let keys = server.anonymous().call(reqwest::Method::GET, "/api/auth/jwks").expect(200).await;
    let own: Value = keys.json();

    forbidden(&server, id, &of_alpha(&alpha, id)).await;
    let as_ours = claims(id, json!({ "iss": "taskwire", "aud": "taskwire", "sid": id }));
    for kid in [&json!("key"), &own["keys"][0]["kid"]] {
        for alg in ["ES256", "EdDSA"] {
            let forged = alpha.token_headed(&json!({ "alg": alg, "kid": kid }), &as_ours);
            assert_eq!(server.bearer(id, &forged).get("/tasks").send().await.status, 401, "{alg} {kid}");
        }
    }
}

#[tokio::test]
async fn a_single_issuer_cannot_use_our_own_issuer_name() {
    let key = TestKey::p256("key");
    let site = FakeIssuer::publishing(key_set(&[key.jwk()])).await;
    let settings = TokenSettings::default().with("JWKS_URL", site.at("/jwks"));
    let server = TestServer::with(Options { issuers: issuers(settings), ..Options::default() }).await;
    refused(&server, "ada", &key.token(&claims("ada", json!({ "iss": "taskwire" }))), "issuer").await;
    // The shared secret that applies without issuers is not accepted any more.
    let anybody: Client = server.user("ada");
    anybody.get("/tasks").problem(401, "UNAUTHORIZED").await;
}

#[test]
fn the_issuers_file_in_the_documents_is_valid() {
    let page = include_str!("../../docs/AUTHENTICATION.md");
    let file = page.split("```json\n").find(|block| block.contains("\"issuers\"")).expect("an example");
    let file = serde_json::from_str(file.split("```").next().expect("a block")).expect("JSON");
    let named = from_file(&file);
    let prefixes: Vec<_> = named.iter().filter_map(|issuer| issuer.prefix.as_ref()).map(Prefix::as_str).collect();
    assert_eq!(prefixes, ["acme:", "app:"]);
    assert_eq!(named[0].audience.as_deref(), Some("taskwire"));
}

/// The error with which `serve` rejects these settings.
async fn told(settings: &[(&str, &str)], issuers: Option<&Value>) -> String {
    let dir = Scratch::new();
    std::fs::write(dir.path().join("key.pem"), TestKey::p256("").pem()).expect("a file");
    std::fs::write(dir.path().join("private.pem"), TestKey::p256("").private_pem()).expect("a file");
    std::fs::write(dir.path().join("small.pem"), TestKey::small_rsa("").pem()).expect("a file");
    if let Some(issuers) = issuers {
        std::fs::write(dir.path().join("issuers.json"), issuers.to_string()).expect("a file");
    }
    let mut command = taskwire(&dir, ["serve"]);
    command.env("DATABASE_URL", "postgres://127.0.0.1:1/none").envs(settings.iter().copied());
    let output = run(&mut command).await;
    assert_eq!(output.status.code(), Some(2), "{settings:?}: {output:?}");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(!text.contains(SECRET) && !text.contains("PRIVATE"), "{text}");
    text
}

#[tokio::test]
async fn sources_that_may_not_be_combined_are_refused_at_start() {
    let sources = [
        ("JWT_SECRET", SECRET),
        ("JWT_PUBLIC_KEY_FILE", "key.pem"),
        ("JWKS_URL", "https://id.example/jwks"),
        ("OIDC_ISSUER", "https://id.example"),
        ("ISSUERS_FILE", "issuers.json"),
    ];
    let file = json!({ "issuers": [{ "issuer": ALPHA, "prefix": "alpha:" }] });
    for (first, (name, value)) in sources.iter().enumerate() {
        for (other, other_value) in &sources[first + 1..] {
            let text = told(&[(name, value), (other, other_value)], Some(&file)).await;
            assert!(text.contains(other) && text.contains(&format!("is set, and so is {name}")), "{text}");
        }
        if *name != "ISSUERS_FILE" {
            let text = told(&[(name, value), ("ACCOUNTS", "on")], None).await;
            assert!(text.contains(&format!("is on, and {name} is set, too")), "{text}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_told_from_others_is_refused_at_start() {
    let entry = |issuer: &str, prefix: &str| json!({ "issuer": issuer, "prefix": prefix });
    let told_of =
        async |entries: Value| told(&[("ISSUERS_FILE", "issuers.json")], Some(&json!({ "issuers": entries }))).await;
    for (entries, why) in [
        (json!([]), "names no issuer"),
        (json!([entry(ALPHA, "a:"), entry(ALPHA, "b:")]), "names an issuer twice"),
        (json!([entry(ALPHA, "a:"), entry(BETA, "a:")]), "gives two issuers one prefix"),
        (json!([entry(ALPHA, "")]), "cannot stand before user ids"),
        (json!([entry(ALPHA, "a")]), "cannot stand before user ids"),
        (json!([entry(ALPHA, "a:b:")]), "cannot stand before user ids"),
        (json!([entry(ALPHA, "a/:")]), "cannot stand before user ids"),
        (json!([{ "issuer": ALPHA }]), "missing field `prefix`"),
        (json!([{ "issuer": ALPHA, "prefix": "a:", "jwks": "x" }]), "unknown field `jwks`"),
        (json!([{ "issuer": "taskwire", "prefix": "a:", "public_key_file": "key.pem" }]), "issues tokens itself"),
        (json!([{ "issuer": ALPHA, "prefix": "a:", "public_key_file": "private.pem" }]), "private key"),
        (json!([{ "issuer": ALPHA, "prefix": "a:", "public_key_file": "small.pem" }]), "2048"),
        (
            json!([{ "issuer": ALPHA, "prefix": "a:", "public_key_file": "key.pem", "jwks_url": "https://x.example" }]),
            "more than one place",
        ),
        (json!([entry("http://id.example", "a:")]), "is not encrypted"),
    ] {
        let text = told_of(entries.clone()).await;
        assert!(text.contains("ISSUERS_FILE") && text.contains(why), "{entries}: {text}");
    }
}
