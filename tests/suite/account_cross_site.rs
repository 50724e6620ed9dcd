//! Pages of other sites cannot use the session cookie, although a browser sends it along; and the
//! cookie has no effect outside `/api/auth`.

use reqwest::Method;
use serde_json::{Value, json};
use taskwire::config::AccountsConfig;

use crate::kit::{Answer, Call, Client, Contract, Live, Options, TestServer};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
const APP: &str = "https://app.example";
const COOKIE: &str = "taskwire_session";

async fn server() -> TestServer {
    let allowed_origins = vec![APP.parse().expect("an origin")];
    TestServer::with(Options { accounts: Some(AccountsConfig::default()), allowed_origins, ..Options::default() }).await
}

fn auth(server: &TestServer, method: Method, path: &str) -> Call {
    server.anonymous().call(method, format!("/api/auth/{path}"))
}

fn sign_up(server: &TestServer) -> Call {
    let ada = json!({ "name": "Ada", "email": EMAIL, "password": PASSWORD });
    auth(server, Method::POST, "sign-up/email").json(ada)
}

fn sign_in(server: &TestServer) -> Call {
    auth(server, Method::POST, "sign-in/email").json(json!({ "email": EMAIL, "password": PASSWORD }))
}

/// The cookie that a response sets, in the form that a browser sends.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    set.split(';').next().expect("a pair").to_owned()
}

/// The user of the cookie's session, if the session is valid.
async fn user(server: &TestServer, cookie: &str) -> Option<String> {
    let answer = auth(server, Method::GET, "get-session").header("cookie", cookie).expect(200).await;
    let session: Value = answer.json();
    session.pointer("/user/id").map(|id| id.as_str().expect("text").to_owned())
}

/// Every operation of accounts, with a valid body if it takes one.
fn operations() -> Vec<(Method, String, Option<Value>)> {
    let operations = Contract::get().operations();
    let of_accounts = operations.into_iter().filter(|(_, _, operation)| operation["tags"][0] == "accounts");
    let with_bodies = of_accounts.map(|(path, method, _)| {
        let body = match path.trim_start_matches("/api/auth/") {
            "sign-up/email" => json!({ "name": "Bob", "email": "bob@example.com", "password": PASSWORD }),
            "sign-in/email" => json!({ "email": EMAIL, "password": PASSWORD }),
            "revoke-session" => json!({ "token": "none" }),
            "change-password" => json!({ "currentPassword": PASSWORD, "newPassword": "staple battery horse" }),
            "delete-user" => json!({ "password": PASSWORD }),
            _ => json!({}),
        };
        let body = (method == Method::POST).then_some(body);
        (method, path, body)
    });
    // These are public.
    let open = ["/api/auth/methods", "/api/auth/jwks"];
    with_bodies.filter(|(_, path, _)| !open.contains(&path.as_str())).collect()
}

fn call(server: &TestServer, (method, path, body): &(Method, String, Option<Value>)) -> Call {
    let call = server.anonymous().call(method.clone(), path);
    body.iter().fold(call, |call, body| call.json(body.clone()))
}

#[tokio::test]
async fn pages_of_other_sites_cannot_use_the_cookie() {
    let server = server().await;
    let cookie = cookie(&sign_up(&server).expect(200).await);
    let operations = operations();
    assert!(operations.len() >= 10, "{operations:?}");
    let port = server.address.port();
    let elsewhere = [
        ("origin", "https://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        ("origin", String::new()),
        ("origin", format!("http://127.0.0.1:{}", port ^ 1)),
        ("origin", format!("https://127.0.0.1:{port}")),
        ("origin", format!("{APP}.evil.example")),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("sec-fetch-site", "same-site".to_owned()),
        ("sec-fetch-site", "nonsense".to_owned()),
    ];
    for operation in &operations {
        for (name, value) in &elsewhere {
            let call = call(&server, operation).header("cookie", &cookie).header(name, value);
            let answer = call.expect(403).await;
            assert_eq!(answer.json::<Value>()["code"], "FORBIDDEN", "{operation:?} {value}");
            assert_eq!(answer.header("set-cookie"), None, "{operation:?} {value}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{operation:?} {value}");
        }
    }
    // A client that sends neither header is not a browser and must not use a cookie.
    for operation in operations.iter().filter(|(method, ..)| *method == Method::POST) {
        call(&server, operation).header("cookie", &cookie).problem(403, "FORBIDDEN").await;
        call(&server, operation)
            .header("cookie", &cookie)
            .header("sec-fetch-site", "none")
            .problem(403, "FORBIDDEN")
            .await;
    }
    // The session, the password and the account are unchanged.
    assert!(user(&server, &cookie).await.is_some());
    sign_in(&server).expect(200).await;
}

#[tokio::test]
async fn own_pages_and_allowed_origins_may_use_the_cookie() {
    let server = server().await;
    sign_up(&server).expect(200).await;
    let own = server.url("");
    for (name, value) in [("origin", own.as_str()), ("origin", APP), ("sec-fetch-site", "same-origin")] {
        let cookie = cookie(&sign_in(&server).header(name, value).expect(200).await);
        let ask = |method, path| auth(&server, method, path).header("cookie", &cookie).header(name, value);
        let read = ask(Method::GET, "get-session").expect(200).await;
        if value == APP {
            assert_eq!(read.header("access-control-allow-origin"), Some(APP));
            assert_eq!(read.header("access-control-allow-credentials"), Some("true"));
        }
        ask(Method::GET, "token").expect(200).await;
        ask(Method::POST, "revoke-other-sessions").expect(200).await;
        ask(Method::POST, "sign-out").expect(200).await;
        assert_eq!(user(&server, &cookie).await, None);
    }
}

#[tokio::test]
async fn no_page_of_another_site_can_sign_somebody_in_or_up() {
    let server = server().await;
    sign_up(&server).expect(200).await;
    for call in [sign_in(&server), sign_up(&server)] {
        call.header("origin", "https://evil.example").problem(403, "FORBIDDEN").await;
    }
    // A form cannot send JSON.
    for media_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"] {
        for path in ["sign-in/email", "sign-up/email", "sign-out"] {
            let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
            let call = auth(&server, Method::POST, path).bytes(media_type, body);
            call.problem(415, "UNSUPPORTED_MEDIA_TYPE").await;
        }
    }
}

#[tokio::test]
async fn a_cookie_opens_neither_the_api_nor_a_socket() {
    let server = server().await;
    let cookie = cookie(&sign_up(&server).expect(200).await);
    let id = user(&server, &cookie).await.expect("a user");
    let ada = Client::new(server.address, &id, None);
    let own = server.url("");
    ada.get("/tasks").header("cookie", &cookie).header("origin", &own).problem(401, "UNAUTHORIZED").await;
    let create = ada.post("/tasks").json(json!({ "title": "Buy milk" }));
    create.header("cookie", &cookie).header("origin", &own).problem(401, "UNAUTHORIZED").await;
    // The socket may open, because a token may follow; without a token it gets nothing.
    let headers = [("cookie", cookie.as_str()), ("origin", own.as_str())];
    let mut live = Live::handshake(&ada, None, None, &headers).await.expect("the handshake succeeds");
    live.send(&json!({ "type": "ping" })).await;
    assert_eq!(live.closed().await, 4401);
    // A session token is not an API token.
    let token = cookie.split_once('=').expect("a pair").1;
    ada.with_token(Some(token.to_owned())).get("/tasks").problem(401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn a_session_is_never_one_that_somebody_else_chose() {
    let server = server().await;
    let first = cookie(&sign_up(&server).expect(200).await);
    let before = cookie(&sign_in(&server).expect(200).await);
    let own = server.url("");
    // A planted cookie does not give access to the session that the sign-in creates.
    let planted = [before.clone(), format!("{COOKIE}={}", "A".repeat(43)), format!("{COOKIE}=nonsense")];
    let mut seen = vec![first.clone(), before.clone()];
    for planted in planted {
        let after = cookie(&sign_in(&server).header("cookie", &planted).header("origin", &own).expect(200).await);
        assert!(!seen.contains(&after));
        seen.push(after);
    }
    assert_eq!(user(&server, &format!("{COOKIE}={}", "A".repeat(43))).await, None);
    // Signing in again ends the previous session.
    assert_eq!(user(&server, &before).await, None);
    // If two cookies have the name, somebody else set one of them.
    assert_eq!(user(&server, &format!("{}; {first}", seen[2])).await, None);
    assert!(user(&server, &format!("other=1; {first}; more=2")).await.is_some());
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_from_other_sites() {
    let server = server().await;
    let set = sign_up(&server).expect(200).await;
    let set = set.header("set-cookie").expect("a cookie");
    let attributes: Vec<_> = set.split("; ").skip(1).collect();
    assert!(set.starts_with("taskwire_session="), "{set}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(&attribute), "{set}");
    }
    assert!(!set.contains("Secure") && !set.contains("Domain"), "{set}");
}

#[tokio::test]
async fn outside_loopback_the_cookie_is_for_tls_and_this_host_alone() {
    let public_url = Some("https://tasks.example".parse().expect("an origin"));
    let options = Options { accounts: Some(AccountsConfig::default()), public_url, ..Options::default() };
    let server = TestServer::with(options).await;
    let answer = sign_up(&server).expect(200).await;
    let set = answer.header("set-cookie").expect("a cookie");
    let attributes: Vec<_> = set.split("; ").skip(1).collect();
    assert!(set.starts_with("__Host-taskwire_session="), "{set}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
        assert!(attributes.contains(&attribute), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let cookie = cookie(&answer);
    assert!(user(&server, &cookie).await.is_some());
    // Without the prefix, another site could have set the cookie.
    assert_eq!(user(&server, cookie.trim_start_matches("__Host-")).await, None);
    // The server's own pages are at its public address.
    let sign_out =
        |origin: &str| auth(&server, Method::POST, "sign-out").header("cookie", &cookie).header("origin", origin);
    sign_out("http://tasks.example").problem(403, "FORBIDDEN").await;
    sign_out("https://tasks.example").expect(200).await;
}
