//! The README is short, and its console examples show what the program prints.

use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::kit::{Client, Running, Scratch, TestServer, taskwire};

const MOST_LINES: usize = 130;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README")
}

#[test]
fn it_is_short() {
    let lines = readme().lines().count();
    assert!(lines <= MOST_LINES, "{lines} lines; the rest belongs into docs/");
}

/// A command of a console example, and the lines below it.
struct Shown {
    command: String,
    output: Vec<String>,
}

fn shown(readme: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for block in readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => all.push(Shown { command: command.to_owned(), output: Vec::new() }),
                None => all.last_mut().expect("a command").output.push(line.to_owned()),
            }
        }
    }
    all
}

/// The text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before).and_then(|(_, rest)| rest.split(after).next())
}

/// A line without what differs from run to run: the id, and the digits of times.
fn comparable(line: &str, id: &str) -> String {
    line.replace(id, "<id>").chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect()
}

/// What a curl command does, done by the client that validates each response.
async fn curl(client: &Client, command: &str, shown_id: &str, id: &str) -> String {
    let path = between(command, "$API", " ").expect("a path").replace(shown_id, id);
    let body: Option<Value> = between(command, "--json '", "'").map(|body| serde_json::from_str(body).expect("JSON"));
    let method = between(command, "-X ", " ").unwrap_or(if body.is_some() { "POST" } else { "GET" });
    let call = client.call(Method::from_bytes(method.as_bytes()).expect("a method"), client.own(&path));
    let call = if let Some(body) = body { call.json(body) } else { call };
    String::from_utf8(call.send().await.body).expect("text")
}

#[tokio::test]
async fn its_console_examples_are_what_the_program_prints() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let demo = server.user("demo");
    let examples = shown(&readme());
    let watched = examples.iter().find(|shown| shown.command.contains("taskwire watch")).expect("taskwire watch");
    let requests: Vec<&Shown> = examples.iter().filter(|shown| shown.command.starts_with("curl ")).collect();
    assert!(requests.len() >= 3, "{} requests", requests.len());
    let shown_id = between(&requests[0].output[0], "\"id\":\"", "\"").expect("an id");

    let arguments = between(&watched.command, "target/release/taskwire ", "\0").expect("arguments");
    let arguments = arguments
        .replace("http://127.0.0.1:8000", &server.url(""))
        .replace("\"$TOKEN\"", demo.token().expect("a token"));
    let mut watch = Running::start(&mut taskwire(&dir, arguments.split(' ')));
    assert_eq!(watch.err.next().await, watched.output[0]);

    let mut id = String::new();
    for request in requests {
        let printed = curl(&demo, &request.command, shown_id, &id).await;
        if id.is_empty() {
            between(&printed, "\"id\":\"", "\"").expect("an id").clone_into(&mut id);
        }
        assert_eq!(comparable(&printed, &id), comparable(&request.output.join("\n"), shown_id), "{}", request.command);
    }
    for line in &watched.output[1..] {
        assert_eq!(comparable(&watch.out.next().await, &id), comparable(line, shown_id));
    }
}
