//! Limits on guessing passwords: delays grow with the attempts and apply only to the address that
//! makes them; the queue for hashing is short; and neither the response nor its time reveals
//! whether an e-mail has an account.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ipnet::IpNet;
use reqwest::Method;
use serde_json::{Value, json};
use taskwire::config::AccountsConfig;

use crate::kit::{Answer, Call, Options, TestDatabase, TestServer};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
const WRONG: &str = "wrong horse battery";
/// Attempts at one e-mail from one address before the first delay.
const FREE: usize = 5;

/// A server that trusts `X-Forwarded-For`.
fn options() -> Options {
    Options {
        accounts: Some(AccountsConfig::default()),
        trusted_proxies: ["127.0.0.0/8".parse::<IpNet>().expect("a network")].into_iter().collect(),
        ..Options::default()
    }
}

/// A server with an account for [`EMAIL`].
async fn server() -> TestServer {
    let server = TestServer::with(options()).await;
    sign_up(&server, EMAIL, "198.51.100.1").expect(200).await;
    server
}

fn post(server: &TestServer, path: &str, from: &str) -> Call {
    server.anonymous().call(Method::POST, format!("/api/auth/{path}")).header("x-forwarded-for", from)
}

fn sign_up(server: &TestServer, email: &str, from: &str) -> Call {
    post(server, "sign-up/email", from).json(json!({ "name": "Somebody", "email": email, "password": PASSWORD }))
}

fn sign_in(server: &TestServer, email: &str, password: &str, from: &str) -> Call {
    post(server, "sign-in/email", from).json(json!({ "email": email, "password": password }))
}

/// Fails the test unless the attempt is told to wait.
async fn waits(call: Call) {
    let answer = call.expect(429).await;
    let problem: Value = answer.json();
    assert_eq!(problem["code"], "RATE_LIMITED", "{problem}");
    let seconds: u64 = answer.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=3620).contains(&seconds), "{seconds}");
}

/// Extends every current delay by an hour, so that it cannot end during a slow test. Returns the
/// longest delay before that, in seconds.
async fn stretch(database: &TestDatabase) -> f64 {
    let mut connection = database.connection().await;
    let delay = "SELECT max(extract(epoch FROM blocked_until - last_at))::float8 FROM attempts";
    let delay = sqlx::query_scalar(delay).fetch_one(&mut connection).await.expect("a delay");
    let stretch = "UPDATE attempts SET blocked_until = blocked_until + interval '1 hour' WHERE blocked_until > last_at";
    sqlx::query(stretch).execute(&mut connection).await.expect("the delays are extended");
    delay
}

/// Ends all delays in the database. Running servers still remember theirs.
async fn pass_time(database: &TestDatabase) {
    let pass = "UPDATE attempts SET blocked_until = last_at";
    sqlx::query(pass).execute(&mut database.connection().await).await.expect("the delays are ended");
}

#[tokio::test]
async fn each_further_attempt_waits_longer_at_every_server() {
    let server = server().await;
    for _ in 1..FREE {
        sign_in(&server, EMAIL, WRONG, "192.0.2.1").problem(401, "UNAUTHORIZED").await;
    }
    let mut next = server;
    for expected in [1.0, 2.0, 4.0, 8.0, 16.0] {
        sign_in(&next, EMAIL, WRONG, "192.0.2.1").problem(401, "UNAUTHORIZED").await;
        let delay = stretch(&next.database).await;
        assert!((delay - expected).abs() < 1e-3, "{delay} instead of {expected}");
        // Another server, which has seen none of these attempts.
        let other = TestServer::on(Arc::clone(&next.database), options()).await;
        // The right password is not checked either, or the response would reveal a correct guess.
        for password in [WRONG, PASSWORD] {
            waits(sign_in(&next, EMAIL, password, "192.0.2.1")).await;
            waits(sign_in(&other, EMAIL, password, "192.0.2.1")).await;
        }
        // A new server does not remember the extended delay.
        pass_time(&next.database).await;
        next = TestServer::on(Arc::clone(&next.database), options()).await;
    }
}

#[tokio::test]
async fn a_stranger_locks_nobody_out() {
    let server = server().await;
    for _ in 0..FREE {
        sign_in(&server, EMAIL, WRONG, "192.0.2.1").problem(401, "UNAUTHORIZED").await;
    }
    stretch(&server.database).await;
    waits(sign_in(&server, EMAIL, PASSWORD, "192.0.2.1")).await;
    // The e-mail is the same in upper case.
    waits(sign_in(&server, &EMAIL.to_uppercase(), PASSWORD, "192.0.2.1")).await;
    // The owner can sign in from home, and the stranger can sign in to their own account.
    sign_in(&server, EMAIL, PASSWORD, "198.51.100.1").expect(200).await;
    sign_up(&server, "stranger@example.com", "192.0.2.1").expect(200).await;
    sign_in(&server, "stranger@example.com", PASSWORD, "192.0.2.1").expect(200).await;
    waits(sign_in(&server, EMAIL, PASSWORD, "192.0.2.1")).await;
}

#[tokio::test]
async fn attempts_that_succeed_do_not_count() {
    let server = server().await;
    for _ in 0..2 {
        for _ in 1..FREE {
            sign_in(&server, EMAIL, WRONG, "192.0.2.1").problem(401, "UNAUTHORIZED").await;
        }
        sign_in(&server, EMAIL, PASSWORD, "192.0.2.1").expect(200).await;
    }
    for _ in 0..51 {
        sign_in(&server, EMAIL, PASSWORD, "192.0.2.1").expect(200).await;
    }
}

#[tokio::test]
async fn guesses_at_many_accounts_are_counted_together() {
    let server = server().await;
    // One IPv6 /64 network counts as one address.
    for number in 0..50 {
        let (email, from) = (format!("somebody{number}@example.com"), format!("2001:db8::{number:x}"));
        sign_in(&server, &email, PASSWORD, &from).problem(401, "UNAUTHORIZED").await;
    }
    stretch(&server.database).await;
    waits(sign_in(&server, "another@example.com", PASSWORD, "2001:db8::ffff")).await;
    sign_in(&server, "another@example.com", PASSWORD, "2001:db8:0:1::1").problem(401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn sign_ups_are_counted_whatever_becomes_of_them() {
    let server = server().await;
    for number in 0..15 {
        sign_up(&server, &format!("somebody{number}@example.com"), "192.0.2.1").expect(200).await;
        sign_up(&server, EMAIL, "192.0.2.1").problem(409, "CONFLICT").await;
    }
    stretch(&server.database).await;
    waits(sign_up(&server, "another@example.com", "192.0.2.1")).await;
    sign_up(&server, "another@example.com", "192.0.2.2").expect(200).await;
}

#[tokio::test]
async fn a_stolen_session_cannot_be_used_to_guess() {
    let server = server().await;
    let signed_in = sign_in(&server, EMAIL, PASSWORD, "192.0.2.1").expect(200).await;
    let ask = |path, body| {
        let call = post(&server, path, "192.0.2.1").header("cookie", &cookie(&signed_in));
        call.header("origin", &server.url("")).json(body)
    };
    let change = || {
        let change = json!({ "currentPassword": WRONG, "newPassword": "staple battery horse" });
        ask("change-password", change)
    };
    for _ in 1..FREE {
        change().invalid("currentPassword").await;
    }
    ask("delete-user", json!({ "password": WRONG })).invalid("password").await;
    stretch(&server.database).await;
    waits(change()).await;
    waits(ask("delete-user", json!({ "password": PASSWORD }))).await;
    waits(sign_in(&server, EMAIL, PASSWORD, "192.0.2.1")).await;
}

#[tokio::test]
async fn a_flood_is_turned_away_and_nobody_else_waits() {
    let server = server().await;
    let ada = server.user("ada");
    // Many more attempts than the queue holds, from many addresses.
    let count = 80 * thread::available_parallelism().map_or(1, usize::from);
    let server = &server;
    let guesses = (0..count).map(|number| {
        let from = format!("10.0.{}.{}", number / 200, number % 200);
        async move { sign_in(server, EMAIL, WRONG, &from).send().await }
    });
    let (answers, ()) = tokio::join!(join_all(guesses), async {
        for _ in 0..20 {
            ada.create("Meanwhile").await;
        }
    });
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(of(401) + of(503), count);
    assert!(of(401) > 0 && of(503) > 0, "{} checked, {} rejected", of(401), of(503));
    for rejected in answers.iter().filter(|answer| answer.status == 503) {
        assert!(rejected.header("retry-after").is_some(), "{rejected:?}");
    }
    // The flood has no lasting effect.
    sign_in(server, EMAIL, PASSWORD, "198.51.100.1").expect(200).await;
}

#[tokio::test]
async fn whether_an_e_mail_has_an_account_is_not_told_not_even_by_the_time() {
    let server = server().await;
    let mut times = [Vec::new(), Vec::new()];
    let mut answers = Vec::new();
    for round in 0..25 {
        for (email, times) in [EMAIL, "nobody@example.com"].into_iter().zip(&mut times) {
            let call = sign_in(&server, email, WRONG, &format!("192.0.2.{round}"));
            let start = Instant::now();
            let answer = call.expect(401).await;
            times.push(start.elapsed());
            answers.push(answer.comparable());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let [known, unknown] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    // If nothing were hashed, it would take a small part of the time.
    let (shorter, longer) = (known.min(unknown), known.max(unknown));
    assert!(longer < shorter * 2, "with an account {known:?}, without {unknown:?}");
    assert!(shorter > Duration::from_millis(2), "nothing was hashed: {shorter:?}");
}

/// The cookie that a response sets, in the form that a browser sends.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    set.split(';').next().expect("a pair").to_owned()
}
