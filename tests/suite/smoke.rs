//! `taskwire serve` as at its first start: the real program with a private Postgres in a new
//! directory, from the first token to a restart, an orderly stop and a crash. No acknowledged write
//! may be lost, no process may be left behind, and the log must not reveal users or tasks.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use taskwire::model::Task;

use crate::kit::{Client, Live, Running, Scratch, run, taskwire};

/// A running server with its data in the directory `data`.
struct Server {
    process: Running,
    address: SocketAddr,
    /// The demo token, if the server printed one.
    demo: Option<String>,
}

impl Server {
    async fn start(dir: &Scratch, args: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = taskwire(dir, [&["serve"], args].concat());
        command.env("DATA_DIR", "data").env("PORT", "0").envs(settings.iter().copied());
        let mut process = Running::start(&mut command);
        let (mut address, mut demo) = (None, None);
        loop {
            let line = process.out.next().await;
            let line = line.trim();
            if let Some(api) = line.strip_prefix("API         http://") {
                address = api.split('/').next().and_then(|address| address.parse().ok());
            }
            if let Some(token) = line.strip_prefix("TOKEN=") {
                demo = Some(token.to_owned());
            }
            if line == "Ctrl-C stops it." {
                return Self { process, address: address.expect("an address"), demo };
            }
        }
    }

    fn client(&self, user: &str, token: &str) -> Client {
        Client::new(self.address, user, Some(token.to_owned()))
    }
}

/// A token made by the program, signed with the secret in the directory.
async fn mint(dir: &Scratch, user: &str) -> String {
    let output = run(taskwire(dir, ["token", "--user", user]).env("DATA_DIR", "data")).await;
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

fn postgres_pid(dir: &Scratch) -> i32 {
    let file = fs::read_to_string(dir.path().join("data/postgres/postmaster.pid")).expect("a pid file");
    file.lines().next().and_then(|pid| pid.parse().ok()).expect("a process id")
}

fn is_running(pid: i32) -> bool {
    if cfg!(target_os = "linux") {
        // A zombie that its new parent has not reaped yet does not run: it has no program.
        return fs::read_link(format!("/proc/{pid}/exe")).is_ok();
    }
    rustix::process::Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// A separate connection to the server's private Postgres.
async fn connect(dir: &Scratch) -> PgConnection {
    let socket = dir.path().join("data/postgres-socket").display().to_string().replace('/', "%2F");
    let url = format!("postgresql:///postgres?host={socket}&port=5432&user=taskwire&sslmode=disable");
    PgConnection::connect(&url).await.expect("the private Postgres answers")
}

/// Blocks every write of this user until the transaction ends.
async fn hold_up<'a>(connection: &'a mut PgConnection, user: &str) -> sqlx::Transaction<'a, sqlx::Postgres> {
    let mut transaction = connection.begin().await.expect("a transaction");
    let lock = sqlx::query("SELECT FROM owners WHERE owner_id = $1 FOR UPDATE").bind(user);
    assert_eq!(lock.fetch_all(&mut *transaction).await.expect("a lock").len(), 1);
    transaction
}

/// Returns once a statement waits for a lock.
async fn until_held_up(dir: &Scratch) {
    let mut connection = connect(dir).await;
    let waiting = async {
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut connection).await.expect("an answer") {}
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("a statement waits");
}

#[tokio::test]
async fn tasks_of_a_first_try_survive_a_restart() {
    let dir = Scratch::new();
    let started = Instant::now();
    let mut server = Server::start(&dir, &["--show-demo-token"], &[]).await;
    println!("first start: {:?}", started.elapsed());
    let token = server.demo.clone().expect("a token for a first try");
    let demo = server.client("demo", &token);
    let mut watch = taskwire(&dir, ["watch", "--url", &format!("http://{}", server.address)]);
    let mut watch = Running::start(watch.env("TASKWIRE_TOKEN", &token));
    watch.err.until("watching demo").await;
    let task = demo.create("Buy milk").await;
    assert!(watch.out.next().await.ends_with(&format!("created  {}  [ ] Buy milk", task.id)));
    watch.signal(Signal::INT);
    assert!(watch.ended().await.success());

    let position = demo.position().await;
    let postgres = postgres_pid(&dir);
    assert!(is_running(postgres));
    let stopping = Instant::now();
    server.process.terminate().await;
    println!("stop: {:?}", stopping.elapsed());
    assert!(stopping.elapsed() < Duration::from_secs(5), "{:?}", stopping.elapsed());
    assert!(!is_running(postgres));

    let started = Instant::now();
    let mut server = Server::start(&dir, &[], &[]).await;
    println!("second start: {:?}", started.elapsed());
    assert_eq!(server.demo, None, "a token is printed only on request or to a terminal");
    // The secret was kept too, so the token is still valid.
    let demo = server.client("demo", &token);
    let kept: Task = demo.get(&format!("/tasks/{}", task.id)).expect(200).await.json();
    assert_eq!(kept, task);
    let (mut live, hello) = Live::open(&demo, Some(&position)).await;
    assert_eq!(hello["resumed"], true);
    live.expect("caught_up").await;
    demo.create("Buy oats").await;
    assert_eq!(live.expect("task.created").await["seq"], 2);
    drop(live);
    server.process.terminate().await;
}

#[tokio::test]
async fn an_open_server_shows_no_token_and_keeps_its_directory_and_secret() {
    let dir = Scratch::new();
    let mut server = Server::start(&dir, &["--show-demo-token"], &[("HOST", "0.0.0.0")]).await;
    assert_eq!(server.demo, None);
    let mode = fs::metadata(dir.path().join("data/jwt-secret")).expect("a secret").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);

    let second = run(taskwire(&dir, ["serve"]).env("DATA_DIR", "data").env("PORT", "0")).await;
    let message = String::from_utf8(second.stderr).expect("text");
    assert_eq!((second.status.code(), second.stdout.len()), (Some(1), 0), "{message}");
    let sentence = format!("Another Taskwire is using DATA_DIR {}", dir.path().join("data").display());
    assert!(message.contains(&sentence), "{message}");

    let token = mint(&dir, "ada").await;
    server.client("ada", &token).create("the first server is well").await;
    server.process.terminate().await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_crash_loses_no_acknowledged_write_and_leaves_no_postgres() {
    let dir = Scratch::new();
    let mut server = Server::start(&dir, &[], &[]).await;
    let token = mint(&dir, "ada").await;
    let ada = server.client("ada", &token);
    let position = ada.position().await;
    let postgres = postgres_pid(&dir);
    let mut connection = connect(&dir).await;
    let postgres_works =
        tokio::spawn(
            async move { sqlx::query("SELECT pg_sleep(60)").execute(&mut connection).await.expect_err("an end") },
        );

    let (mut live, _) = Live::open(&ada, None).await;
    // The crash happens during writes.
    let writers = (0..4).map(|_| {
        let ada = ada.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            while let Some(task) = try_create(&ada).await {
                acknowledged.push(task);
            }
            acknowledged
        })
    });
    let writers: Vec<_> = writers.collect();
    live.changes(40).await;
    server.process.kill().await;
    let crashed = Instant::now();
    let gone = async {
        postgres_works.await.expect("the connection breaks");
        // Postgres ends shortly after.
        while is_running(postgres) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("Postgres ends within seconds");
    println!("Postgres gone after a crash: {:?}", crashed.elapsed());

    let mut server = Server::start(&dir, &[], &[]).await;
    let ada = server.client("ada", &token);
    let mut acknowledged = 0;
    for writer in writers {
        for task in writer.await.expect("a writer ends") {
            let kept: Task = ada.get(&format!("/tasks/{}", task.id)).expect(200).await.json();
            assert_eq!(kept, task);
            acknowledged += 1;
        }
    }
    assert!(acknowledged >= 36, "{acknowledged}");
    let log = ada.log().await;
    assert!((acknowledged..=acknowledged + 4).contains(&log.len()));
    let (mut live, hello) = Live::open(&ada, Some(&position)).await;
    assert_eq!(hello["resumed"], true);
    assert_eq!(live.changes(log.len()).await, log);
    drop(live);
    server.process.terminate().await;
}

/// Creates a task; `None` if the server is gone.
async fn try_create(client: &Client) -> Option<Task> {
    let url = format!("http://{}{}", client.address(), client.own("/tasks"));
    let request = reqwest::Client::new().post(url).bearer_auth(client.token()?).json(&json!({ "title": "written" }));
    let answer = request.send().await.ok()?;
    assert_eq!(answer.status(), 201);
    answer.json().await.ok()
}

#[tokio::test]
async fn a_request_under_way_completes_before_the_server_stops() {
    let dir = Scratch::new();
    let mut server = Server::start(&dir, &[], &[]).await;
    let ada = server.client("ada", &mint(&dir, "ada").await);
    let path = format!("/tasks/{}", ada.create("Buy milk").await.id);
    let (mut live, _) = Live::open(&ada, None).await;
    let mut connection = connect(&dir).await;
    let lock = hold_up(&mut connection, "ada").await;
    let under_way = tokio::spawn(ada.patch(&path).json(json!({ "title": "Buy oats" })).expect(200));
    until_held_up(&dir).await;

    server.process.signal(Signal::TERM);
    server.process.err.until("stopping").await;
    live.expect("draining").await;
    assert_eq!(live.closed().await, 1012);
    lock.rollback().await.expect("the lock is released");
    assert_eq!(under_way.await.expect("an answer").json::<Value>()["title"], "Buy oats");
    assert!(server.process.ended().await.success());
}

#[tokio::test]
async fn a_statement_that_hangs_does_not_keep_the_server_from_stopping() {
    let dir = Scratch::new();
    let mut server = Server::start(&dir, &[], &[("SHUTDOWN_TIMEOUT", "0s")]).await;
    let ada = server.client("ada", &mint(&dir, "ada").await);
    let path = format!("/tasks/{}", ada.create("Buy milk").await.id);
    let postgres = postgres_pid(&dir);
    let mut connection = connect(&dir).await;
    let _lock = hold_up(&mut connection, "ada").await;
    let hanging = tokio::spawn(ada.patch(&path).json(json!({ "title": "Buy oats" })).send());
    until_held_up(&dir).await;

    let stopping = Instant::now();
    server.process.terminate().await;
    assert!(stopping.elapsed() < Duration::from_secs(10), "{:?}", stopping.elapsed());
    assert!(!is_running(postgres));
    assert!(hanging.await.is_err(), "no response means no acknowledgement");
}

#[tokio::test]
async fn the_log_reveals_neither_users_nor_tasks() {
    const USER: &str = "marked-user-5417";
    const TITLE: &str = "marked-title-5417";
    let secret = "marked-secret-5417, which has 32 bytes or more";
    let dir = Scratch::new();
    for format in ["human", "json"] {
        let settings = [("JWT_SECRET", secret), ("LOG", "debug"), ("LOG_FORMAT", format)];
        let mut server = Server::start(&dir, &[], &settings).await;
        let output = run(taskwire(&dir, ["token", "--user", USER]).env("JWT_SECRET", secret)).await;
        let token = String::from_utf8(output.stdout).expect("text").trim_end().to_owned();
        let user = server.client(USER, &token);
        let (mut live, _) = Live::open(&user, None).await;
        let task = user.create(TITLE).await;
        live.expect("task.created").await;
        let path = format!("/tasks/{}", task.id);
        user.post("/tasks").json(json!({ "id": task.id, "title": TITLE })).expect(409).await;
        user.patch(&path).json(json!({ "title": format!("{TITLE}!"), "title2": TITLE })).expect(400).await;
        user.post("/tasks").json(json!({ "title": format!("{TITLE}\0") })).expect(400).await;
        user.get(&format!("/{TITLE}")).expect(404).await;
        user.with_token(Some(format!("{token}x"))).get("/tasks").expect(401).await;
        live.authenticate(&format!("{token}x"), None).await;
        assert_eq!(live.closed().await, 4401);
        user.delete(&path).expect(204).await;
        server.process.terminate().await;

        let log = server.process.err.rest().await + &server.process.out.rest().await;
        assert!(log.contains("answered"), "requests are logged: {log}");
        let signature = token.rsplit('.').next().expect("a signature");
        for private in [USER, TITLE, "marked-secret", &token, signature] {
            let told = log.lines().find(|line| line.contains(private));
            assert_eq!(told, None, "{private} in the {format} log");
        }
        let postgres = fs::read_to_string(dir.path().join("data/postgres.log")).expect("the log of Postgres");
        assert!(!postgres.contains("marked"), "{postgres}");
    }
}
