//! Every path of the contract with every method, and paths that are none. What the server must answer
//! follows from the contract alone: 404 where no path matches, 405 with `Allow` where no operation has
//! the method, and 204 for OPTIONS.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{Contract, TestServer};

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];
const VALUE: &str = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e";

/// The segments of a path, and its methods.
type Template = (Vec<String>, BTreeSet<String>);

fn templates() -> Vec<Template> {
    let paths = Contract::get().document["paths"].as_object().expect("paths").clone();
    let of = |(path, item): (String, Value)| {
        let mut methods: BTreeSet<String> =
            item.as_object().expect("operations").keys().map(|method| method.to_uppercase()).collect();
        methods.retain(|method| METHODS.contains(&method.as_str()));
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        methods.insert("OPTIONS".to_owned());
        (path.trim_start_matches('/').split('/').map(str::to_owned).collect(), methods)
    };
    paths.into_iter().map(of).collect()
}

/// The methods of all templates that match the path; none if it is no path of the contract.
fn methods_of(templates: &[Template], path: &[String]) -> BTreeSet<String> {
    let matches = |template: &[String]| {
        template.len() == path.len()
            && template.iter().zip(path).all(|(template, segment)| template.starts_with('{') || template == segment)
    };
    templates.iter().filter(|(template, _)| matches(template)).flat_map(|(_, methods)| methods.clone()).collect()
}

/// Each template with values for its parameters, every beginning of it, and it with one segment more.
fn paths(templates: &[Template]) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    for (template, _) in templates {
        let value = |segment: &String| if segment.starts_with('{') { VALUE.to_owned() } else { segment.clone() };
        let path: Vec<String> = template.iter().map(value).collect();
        for length in 1..=path.len() {
            paths.insert(path[..length].to_vec());
        }
        for more in ["x", "tasks", "batch", "auth"] {
            paths.insert([&path[..], &[more.to_owned()]].concat());
        }
    }
    paths
}

/// The same path in other spellings, which the server reads alike.
fn spellings(path: &[String]) -> [String; 4] {
    let plain = format!("/{}", path.join("/"));
    let mut escaped = path.to_vec();
    if let Some(first) = escaped.last_mut().filter(|last| last.as_str() != VALUE) {
        let letter = first.remove(0);
        first.insert_str(0, &format!("%{:02X}", u32::from(letter)));
    }
    [format!("{plain}/"), format!("//{}", path.join("//")), format!("/{}", escaped.join("/")), plain]
}

/// The status of the response, and the methods in its `Allow`. The path is sent as it is written here, which
/// an HTTP client might change.
async fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, Option<BTreeSet<String>>) {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.expect("the server accepts");
    stream.write_all(request.as_bytes()).await.expect("it reads the request");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.expect("it answers");
    let response = String::from_utf8_lossy(&response);
    let status = response.split(' ').nth(1).and_then(|status| status.parse().ok());
    let head = response.lines().take_while(|line| !line.is_empty());
    let allow = head.filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("allow"));
    let methods = allow.map(|(_, methods)| methods.split(", ").map(str::to_owned).collect());
    (status.unwrap_or_else(|| panic!("{method} {path}: {response}")), methods)
}

#[tokio::test]
async fn every_path_answers_every_method_as_the_contract_says() {
    let server = TestServer::start().await;
    let templates = templates();
    let mut count = 0;
    for path in paths(&templates) {
        let allowed = methods_of(&templates, &path);
        for spelling in spellings(&path) {
            for method in METHODS {
                let what = format!("{method} {spelling}");
                let (status, told) = ask(server.address, method, &spelling).await;
                count += 1;
                if allowed.is_empty() {
                    assert_eq!((status, told), (404, None), "{what}");
                } else if method == "OPTIONS" {
                    assert_eq!(status, 204, "{what}");
                    assert!(told.is_some_and(|told| told.is_subset(&allowed)), "{what}");
                } else if allowed.contains(method) {
                    // Without accounts, their operations answer 404.
                    assert!(status != 405 && (status != 404 || path[1] == "auth"), "{what}: {status}");
                    assert_eq!(told, None, "{what}");
                } else {
                    assert_eq!((status, told), (405, Some(allowed.clone())), "{what}");
                }
            }
        }
    }
    assert!(count > 2000, "only {count} requests");
}
