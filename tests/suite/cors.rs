//! CORS: only pages of the configured origins may call the server.

use std::collections::BTreeSet;

use reqwest::Method;

use crate::kit::{Answer, Client, Contract, Options, TestServer, at};

const APP: &str = "https://app.example";

async fn server() -> TestServer {
    let allowed_origins = [APP, "http://localhost:5173"].map(|origin| origin.parse().expect("an origin")).to_vec();
    TestServer::with(Options { allowed_origins, ..Options::default() }).await
}

async fn preflight(client: &Client, path: String, origin: &str, method: &str) -> Answer {
    client
        .with_token(None)
        .call(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,if-match")
        .send()
        .await
}

/// The items of a header's list in lower case.
fn items(answer: &Answer, name: &str) -> BTreeSet<String> {
    let value = answer.header(name).unwrap_or_default();
    value.split(',').map(|item| item.trim().to_lowercase()).filter(|item| !item.is_empty()).collect()
}

fn set<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    items.into_iter().map(str::to_lowercase).collect()
}

#[tokio::test]
async fn an_allowed_page_may_use_every_operation() {
    let server = server().await;
    let ada = server.user("ada");
    let id = ada.create("Buy milk").await.id;
    let own_origin = format!("http://{}", server.address);
    for origin in [APP, "http://localhost:5173", own_origin.as_str()] {
        for (path, method, _) in Contract::get().operations() {
            let path = path.replace("/api/{user_id}", &ada.own("")).replace("/tasks/{task_id}", &at(id));
            let answer = preflight(&ada, path, origin, method.as_str()).await;
            assert!(answer.status.is_success(), "{method}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert!(items(&answer, "access-control-allow-methods").contains(&method.as_str().to_lowercase()));
            let headers = set(["authorization", "content-type", "if-match", "if-none-match", "x-request-id"]);
            assert!(items(&answer, "access-control-allow-headers").is_superset(&headers), "{answer:?}");
            let age: u32 = answer.header("access-control-max-age").expect("an age").parse().expect("seconds");
            assert!((60..=86400).contains(&age));
            assert!(items(&answer, "vary").contains("origin"));
        }
    }
}

#[tokio::test]
async fn an_allowed_page_may_read_every_header_that_the_contract_names() {
    let server = server().await;
    let ada = server.user("ada");
    let mut named = BTreeSet::new();
    let document = &Contract::get().document;
    let shared = document["components"]["responses"].as_object().expect("responses").values();
    let operations = Contract::get().operations();
    let responses =
        operations.iter().flat_map(|(_, _, operation)| operation["responses"].as_object().into_iter().flatten());
    for response in responses.map(|(_, response)| response).chain(shared) {
        named.extend(response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase()));
    }
    // Only the browser reads this header, never a page.
    named.remove("set-cookie");
    assert!(named.is_superset(&set(["etag", "location", "retry-after", "www-authenticate", "x-request-id"])));

    let task = ada.create("Buy milk").await;
    // This includes every kind of rejection, so that a page can read the reason.
    for call in [
        ada.get(&at(task.id)),
        ada.get("/nothing"),
        ada.with_token(None).get("/tasks"),
        ada.post("/stats"),
        ada.get("/tasks?limit=0"),
    ] {
        let answer = call.header("origin", APP).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP), "{answer:?}");
        assert!(items(&answer, "access-control-expose-headers").is_superset(&named), "{answer:?}");
        assert!(items(&answer, "vary").contains("origin"), "{answer:?}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_not_allowed() {
    let server = server().await;
    let ada = server.user("ada");
    for origin in [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "https://APP.example",
        "https://app.example/",
        "null",
        "*",
        "",
    ] {
        let plain = ada.get("/tasks").header("origin", origin).expect(200).await;
        for answer in [preflight(&ada, ada.own("/tasks"), origin, "POST").await, plain] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            assert!(items(&answer, "vary").contains("origin"), "{origin}: a cache would mix the answers");
        }
    }
}

#[tokio::test]
async fn no_answer_ever_allows_every_page() {
    let server = server().await;
    let ada = server.user("ada");
    for origin in [None, Some(APP), Some("https://evil.example"), Some("*")] {
        for path in ["/health".to_owned(), "/".to_owned(), "/openapi.yaml".to_owned(), ada.own("/tasks")] {
            for method in [Method::GET, Method::OPTIONS] {
                let call = ada.call(method, &path);
                let call = match origin {
                    Some(origin) => call.header("origin", origin).header("access-control-request-method", "GET"),
                    None => call,
                };
                let answer = call.send().await;
                for (name, value) in &answer.headers {
                    let allows = name.as_str().starts_with("access-control-");
                    assert!(!allows || !value.as_bytes().contains(&b'*'), "{path}: {name}: {value:?}");
                    assert!(!allows || origin.is_some(), "{path}: {name} without an Origin");
                }
            }
        }
    }
}
