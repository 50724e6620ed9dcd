//! Pages other than operations: Swagger UI, the web app and the contract; and the methods HEAD and
//! OPTIONS of every path.

use reqwest::Method;
use serde_json::Value;

use crate::kit::{Client, Contract, TestServer, at};

/// Every page that is not an operation.
const PAGES: [&str; 4] = ["/", "/docs/", "/openapi.yaml", "/openapi.json"];

#[tokio::test]
async fn the_root_redirects_to_swagger_ui_and_its_assets_exist() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let root = nobody.call(Method::GET, "/").send().await;
    // If the web app is built in, it is at the root instead.
    if root.status == 302 {
        assert_eq!(root.header("location"), Some("/docs/"));
    } else {
        assert_eq!(root.status, 200);
        assert_eq!(root.header("content-type"), Some("text/html; charset=utf-8"));
    }

    let index = nobody.call(Method::GET, "/docs/").expect(200).await;
    assert_eq!(index.header("content-type"), Some("text/html"));
    let html = String::from_utf8(index.body).expect("text");
    assert!(html.contains("swagger-ui"), "{html}");
    let assets: Vec<&str> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()))
        .collect();
    assert!(assets.len() >= 4, "{assets:?}");
    assert!(assets.contains(&"./sign-in.js") && assets.contains(&"./sign-in.css"), "{assets:?}");
    for asset in assets {
        let path = format!("/docs/{}", asset.trim_start_matches("./"));
        let answer = nobody.call(Method::GET, &path).expect(200).await;
        assert!(!answer.body.is_empty(), "{path}");
        let media_type = answer.header("content-type").expect("a media type").to_owned();
        let suffix = path.rsplit('.').next().expect("a suffix");
        let expected = [("css", "text/css"), ("js", "text/javascript"), ("png", "image/png")];
        assert!(expected.contains(&(suffix, media_type.as_str())), "{path} is {media_type}");
    }
    let initializer = nobody.call(Method::GET, "/docs/swagger-initializer.js").expect(200).await;
    let script = String::from_utf8(initializer.body).expect("text");
    assert!(script.contains("/openapi.yaml") && !script.contains("petstore"), "{script}");
}

#[tokio::test]
async fn pages_may_only_run_scripts_of_this_server() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    for path in ["/docs/", "/docs/index.html", "/docs/swagger-ui-bundle.js", "/docs/sign-in.js", "/docs/sign-in.css"] {
        let answer = nobody.call(Method::GET, path).expect(200).await;
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
        assert!(!scripts.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    let index = nobody.call(Method::GET, "/docs/").expect(200).await;
    let html = String::from_utf8(index.body).expect("text");
    // The page must not contain anything that the policy blocks.
    assert!(html.split("<script").skip(1).all(|script| script.trim_start().starts_with("src=")), "{html}");
}

/// Checks builds that contain the web app; other builds have nothing to check.
#[tokio::test]
async fn the_web_app_is_served_at_its_views_only() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let root = nobody.call(Method::GET, "/").send().await;
    if root.status == 302 {
        nobody.call(Method::GET, "/today").expect(404).await;
        return;
    }
    let html = String::from_utf8(root.body.clone()).expect("text");
    for path in ["/today", "/project/019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e", "/label/caf%C3%A9"] {
        let view = nobody.call(Method::GET, path).expect(200).await;
        assert_eq!(view.body, root.body, "{path}");
        assert_eq!(view.header("cache-control"), Some("no-cache"), "{path}");
        let policy = view.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        assert!(view.header("referrer-policy").is_some() && view.header("etag").is_some(), "{path}");
    }
    for path in ["/todays", "/project", "/project/a/b", "/assets/", "/assets/none.js", "/index.htm"] {
        nobody.call(Method::GET, path).expect(404).await;
    }
    // The page must not contain anything that the policy blocks.
    assert!(html.split("<script").skip(1).all(|script| script.contains("src=\"/")), "{html}");
    assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
    let script = html.split('"').find(|part| part.strip_prefix("/assets/").is_some_and(|name| name.contains(".js")));
    let script = script.expect("a script");
    let answer = nobody.call(Method::GET, script).expect(200).await;
    assert!(answer.header("cache-control").unwrap_or_default().contains("immutable"));
    let packed = nobody.call(Method::GET, script).header("accept-encoding", "gzip, br").expect(200).await;
    assert_eq!(packed.header("content-encoding"), Some("br"));
    assert!(packed.body.len() < answer.body.len() / 2, "{} of {}", packed.body.len(), answer.body.len());
}

#[tokio::test]
async fn the_contract_is_served_as_yaml_and_as_json() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let yaml = nobody.call(Method::GET, "/openapi.yaml").expect(200).await;
    assert_eq!(yaml.header("content-type"), Some("application/yaml"));
    assert_eq!(String::from_utf8(yaml.body).expect("text"), include_str!("../../openapi.yaml"));
    let json = nobody.call(Method::GET, "/openapi.json").expect(200).await;
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(json.json::<Value>(), Contract::get().document);
}

#[tokio::test]
async fn health_needs_no_token() {
    let server = TestServer::start().await;
    let health: Value = server.anonymous().call(Method::GET, "/health").expect(200).await.json();
    assert_eq!((&health["status"], &health["database"]), (&"healthy".into(), &"connected".into()));
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
}

/// A path of the document filled with this user's values.
async fn filled(client: &Client, template: &str) -> String {
    match template.strip_prefix("/api/{user_id}") {
        Some(own) => client.own(&own.replace("/tasks/{task_id}", &at(client.create("Buy milk").await.id))),
        None => template.to_owned(),
    }
}

#[tokio::test]
async fn head_returns_the_same_headers_as_get_and_no_body() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut paths: Vec<String> = PAGES.map(str::to_owned).to_vec();
    for (template, method, _) in Contract::get().operations() {
        if method == Method::GET {
            paths.push(filled(&ada, &template).await);
        }
    }
    assert!(paths.len() > 8, "{paths:?}");
    for path in paths {
        let get = ada.call(Method::GET, &path).send().await;
        let head = ada.call(Method::HEAD, &path).send().await;
        assert!(head.body.is_empty(), "{path}");
        let (get_status, mut get_headers, _) = get.comparable();
        // These headers describe only the body, so HEAD may omit them.
        get_headers.remove("content-length");
        get_headers.remove("transfer-encoding");
        let (head_status, head_headers, _) = head.comparable();
        assert_eq!((get_status, get_headers), (head_status, head_headers), "{path}");
    }
}

#[tokio::test]
async fn options_lists_the_methods_of_every_path() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut expected: Vec<(String, Vec<String>)> = PAGES.map(|page| (page.to_owned(), vec!["GET".to_owned()])).to_vec();
    for (template, item) in Contract::get().document["paths"].as_object().expect("paths") {
        let methods = item.as_object().expect("operations").keys().map(|method| method.to_uppercase()).collect();
        expected.push((filled(&ada, template).await, methods));
    }
    for (path, mut methods) in expected {
        // This needs no token, because the contract is public too.
        let answer = server.anonymous().call(Method::OPTIONS, &path).expect(204).await;
        let allow = answer.header("allow").unwrap_or_default();
        let mut listed: Vec<_> = allow.split(", ").map(str::to_owned).collect();
        if methods.contains(&"GET".to_owned()) {
            methods.push("HEAD".to_owned());
        }
        methods.push("OPTIONS".to_owned());
        methods.sort();
        listed.sort();
        assert_eq!(listed, methods, "{path}");
    }
}
