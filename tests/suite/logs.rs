//! The log of the real program: the lines of requests, which wait a moment before they are written, and
//! the lines that are written meanwhile.

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::kit::{Client, Running, Scratch, at, run, taskwire};

/// A server that writes its log as JSON, with a client of the user ada.
async fn start(dir: &Scratch, settings: &[(&str, &str)]) -> (Running, Client) {
    let mut command = taskwire(dir, ["serve"]);
    command.env("DATA_DIR", "data").env("PORT", "0").env("LOG_FORMAT", "json").envs(settings.iter().copied());
    let mut server = Running::start(&mut command);
    let address = server.address().await;
    let output = run(taskwire(dir, ["token", "--user", "ada"]).env("DATA_DIR", "data")).await;
    let token = String::from_utf8(output.stdout).expect("text").trim_end().to_owned();
    (server, Client::new(address, "ada", Some(token)))
}

fn request_of(line: &Value) -> &str {
    line["span"]["id"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn every_line_of_a_request_is_there_after_a_signal_and_names_it() {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = Scratch::new();
        let (mut server, ada) = start(&dir, &[]).await;
        for number in 0..20 {
            ada.get("/tasks").header("x-request-id", &format!("list-{number}")).expect(200).await;
            let stranger = ada.with_token(Some("x".to_owned()));
            stranger.get("/tasks").header("x-request-id", &format!("stranger-{number}")).expect(401).await;
        }
        server.signal(signal);
        assert!(server.ended().await.success());

        let log = server.err.rest().await;
        let lines: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
        for number in 0..20 {
            let of = |id: &str| lines.iter().filter(|line| request_of(line) == id).collect::<Vec<_>>();
            let list = of(&format!("list-{number}"));
            let [line] = list[..] else { panic!("{list:?}") };
            assert_eq!((&line["message"], &line["status"]), (&json!("answered"), &json!(200)), "{line}");
            assert_eq!((&line["level"], &line["span"]["name"]), (&json!("INFO"), &json!("request")), "{line}");
            assert_eq!(line["target"], "taskwire::api::middleware");
            assert_eq!(line["span"]["method"], "GET");
            assert_eq!(line["span"]["route"], "api/{user_id}/tasks");
            assert!(line["ms"].is_f64() && line["timestamp"].is_string(), "{line}");
            let stranger = of(&format!("stranger-{number}"));
            let [rejected, answered] = stranger[..] else { panic!("{stranger:?}") };
            assert_eq!((&rejected["message"], &answered["message"]), (&json!("token rejected"), &json!("answered")));
        }
        let last = lines.last().expect("a line");
        assert_eq!(last["message"], "server stopped");
    }
}

#[tokio::test]
async fn a_warning_within_a_write_names_its_request() {
    let dir = Scratch::new();
    // Without lines of level INFO.
    let (mut server, ada) = start(&dir, &[("LOG", "warn")]).await;
    let task = ada.create("Buy milk").await;
    let socket = dir.path().join("data/postgres-socket").display().to_string().replace('/', "%2F");
    let url = format!("postgresql:///postgres?host={socket}&port=5432&user=taskwire&sslmode=disable");
    let mut connection = PgConnection::connect(&url).await.expect("a connection");
    let mut lock = connection.begin().await.expect("a transaction");
    let owner = sqlx::query("SELECT FROM owners WHERE owner_id = 'ada' FOR UPDATE");
    assert_eq!(owner.fetch_all(&mut *lock).await.expect("a lock").len(), 1);
    let patch = ada.patch(&at(task.id)).header("x-request-id", "patch-7").json(json!({ "title": "Buy oats" }));
    let write = tokio::spawn(patch.expect(503));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted";
    while sqlx::query(end).fetch_all(&mut *lock).await.expect("an answer").is_empty() {}
    write.await.expect("a response");
    lock.rollback().await.expect("the lock is released");

    let line = server.err.until("patch-7").await;
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&line["level"], request_of(&line)), (&json!("WARN"), "patch-7"), "{line}");
    assert_eq!(line["span"]["method"], "PATCH");
    server.terminate().await;
    assert!(!server.err.rest().await.contains("answered"), "the filter applies to lines of requests");
}
