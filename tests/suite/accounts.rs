//! Accounts from end to end: signing up and in, changing the password, the demo and deleting the
//! user. A server without accounts offers none of these.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::{Connection, Executor};
use taskwire::config::AccountsConfig;
use uuid::Uuid;

use crate::kit::{Browser, Live, Options, PASSWORD, TestServer};

const EMAIL: &str = "ada@example.com";
const NEW: &str = "staple battery horse";

async fn server() -> TestServer {
    with(AccountsConfig::default()).await
}

async fn with(accounts: AccountsConfig) -> TestServer {
    TestServer::with(Options { accounts: Some(accounts), ..Options::default() }).await
}

fn passwords(current: &str, new: &str) -> Value {
    json!({ "currentPassword": current, "newPassword": new })
}

#[tokio::test]
async fn a_new_account_has_its_own_tasks() {
    let server = server().await;
    let (ada, bob) = (Browser::signed_up(&server, EMAIL).await, Browser::signed_up(&server, "bob@example.com").await);
    let (ada, bob) = (ada.user().await, bob.user().await);
    let (mut live, _) = Live::open(&ada, None).await;
    let task = ada.create("Buy milk").await;
    assert_eq!(live.expect("task.created").await["task"]["id"], json!(task.id));
    assert!(bob.all("").await.is_empty());
    bob.get(&crate::kit::at(task.id)).problem(404, "NOT_FOUND").await;
    let beyond = bob.call(reqwest::Method::GET, ada.own("/tasks"));
    beyond.problem(403, "FORBIDDEN").await;
    // The id is a UUID, so it does not reveal the e-mail.
    let path = ada.own("").replace("%2D", "-");
    assert!(path.split('/').any(|part| Uuid::parse_str(part).is_ok()), "{path}");
}

#[tokio::test]
async fn the_same_account_signs_in_elsewhere() {
    let server = server().await;
    let here = Browser::signed_up(&server, EMAIL).await;
    let task = here.user().await.create("Buy milk").await;
    let there = Browser::signed_in(&server, "Ada@Example.com", PASSWORD).await;
    assert_eq!(there.user().await.all("").await, [task]);
    assert_ne!(here.cookie(), there.cookie());
    assert_ne!(
        here.session().await.expect("one")["session"]["id"],
        there.session().await.expect("one")["session"]["id"]
    );
}

#[tokio::test]
async fn an_e_mail_has_one_account_in_any_case_even_under_concurrency() {
    let server = server().await;
    let nobody = Browser::new(&server);
    let emails = [EMAIL, "ADA@example.com", EMAIL, "ada@EXAMPLE.com"];
    let all = emails.map(|email| {
        nobody.post("sign-up/email", json!({ "name": "Ada", "email": email, "password": PASSWORD })).send()
    });
    let mut statuses = futures_util::future::join_all(all).await.iter().map(|a| a.status.as_u16()).collect::<Vec<_>>();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[tokio::test]
async fn bad_input_names_the_field() {
    let server = server().await;
    let nobody = Browser::new(&server);
    let good = json!({ "name": "Ada", "email": EMAIL, "password": PASSWORD });
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("email", json!("ada")),
        ("email", json!("ada@example")),
        ("email", json!("ada@@example.com")),
        ("email", json!(format!("{}@example.com", "a".repeat(250)))),
        ("password", json!("short")),
        ("password", json!("x".repeat(129))),
        ("password", json!("password1")),
        ("password", json!("ada@example.com")),
        ("role", json!("admin")),
    ] {
        let mut account = good.clone();
        account[field] = value;
        nobody.post("sign-up/email", account).invalid(field).await;
    }
    nobody.post("sign-up/email", good).expect(200).await;
}

#[tokio::test]
async fn another_password_ends_all_other_sessions_and_the_api_tokens() {
    let server = server().await;
    let (here, there) = (Browser::signed_up(&server, EMAIL).await, Browser::signed_in(&server, EMAIL, PASSWORD).await);
    let user = there.user().await;
    let (script, _) = user.with_api_token("read-write").await;
    let (mut live, _) = Live::open(&user, None).await;

    here.post("change-password", passwords("not that one", NEW)).invalid("currentPassword").await;
    here.post("change-password", passwords(PASSWORD, "password1")).invalid("newPassword").await;
    assert!(there.session().await.is_some());
    let old = here.copy();
    here.keep(&here.post("change-password", passwords(PASSWORD, NEW)).expect(200).await);

    for ended in [&user, &script] {
        ended.get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
    assert_eq!(live.closed().await, 4401);
    assert!(here.session().await.is_some());
    assert!(there.session().await.is_none() && old.session().await.is_none());
    here.user().await.get("/tasks").expect(200).await;
    here.sign_in(EMAIL, PASSWORD).problem(401, "UNAUTHORIZED").await;
    here.sign_in(EMAIL, NEW).expect(200).await;
}

#[tokio::test]
async fn a_password_change_does_not_make_a_browser_session_permanent() {
    let server = server().await;
    Browser::signed_up(&server, EMAIL).await;
    let public = Browser::new(&server);
    let for_now = json!({ "email": EMAIL, "password": PASSWORD, "rememberMe": false });
    public.keep(&public.post("sign-in/email", for_now).expect(200).await);
    let changed = public.post("change-password", passwords(PASSWORD, NEW)).expect(200).await;
    let set = changed.header("set-cookie").expect("a cookie");
    assert!(!set.contains("Max-Age"), "{set}");
}

#[tokio::test]
async fn a_password_change_can_keep_the_other_sessions() {
    let server = server().await;
    let (here, there) = (Browser::signed_up(&server, EMAIL).await, Browser::signed_in(&server, EMAIL, PASSWORD).await);
    let (script, _) = there.user().await.with_api_token("read").await;
    let mut change = passwords(PASSWORD, NEW);
    change["revokeOtherSessions"] = json!(false);
    let answer: Value = here.post("change-password", change).expect(200).await.json();
    assert_eq!(answer["token"], Value::Null);
    assert!(here.session().await.is_some() && there.session().await.is_some());
    script.get("/tasks").expect(200).await;
}

#[tokio::test]
async fn a_sign_in_that_began_before_the_password_changed_does_not_outlive_it() {
    let server = server().await;
    Browser::signed_up(&server, EMAIL).await;
    let late = Browser::new(&server);
    let mut connection = server.database.connection().await;
    let mut change = connection.begin().await.expect("a transaction");
    // This does what a password change does, but slower. The hash matches no password.
    let statement = "UPDATE accounts SET password_hash = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA'";
    change.execute(statement).await.expect("changed");
    let (answer, ()) = tokio::join!(late.sign_in(EMAIL, PASSWORD).send(), async {
        server.database.wait_for_blocked_statements(1).await;
        change.commit().await.expect("committed");
    });
    assert_eq!(answer.status.as_u16(), 401, "{answer:?}");
}

#[tokio::test]
async fn of_two_concurrent_password_changes_one_succeeds() {
    let server = server().await;
    let here = Browser::signed_up(&server, EMAIL).await;
    let news = ["first horse battery", "second horse battery"];
    let answers = futures_util::future::join_all(news.map(|new| {
        let mut change = passwords(PASSWORD, new);
        change["revokeOtherSessions"] = json!(false);
        here.post("change-password", change).send()
    }))
    .await;
    let done = |at: usize| answers[at].status == 200;
    assert!(done(0) != done(1), "{answers:?}");
    for (at, new) in news.into_iter().enumerate() {
        here.sign_in(EMAIL, new).expect(if done(at) { 200 } else { 401 }).await;
    }
}

#[tokio::test]
async fn the_demo_is_one_press_of_a_button_and_has_tasks_the_first_time() {
    let server = with(AccountsConfig { demo: true, ..AccountsConfig::default() }).await;
    let demo = Browser::new(&server);
    let methods: Value = demo.get("methods").expect(200).await.json();
    assert_eq!(methods, json!({ "email_password": true, "demo": true }));
    demo.keep(&demo.post("sign-in/demo", json!({})).expect(200).await);
    let user = demo.user().await;
    assert_eq!(user.own(""), "/api/demo");
    let tasks = user.all("").await;
    assert!(tasks.len() > 3);
    user.delete(&crate::kit::at(tasks[0].id)).send().await;
    let left = user.all("").await.len();
    let again = Browser::new(&server);
    again.keep(&again.post("sign-in/demo", json!({})).expect(200).await);
    assert_eq!(again.user().await.all("").await.len(), left);
    // The demo has no password.
    again.sign_in("demo@taskwire.localhost", PASSWORD).problem(401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn a_server_that_is_not_for_trying_has_no_demo() {
    let server = server().await;
    Browser::new(&server).post("sign-in/demo", json!({})).problem(404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_server_without_accounts_only_reports_that_it_has_none() {
    let server = TestServer::start().await;
    let nobody = Browser::new(&server);
    let methods: Value = nobody.get("methods").expect(200).await.json();
    assert_eq!(methods, json!({ "email_password": false, "demo": false }));
    let account = json!({ "name": "Ada", "email": EMAIL, "password": PASSWORD });
    nobody.post("sign-up/email", account).problem(404, "NOT_FOUND").await;
    nobody.sign_in(EMAIL, PASSWORD).problem(404, "NOT_FOUND").await;
    for path in ["get-session", "token", "jwks", "list-sessions"] {
        nobody.get(path).problem(404, "NOT_FOUND").await;
    }
}

#[tokio::test]
async fn deleting_the_user_takes_the_password_unless_the_sign_in_is_fresh() {
    let server = server().await;
    let ada = Browser::signed_up(&server, EMAIL).await;
    let user = ada.user().await;
    user.create("Buy milk").await;
    let (script, _) = user.with_api_token("read").await;
    let (mut live, _) = Live::open(&user, None).await;
    let later = "UPDATE sessions SET created_at = created_at - interval '16 minutes'";
    server.database.connection().await.execute(later).await.expect("it is later");
    ada.post("delete-user", json!({})).invalid("password").await;
    ada.post("delete-user", json!({ "password": "not that one" })).invalid("password").await;
    ada.keep(&ada.post("delete-user", json!({ "password": PASSWORD })).expect(200).await);

    assert_eq!((ada.cookie(), live.closed().await), (None, 4401));
    for gone in [&user, &script] {
        gone.get("/tasks").problem(401, "UNAUTHORIZED").await;
    }
    ada.sign_in(EMAIL, PASSWORD).problem(401, "UNAUTHORIZED").await;
    // A new account with the same e-mail is a different user.
    let new = Browser::signed_up(&server, EMAIL).await;
    assert_ne!(new.user().await.own(""), user.own(""));
    // Right after a sign-up no password is needed.
    new.post("delete-user", json!({})).expect(200).await;
}

#[tokio::test]
async fn accounts_and_sessions_count_at_every_server() {
    let first = server().await;
    let options = Options { accounts: Some(AccountsConfig::default()), ..Options::default() };
    let second = TestServer::on(Arc::clone(&first.database), options).await;
    let ada = Browser::signed_up(&first, EMAIL).await.user().await;
    ada.at(&second).create("Buy milk").await;
    let there = Browser::signed_in(&second, EMAIL, PASSWORD).await.user().await;
    assert_eq!(there.at(&first).all("").await.len(), 1);
}
