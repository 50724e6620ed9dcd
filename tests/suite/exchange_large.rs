//! Large files: an export of many tasks is streamed from one snapshot and needs little memory, even
//! with a slow reader. An import of many tasks is one transaction.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{Client, Running, SECRET, Scratch, TestDatabase, TestServer, taskwire, token};

/// KiB by which the program's memory may grow during an export.
const LITTLE: u64 = 24 * 1024;
const MANY: i64 = 20_000;
/// Ten times the number that is planned at once; a debug build needs some time for each.
const IMPORTED: i64 = 5_000;

/// Inserts a user's tasks directly into the database.
async fn fill(database: &TestDatabase, count: i64) {
    let mut connection = database.connection().await;
    let fill = format!(
        "INSERT INTO owners (owner_id, last_seq, last_at) VALUES ('ada', {count}, now());
         INSERT INTO tasks (owner_id, id, title, description, completed, rank, created_at, updated_at, version)
         SELECT 'ada', gen_random_uuid(), 'task ' || n, repeat('words and more ', 60), false,
                lpad(to_hex(n), 12, '0') || '80', now(), now(), n
         FROM generate_series(1, {count}) AS n;"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&mut connection).await.expect("tasks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_export_of_many_tasks_takes_little_memory() {
    let (dir, database) = (Scratch::new(), TestDatabase::new().await);
    fill(&database, MANY).await;
    let mut command = taskwire(&dir, ["serve"]);
    command.env("DATABASE_URL", database.url()).env("JWT_SECRET", SECRET).env("PORT", "0");
    let mut process = Running::start(&mut command);
    let address = process.address().await;
    let ada = Client::new(address, "ada", Some(token("ada")));
    // The first export loads what stays in memory.
    ada.get("/export?format=csv").expect(200).await;
    for format in ["json", "ics", "csv"] {
        let before = process.memory("VmRSS:");
        process.forget_peak();
        let began = Instant::now();
        let (mut bytes, mut tasks) = (0, 0);
        let url = format!("http://{address}{}?format={format}", ada.own("/export"));
        let answer = reqwest::Client::new().get(url).bearer_auth(token("ada")).send().await.expect("an answer");
        let mut pieces = answer.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.expect("the export continues");
            bytes += piece.len();
            tasks += piece.split(|byte| *byte == b'\n').count() - 1;
        }
        let grown = process.memory("VmHWM:").saturating_sub(before);
        println!("{format}: {bytes} bytes in {:?}; memory +{grown} KiB", began.elapsed());
        assert!(tasks > 20_000 && bytes > 18_000_000, "{format}: {bytes} bytes of {tasks} lines");
        assert!(grown < LITTLE, "{format}: {grown} KiB");
    }
    process.terminate().await;
}

#[tokio::test]
async fn an_export_is_one_snapshot_and_its_reader_delays_nobody() {
    let server = TestServer::start().await;
    fill(&server.database, MANY).await;
    let ada = server.user("ada");
    // Several readers that do not read yet, more than the pool has spare connections.
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            ada.own("/export"),
            token("ada"),
        );
        stream.write_all(head.as_bytes()).await.expect("a request");
        let mut first = [0; 1024];
        assert!(stream.read(&mut first).await.expect("an answer") > 0);
        slow.push((stream, first));
    }
    let began = Instant::now();
    ada.create("Written meanwhile").await;
    assert!(began.elapsed() < Duration::from_secs(5));
    ada.get("/export").problem(503, "UNAVAILABLE").await;
    for (mut stream, first) in slow {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.expect("the rest");
        let text = String::from_utf8_lossy(&[&first[..], &rest].concat()).into_owned();
        assert!(!text.contains("Written meanwhile") && text.contains("task 20000"));
    }
    assert!(ada.export("csv").await.contains("Written meanwhile"));
}

#[tokio::test]
async fn an_export_that_cannot_be_finished_breaks_off() {
    let server = TestServer::start().await;
    fill(&server.database, MANY).await;
    let ada = server.user("ada");
    let url = server.url(&ada.own("/export"));
    let answer = reqwest::Client::new().get(url).bearer_auth(token("ada")).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let mut pieces = answer.bytes_stream();
    let mut text = pieces.next().await.expect("a piece").expect("bytes").to_vec();
    server.database.go_down().await;
    let mut broken = false;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => text.extend(piece),
            Err(_) => broken = true,
        }
    }
    assert!(broken, "the incomplete response ends like a complete one");
    assert!(serde_json::from_slice::<Value>(&text).is_err());
    server.database.come_back().await;
}

#[tokio::test]
async fn an_export_that_cannot_begin_fails_with_a_status() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    server.database.go_down().await;
    ada.get("/export").problem(503, "UNAVAILABLE").await;
    server.database.come_back().await;
}

#[tokio::test]
async fn many_tasks_are_imported_in_one_transaction() {
    let server = TestServer::start().await;
    fill(&server.database, IMPORTED).await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let file = ada.export("json").await;
    let began = Instant::now();
    let answer = bob.import("application/json", file.clone()).await;
    println!("{IMPORTED} tasks, {} bytes: imported in {:?}", file.len(), began.elapsed());
    assert_eq!(answer.tasks.created, 5_000);
    assert_eq!(bob.everything().await, ada.everything().await);
    let began = Instant::now();
    assert_eq!(bob.import("application/json", file).await.tasks.repeated, 5_000);
    println!("again in {:?}", began.elapsed());
}
