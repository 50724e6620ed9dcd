//! The command line: the output, errors and exit codes of the real program. `smoke` tests `serve`
//! with its private Postgres.

use std::process::Output;
use std::time::Duration;
use std::{fs, str};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::kit::{Client, Live, Options, Running, SECRET, Scratch, TestServer, run, taskwire, token, token_for};

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("text")
}

fn succeeded(output: &Output) -> &str {
    assert!(output.status.success(), "{}: {}", output.status, stderr(output));
    stdout(output)
}

/// Fails the test unless the command failed with this code and printed nothing to stdout; returns
/// stderr.
fn failed(output: &Output, code: i32) -> &str {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert_eq!(stdout(output), "");
    stderr(output)
}

fn watch(dir: &Scratch, server: &TestServer, args: &[&str]) -> Command {
    let mut command = taskwire(dir, [&["watch", "--url", &server.url("/")], args].concat());
    command.env("JWT_SECRET", SECRET);
    command
}

#[tokio::test]
async fn token_prints_a_token_that_the_server_accepts() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let output = run(taskwire(&dir, ["token", "--user", "ada", "--expires", "15m"]).env("JWT_SECRET", SECRET)).await;
    let printed = succeeded(&output);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    let ada = server.user("ada").with_token(Some(printed.trim_end().to_owned()));
    ada.create("with a printed token").await;
    let (_, hello) = Live::open(&ada, None).await;
    let ends = hello["expires_at"].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>();
    let left = (ends.expect("a time") - chrono::Utc::now()).num_seconds();
    assert!((600..=900).contains(&left), "{left}");
}

#[tokio::test]
async fn token_generates_a_secret_once_and_keeps_it_to_itself() {
    use std::os::unix::fs::PermissionsExt;

    let dir = Scratch::new();
    let secret = || fs::read_to_string(dir.path().join("data/jwt-secret")).expect("a generated secret");
    let mint = async || run(taskwire(&dir, ["token", "--user", "ada"]).env("DATA_DIR", "data")).await;
    let first = mint().await;
    succeeded(&first);
    let generated = secret();
    let mode = fs::metadata(dir.path().join("data/jwt-secret")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let second = mint().await;
    succeeded(&second);
    assert_eq!(secret(), generated);
    for output in [first, second] {
        assert!(!format!("{output:?}").contains(generated.trim()));
    }
}

#[tokio::test]
async fn token_refuses_names_and_lifetimes_that_no_server_accepts() {
    let dir = Scratch::new();
    let mint = async |args: &[&str]| run(taskwire(&dir, [&["token"], args].concat()).env("JWT_SECRET", SECRET)).await;
    for user in ["", ".", "..", "a\nb", &"x".repeat(256)] {
        let output = mint(&["--user", user]).await;
        assert!(failed(&output, 1).contains("1 to 255 characters"), "{}", stderr(&output));
    }
    for lifetime in ["0s", "3651d", "-1h", "soon", "7"] {
        let output = mint(&["--user", "ada", &format!("--expires={lifetime}")]).await;
        assert!(failed(&output, 2).contains("--expires"), "{lifetime}: {}", stderr(&output));
    }
    assert!(failed(&mint(&[]).await, 2).contains("--user"));
}

#[tokio::test]
async fn openapi_prints_the_contract_and_checks_a_copy_of_it() {
    let dir = Scratch::new();
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");
    let contract = fs::read_to_string(repository).expect("the contract");
    assert_eq!(succeeded(&run(&mut taskwire(&dir, ["openapi"])).await), contract);
    assert_eq!(succeeded(&run(&mut taskwire(&dir, ["openapi", "--check", repository])).await), "");

    // By default it checks the file in the working directory.
    let changed = contract.replacen("operationId: list_tasks", "operationId: all_tasks", 1);
    fs::write(dir.path().join("openapi.yaml"), changed).expect("a changed copy");
    let output = run(&mut taskwire(&dir, ["openapi", "--check"])).await;
    let message = failed(&output, 1);
    for part in ["operationId: all_tasks", "operationId: list_tasks", taskwire::api::openapi::REGENERATE] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(message.lines().count() < 30, "only the difference: {message}");
    let output = run(&mut taskwire(&dir, ["openapi", "--check", "missing.yaml"])).await;
    assert!(failed(&output, 1).contains("missing.yaml"));
}

#[tokio::test]
async fn all_errors_of_a_configuration_are_reported_without_its_secrets() {
    let dir = Scratch::new();
    let wrong = [
        ("HOST", "not a host"),
        ("PORT", "99999"),
        ("PUBLIC_URL", "https://me:hunter1@tasks.example/path"),
        ("ALLOWED_ORIGINS", "*"),
        ("REQUEST_TIMEOUT", "soon"),
        ("BODY_LIMIT", "huge"),
        ("SHUTDOWN_TIMEOUT", "-1s"),
        ("DATABASE_URL", "mysql://me:hunter2@db/tasks"),
        ("DATABASE_DIRECT_URL", "postgres://me:hunter3@db:port/tasks"),
        ("DATABASE_POOL_SIZE", "0"),
        ("JWT_SECRET", "hunter4"),
        ("LOG", "taskwire=loud"),
        ("LOG_FORMAT", "xml"),
    ];
    let output = run(taskwire(&dir, ["serve"]).envs(wrong)).await;
    let message = failed(&output, 2);
    for (variable, _) in wrong {
        let lines = message.lines().filter(|line| line.starts_with(&format!("{variable} (--"))).count();
        assert_eq!(lines, 1, "{variable} in {message}");
    }
    assert!(!message.contains("hunter"), "{message}");

    fs::write(dir.path().join("file"), "").expect("a file");
    for command in [&["serve"][..], &["token", "--user", "ada"]] {
        let output = run(taskwire(&dir, command).env("DATA_DIR", "file")).await;
        assert!(failed(&output, 2).contains("DATA_DIR (--data-dir)"), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn an_unreachable_database_is_reported_without_its_password() {
    let dir = Scratch::new();
    let nowhere = [("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/tasks"), ("JWT_SECRET", SECRET)];
    let output = run(taskwire(&dir, ["serve"]).envs(nowhere)).await;
    let message = failed(&output, 1);
    assert!(message.contains("the database cannot be reached"), "{message}");
    assert!(!message.contains("hunter") && !message.contains(SECRET), "{message}");
}

#[tokio::test]
async fn a_misspelt_variable_is_named_without_its_value() {
    let dir = Scratch::new();
    fs::write(dir.path().join(".env"), "TRUSTED_PROXY=hunter2\n").expect("a file");
    let nowhere = [("DATABASE_URL", "postgres://127.0.0.1:1/tasks"), ("DATABASE_NAME", "tasks"), ("PORTS", "1")];
    let started = [("JWT_SECRET", SECRET), ("ALLOWED_ORIGIN", "https://hunter2.example")];
    for (more, exit_code, pairs) in [
        (&started[..], 1, [("TRUSTED_PROXY", "TRUSTED_PROXIES"), ("ALLOWED_ORIGIN", "ALLOWED_ORIGINS")]),
        (&[("JWT_SECRETS", "hunter2")], 2, [("TRUSTED_PROXY", "TRUSTED_PROXIES"), ("JWT_SECRETS", "JWT_SECRET")]),
    ] {
        let output = run(taskwire(&dir, ["serve"]).envs(nowhere).envs(more.iter().copied())).await;
        let message = failed(&output, exit_code);
        for (name, meant) in pairs {
            let hint = format!("{name} is set, but there is no such setting; did you mean {meant}?");
            assert!(message.contains(&hint), "{hint} is not in {message}");
        }
        assert_eq!(message.matches("did you mean").count(), 2, "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[tokio::test]
async fn help_explains_every_command_and_every_variable() {
    let dir = Scratch::new();
    let example = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example")).expect("the example");
    let names = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let all: Vec<&str> = names.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert!(all.len() > 10, "{all:?}");
    let token = ["JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE", "DATA_DIR"];
    let watch = [&token[..], &["TASKWIRE_URL", "TASKWIRE_TOKEN"]].concat();
    for (command, variables) in [
        ("serve", &all[..]),
        ("token", &token),
        ("watch", &watch),
        ("login", &watch[4..]),
        ("logout", &[]),
        ("whoami", &[]),
        ("openapi", &[]),
    ] {
        let overview = run(&mut taskwire(&dir, ["--help"])).await;
        assert!(succeeded(&overview).contains(&format!("  {command}  ")), "{overview:?}");
        let secret = run(taskwire(&dir, [command, "--help"]).env("JWT_SECRET", SECRET)).await;
        // Joined into one line, because help may wrap anywhere.
        let help = succeeded(&secret).split_whitespace().collect::<Vec<_>>().join(" ");
        for variable in variables {
            let with_value = [format!("[env: {variable}]"), format!("[env: {variable}=")];
            assert!(with_value.iter().any(|env| help.contains(env)), "{variable} in {help}");
        }
        assert!(!help.contains(SECRET), "{help}");
    }
    assert!(failed(&run(&mut taskwire::<&str>(&dir, [])).await, 2).contains("Usage"));
}

#[tokio::test]
async fn watch_prints_one_line_per_change() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let ada = server.user("ada");
    let mut watch = Running::start(&mut watch(&dir, &server, &["--user", "ada"]));
    watch.err.until("watching ada").await;
    let task = ada.create("Buy\u{1b}[31m milk").await;
    ada.patch(&format!("/tasks/{}/complete", task.id)).expect(200).await;
    ada.delete(&format!("/tasks/{}", task.id)).expect(204).await;
    ada.post(&format!("/trash/{}/restore", task.id)).expect(200).await;
    let (open, done) = ("  [ ] Buy\u{fffd}[31m milk", "  [x] Buy\u{fffd}[31m milk");
    for (what, state) in [("created ", open), ("updated ", done), ("deleted ", ""), ("restored", done)] {
        let line = watch.out.next().await;
        assert!(line.ends_with(&format!("  {what} {}{state}", task.id)), "{line}");
    }
    let project: Value = ada.post("/projects").json(json!({"name": "Gar\u{1b}den"})).expect(201).await.json();
    let id = project["id"].as_str().expect("an id");
    ada.patch(&format!("/projects/{id}")).json(json!({"archived": true})).expect(200).await;
    ada.delete(&format!("/projects/{id}")).expect(204).await;
    ada.post(&format!("/trash/{id}/restore")).expect(200).await;
    let (new, archived) = ("  Gar\u{fffd}den", "  Gar\u{fffd}den  (archived)");
    for (what, state) in [("created ", new), ("updated ", archived), ("deleted ", ""), ("restored", archived)] {
        let line = watch.out.next().await;
        assert!(line.ends_with(&format!("  {what} {id}  project{state}")), "{line}");
    }
    watch.signal(Signal::INT);
    assert!(watch.ended().await.success());
}

#[tokio::test]
async fn watch_prints_json_and_resumes_after_a_position() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let ada = server.user("ada");
    ada.create("known").await;
    let after = ada.position().await;
    ada.create("missed").await;
    let good = token("ada");
    let mut watch = watch(&dir, &server, &["--json", "--after", &after]);
    let mut watch = Running::start(watch.env("TASKWIRE_TOKEN", &good));
    let mut messages = Vec::new();
    for _ in 0..3 {
        messages.push(serde_json::from_str::<Value>(&watch.out.next().await).expect("JSON"));
    }
    let kinds: Vec<&Value> = messages.iter().map(|message| &message["type"]).collect();
    assert_eq!(kinds, ["hello", "task.created", "caught_up"]);
    assert_eq!(messages[1], ada.log().await[1]);
}

#[tokio::test]
async fn watch_reports_missing_history() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    ada.create("untold").await;
    bob.create("another history").await;
    let mut watch = Running::start(&mut watch(&dir, &server, &["--user", "ada", "--after", &bob.position().await]));
    watch.err.until("cannot be told").await;
    ada.create("told").await;
    assert!(watch.out.next().await.ends_with("told"));
}

#[tokio::test]
async fn watch_survives_a_restart_of_the_server_without_missing_a_change() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let mut watch = Running::start(&mut watch(&dir, &server, &["--user", "ada"]));
    watch.err.until("watching ada").await;
    server.user("ada").create("before the restart").await;
    assert!(watch.out.next().await.ends_with("before the restart"));

    let port = server.address.port();
    let database = server.stop().await;
    watch.err.until("connecting again").await;
    // Another server makes a change while the watcher is disconnected.
    let other = TestServer::on(database.clone(), Options::default()).await;
    other.user("ada").create("while it was away").await;
    let server = TestServer::on(database, Options { port, ..Options::default() }).await;
    assert!(watch.out.next().await.ends_with("while it was away"));
    server.user("ada").create("after the restart").await;
    assert!(watch.out.next().await.ends_with("after the restart"));
}

#[tokio::test]
async fn watch_ends_after_an_error_that_another_attempt_cannot_fix() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let strangers = taskwire::identity::tokens::Tokens::new(b"another secret", None, None);
    let forged = strangers.mint("ada", Duration::from_mins(1)).expect("a token is minted");
    let output = run(watch(&dir, &server, &[]).env("TASKWIRE_TOKEN", &forged)).await;
    assert!(failed(&output, 1).contains("signature"), "{}", stderr(&output));
    assert!(!stderr(&output).contains(&forged));
    let output = run(watch(&dir, &server, &[]).env("TASKWIRE_TOKEN", "nonsense")).await;
    assert!(failed(&output, 1).contains("not a JWT"), "{}", stderr(&output));
    // A token that expires while in use and cannot be renewed.
    let brief = token_for("ada", Duration::from_secs(2));
    let output = run(watch(&dir, &server, &[]).env("TASKWIRE_TOKEN", &brief)).await;
    assert!(failed(&output, 1).contains("4401: the token has expired"), "{}", stderr(&output));
    let output = run(&mut watch(&dir, &server, &["--user", "ada", "--after", "42"])).await;
    assert!(failed(&output, 2).contains("--after"), "{}", stderr(&output));
}

async fn keep_creating(client: &Client) -> std::convert::Infallible {
    loop {
        client.create("one more line").await;
    }
}

#[tokio::test]
async fn a_closed_output_is_not_a_failure() {
    let (dir, server) = (Scratch::new(), TestServer::start().await);
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create_many(100, "more than head reads").await;
    let program = env!("CARGO_BIN_EXE_taskwire");
    let watch = format!("{program} watch --url {} --user ada --after {beginning}", server.url("/"));
    for command in [format!("{program} openapi"), watch] {
        let mut shell = Command::new("bash");
        shell.args(["-o", "pipefail", "-c", &format!("{command} | head -n 1")]).current_dir(dir.path());
        // `watch` notices the closed pipe when it prints the next change.
        let output = tokio::select! {
            output = run(shell.env("JWT_SECRET", SECRET).kill_on_drop(true)) => output,
            never = keep_creating(&ada) => match never {},
        };
        assert_eq!(succeeded(&output).lines().count(), 1);
        assert_eq!(stderr(&output), "");
    }
}
