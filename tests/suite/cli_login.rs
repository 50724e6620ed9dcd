//! Signing in from the command line: which credentials are stored, who may read them, and how
//! unused tokens are revoked. Each test has its own home directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::kit::{Client, Options, Running, Scratch, TestServer, run, taskwire, token};

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

fn succeeded(output: &Output) -> &str {
    assert!(output.status.success(), "{}: {}", output.status, stderr(output));
    stdout(output)
}

fn failed(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(output), stderr(output));
    stderr(output)
}

/// The program with this directory as its home.
fn at_home(home: &Scratch, args: &[&str]) -> Command {
    let mut command = taskwire(home, args);
    command.env("HOME", home.path());
    command
}

/// Runs a command with this text as its standard input.
async fn with_input(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the command runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that fails early does not read its input.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.expect("the command ends")
}

fn kept(home: &Scratch) -> PathBuf {
    home.path().join(".config/taskwire/credentials.json")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file exists").permissions().mode() & 0o777
}

async fn login(home: &Scratch, server: &TestServer, token: &str) -> Output {
    with_input(&mut at_home(home, &["login", "--url", &server.url("/"), "--token", "-"]), token).await
}

/// How many API tokens a user has.
async fn tokens(user: &Client) -> Value {
    user.get("/tokens").expect(200).await.json::<Value>()["count"].take()
}

#[tokio::test]
async fn a_token_is_kept_used_and_revoked() {
    let (home, server) = (Scratch::new(), TestServer::start().await);
    let ada = server.user("ada");
    let (script, _) = ada.with_api_token("read").await;
    let good = script.token().expect("a token");
    let output = login(&home, &server, &format!("{good}\n")).await;
    let said = succeeded(&output);
    assert!(said.contains("Signed in as ada at ") && !said.contains(good), "{said}");
    let file = kept(&home);
    assert_eq!((mode(&file), mode(file.parent().expect("a directory"))), (0o600, 0o700));
    assert_eq!(fs::read_dir(file.parent().expect("a directory")).expect("the file exists").count(), 1);

    let output = run(&mut at_home(&home, &["whoami"])).await;
    let who = succeeded(&output);
    assert_eq!(who, format!("ada at {}, with an API token that may read and has no end\n", server.url("/")));

    let mut watch = Running::start(&mut at_home(&home, &["watch"]));
    watch.err.until("watching ada").await;
    let task = ada.create("Buy milk").await;
    assert!(watch.out.next().await.contains(&task.id.to_string()));

    succeeded(&run(&mut at_home(&home, &["logout"])).await);
    assert!(!file.exists());
    assert_eq!(tokens(&ada).await, 0);
    assert!(!watch.ended().await.success());
    assert!(failed(&run(&mut at_home(&home, &["whoami"])).await).contains("taskwire login"));
    assert!(failed(&run(&mut at_home(&home, &["watch"])).await).contains("taskwire login"));
    succeeded(&run(&mut at_home(&home, &["logout"])).await);
}

#[tokio::test]
async fn signing_in_anew_revokes_what_was_kept_before() {
    let (home, server) = (Scratch::new(), TestServer::start().await);
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (first, _) = ada.with_api_token("read").await;
    succeeded(&login(&home, &server, first.token().expect("a token")).await);
    // Storing the same token again changes nothing.
    succeeded(&login(&home, &server, first.token().expect("a token")).await);
    assert_eq!(tokens(&ada).await, 1);
    let (second, _) = bob.with_api_token("read-write").await;
    succeeded(&login(&home, &server, second.token().expect("a token")).await);
    assert_eq!((tokens(&ada).await, tokens(&bob).await), (0.into(), 1.into()));
    assert!(succeeded(&run(&mut at_home(&home, &["whoami"])).await).starts_with("bob at "));

    // A JSON Web Token is stored too; it cannot be revoked.
    succeeded(&login(&home, &server, &token("cyd")).await);
    assert!(succeeded(&run(&mut at_home(&home, &["whoami"])).await).contains("cyd at "));
    succeeded(&run(&mut at_home(&home, &["logout"])).await);
    assert!(!kept(&home).exists());
}

#[tokio::test]
async fn a_token_that_the_server_rejects_is_not_stored() {
    let (home, server) = (Scratch::new(), TestServer::start().await);
    let (script, _) = server.user("ada").with_api_token("read").await;
    let good = script.token().expect("a token").to_owned();
    for bad in ["", "\n", "nonsense", &good[..40], &format!("{}x", &good[..44])] {
        let output = login(&home, &server, bad).await;
        let message = failed(&output);
        assert!(!message.contains(&good[9..39]), "{message}");
        assert!(!kept(&home).exists(), "{bad}");
    }
    let nowhere = at_home(&home, &["login", "--url", "http://127.0.0.1:1", "--token", &good]).output().await;
    assert!(failed(&nowhere.expect("the command ends")).contains("cannot be reached"));
    // A token must not cross the network unencrypted.
    let output = at_home(&home, &["login", "--url", "http://tasks.example", "--token", &good]).output().await;
    assert!(failed(&output.expect("the command ends")).contains("https alone"));
    assert!(!kept(&home).exists());
}

#[tokio::test]
async fn a_token_goes_to_its_own_server_alone() {
    let (home, server, other) = (Scratch::new(), TestServer::start().await, TestServer::start().await);
    let (script, _) = server.user("ada").with_api_token("read").await;
    succeeded(&login(&home, &server, script.token().expect("a token")).await);
    let output = run(&mut at_home(&home, &["watch", "--url", &other.url("/")])).await;
    assert!(failed(&output).contains("you are signed in at "), "{}", stderr(&output));
    let mut watch = Running::start(&mut at_home(&home, &["watch", "--url", &server.url("/")]));
    watch.err.until("watching ada").await;
}

#[tokio::test]
async fn a_file_that_others_can_read_is_not_used() {
    let (home, server) = (Scratch::new(), TestServer::start().await);
    let (script, _) = server.user("ada").with_api_token("read").await;
    let good = script.token().expect("a token");
    succeeded(&login(&home, &server, good).await);
    for open in [0o640, 0o604] {
        fs::set_permissions(kept(&home), Permissions::from_mode(open)).expect("permissions");
        for command in ["whoami", "watch", "logout"] {
            let output = run(&mut at_home(&home, &[command])).await;
            let message = failed(&output);
            assert!(message.contains("can be read by others") && !message.contains(good), "{message}");
        }
    }
    fs::set_permissions(kept(&home), Permissions::from_mode(0o600)).expect("permissions");
    fs::write(kept(&home), format!("{{\"token\": \"{good}\"")).expect("written");
    let output = run(&mut at_home(&home, &["whoami"])).await;
    assert!(!failed(&output).contains(good), "{}", stderr(&output));
}

#[tokio::test]
async fn signing_out_keeps_the_token_while_the_server_is_unreachable_unless_forced() {
    let (home, server) = (Scratch::new(), TestServer::start().await);
    let (script, _) = server.user("ada").with_api_token("read").await;
    succeeded(&login(&home, &server, script.token().expect("a token")).await);
    drop(server.stop().await);
    assert!(failed(&run(&mut at_home(&home, &["logout"])).await).contains("--force"));
    assert!(kept(&home).exists());
    succeeded(&run(&mut at_home(&home, &["logout", "--force"])).await);
    assert!(!kept(&home).exists());
}

#[tokio::test]
async fn watch_takes_an_api_token_by_itself() {
    let (home, server) = (Scratch::new(), TestServer::start().await);
    let ada = server.user("ada");
    let (script, _) = ada.with_api_token("read").await;
    let token = script.token().expect("a token");
    let mut watch = Running::start(at_home(&home, &["watch", "--url", &server.url("/")]).env("TASKWIRE_TOKEN", token));
    watch.err.until("watching ada").await;
    let task = ada.create("Buy milk").await;
    assert!(watch.out.next().await.contains(&task.id.to_string()));
}

#[tokio::test]
async fn e_mail_and_password_become_a_token_of_this_machine() {
    let accounts = Some(taskwire::config::AccountsConfig::default());
    let home = Scratch::new();
    let server = TestServer::with(Options { accounts, ..Options::default() }).await;
    let nobody = server.anonymous();
    let account = json!({ "name": "Ada", "email": "ada@example.com", "password": "correct horse battery" });
    nobody.call(Method::POST, "/api/auth/sign-up/email").json(account).expect(200).await;
    let mut login = at_home(&home, &["login", "--url", &server.url("/"), "--scope", "read-write"]);
    let output = with_input(&mut login, "Ada@example.com\nwrong horse battery\n").await;
    assert!(failed(&output).contains("the e-mail or the password is wrong"), "{}", stderr(&output));
    assert!(!kept(&home).exists());
    let output = with_input(&mut login, "Ada@example.com\ncorrect horse battery\n").await;
    let said = succeeded(&output);
    assert!(said.starts_with("Signed in as ") && !said.contains("horse"), "{said}");

    let file: Value = serde_json::from_slice(&fs::read(kept(&home)).expect("the file exists")).expect("JSON");
    assert!(!file.to_string().contains("horse"), "{file}");
    let who = run(&mut at_home(&home, &["whoami"])).await;
    assert!(succeeded(&who).contains("with an API token that may read and write and has no end"), "{who:?}");
    // The session has ended, and the token has the machine's name.
    let left =
        "SELECT (SELECT count(*) FROM api_tokens WHERE name LIKE 'taskwire on _%'), (SELECT count(*) FROM sessions)
                       - 1";
    let left: (i64, i64) = sqlx::query_as(left).fetch_one(&server.pool).await.expect("the counts");
    assert_eq!(left, (1, 0), "only the session of the sign-up is left");
}
