//! The change log: its pages over HTTP, and positions that cannot be continued. For these, `GET
//! …/changes` responds with 410 and the live channel sends `reset`, in the same cases and never
//! with only a part of the history.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use taskwire::database::Pool;
use taskwire::model::{Position, Seq};

use crate::kit::{Client, Live, TestServer};

async fn execute(pool: &Pool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.expect("the statement succeeds");
}

/// Deletes all rows of the user ada.
async fn forget_ada(pool: &Pool) {
    for statement in [
        "DELETE FROM changes WHERE owner_id = 'ada'",
        "DELETE FROM tasks WHERE owner_id = 'ada'",
        "DELETE FROM owners WHERE owner_id = 'ada'",
    ] {
        execute(pool, statement).await;
    }
}

async fn page(client: &Client, after: &str, limit: u16) -> Value {
    client.get(&format!("/changes?after={after}&limit={limit}")).expect(200).await.json()
}

/// Fails the test unless neither HTTP nor the live channel continues from this position. The live
/// channel must give the reason and then continue from the head.
async fn cannot_continue(client: &Client, after: &str, reason: &str) {
    client.get(&format!("/changes?after={after}")).problem(410, "GONE").await;
    let (mut live, hello) = Live::open(client, Some(after)).await;
    assert_eq!(hello["resumed"], false);
    let reset = live.expect("reset").await;
    assert_eq!(reset["reason"], reason);
    assert_eq!((&reset["seq"], &reset["position"]), (&hello["seq"], &hello["position"]));
    assert_eq!(reset["position"], client.position().await);
    live.expect_nothing().await;
    client.create("after the reset").await;
    let next = live.expect("task.created").await;
    assert_eq!(next["seq"].as_i64(), reset["seq"].as_i64().map(|seq| seq + 1));
    let went_on = page(client, reset["position"].as_str().expect("a position"), 100).await;
    assert_eq!(went_on["changes"], json!([next]));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    for title in ["one", "two", "three", "four", "five"] {
        ada.create(title).await;
    }
    let whole: Value = ada.get("/changes").expect(200).await.json();
    assert_eq!(whole["has_more"], false);
    assert_eq!(whole["position"], ada.position().await);
    assert_eq!(page(&ada, &beginning, 100).await, whole);

    let mut collected = Vec::new();
    let mut after = beginning;
    for (length, has_more) in [(2, true), (2, true), (1, false), (0, false)] {
        let page = page(&ada, &after, 2).await;
        let changes = page["changes"].as_array().expect("changes");
        assert_eq!((changes.len(), &page["has_more"]), (length, &json!(has_more)));
        page["position"].as_str().expect("a position").clone_into(&mut after);
        collected.extend(changes.clone());
    }
    assert_eq!(json!(collected), whole["changes"]);
    assert_eq!(page(&ada, &after, 2).await["position"], after);
}

#[tokio::test]
async fn a_page_that_ends_at_the_head_has_no_more() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("one").await;
    ada.create("two").await;
    let page: Value = ada.get("/changes?limit=2").expect(200).await.json();
    assert_eq!(page["has_more"], false);
}

#[tokio::test]
async fn a_user_who_never_wrote_has_an_empty_log_that_can_be_continued() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let empty: Value = ada.get("/changes").expect(200).await.json();
    assert_eq!((&empty["changes"], &empty["has_more"]), (&json!([]), &json!(false)));
    assert_eq!(empty["position"], ada.position().await);
    ada.create("the first").await;
    let first = page(&ada, empty["position"].as_str().expect("a position"), 100).await;
    assert_eq!(first["changes"][0]["seq"], 1);
}

#[tokio::test]
async fn invalid_page_parameters_are_rejected_by_name() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("after=", "after"),
        ("after=AAAA", "after"),
        ("before=1", "before"),
        ("limit=1&limit=2", "limit"),
    ] {
        let problem = ada.get(&format!("/changes?{query}")).problem(400, "VALIDATION_ERROR").await;
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
}

#[tokio::test]
async fn another_epoch_is_another_history() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create("before the restore").await;
    let before = ada.position().await;
    execute(&server.pool, "UPDATE history SET epoch = epoch + 1").await;
    cannot_continue(&ada, &before, "history_changed").await;
    cannot_continue(&ada, &beginning, "history_changed").await;
}

#[tokio::test]
async fn a_user_who_was_deleted_and_returns_has_another_history() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("of the first life").await;
    let first_life = ada.position().await;
    forget_ada(&server.pool).await;
    cannot_continue(&ada, &first_life, "history_changed").await;
    // The log has the same length as before; only the generation distinguishes the two histories.
    cannot_continue(&ada, &first_life, "history_changed").await;
}

#[tokio::test]
async fn a_position_of_another_user_is_of_another_history() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    ada.create("ada's").await;
    bob.create("bob's").await;
    cannot_continue(&ada, &bob.position().await, "history_changed").await;
}

#[tokio::test]
async fn a_position_ahead_of_the_log_is_rejected() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("one").await;
    let here: Position = ada.position().await.parse().expect("a position");
    let ahead = Position { seq: Seq::new(3), ..here }.to_string();
    cannot_continue(&ada, &ahead, "ahead_of_log").await;
}

/// A position of the release before has the same length: epoch, generation and number, in 8 bytes each.
#[tokio::test]
async fn a_position_of_the_release_before_is_of_another_history() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("one").await;
    ada.create("two").await;
    let names = "SELECT epoch, generation FROM history, owners WHERE owner_id = 'ada'";
    let (epoch, generation): (i64, i64) = sqlx::query_as(names).fetch_one(&server.pool).await.expect("a row");
    for seq in 0..=2 {
        let old = BASE64_URL_SAFE_NO_PAD.encode([epoch, generation, seq].map(i64::to_be_bytes).concat());
        cannot_continue(&ada, &old, "history_changed").await;
    }
}

/// The log shows by itself that it does not contain the change of the position.
#[tokio::test]
async fn a_position_whose_change_has_another_time_is_of_another_history() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create("one").await;
    let first = ada.position().await;
    ada.create("two").await;
    let second = ada.position().await;
    execute(&server.pool, "UPDATE changes SET changed_at = changed_at + interval '1 microsecond'").await;
    execute(&server.pool, "UPDATE owners SET last_at = last_at + interval '1 microsecond'").await;
    cannot_continue(&ada, &second, "history_changed").await;
    cannot_continue(&ada, &first, "history_changed").await;
    let log = ada.log().await;
    assert_eq!(page(&ada, &beginning, 100).await["changes"], json!(log), "nothing was before the first change");
    let third = log[2]["position"].as_str().expect("a position");
    assert_eq!(page(&ada, third, 100).await["changes"], json!(log[3..]));
}

#[tokio::test]
async fn a_position_from_before_the_log_begins_has_expired() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create("one").await;
    let first = ada.position().await;
    ada.create("two").await;
    let second = ada.position().await;
    ada.create("three").await;
    execute(&server.pool, "DELETE FROM changes WHERE seq <= 1").await;
    let rest = page(&ada, &second, 100).await;
    assert_eq!(rest["changes"][0]["seq"], 3);
    ada.get("/changes").problem(410, "GONE").await;
    cannot_continue(&ada, &first, "expired").await;
    cannot_continue(&ada, &beginning, "expired").await;
    execute(&server.pool, "DELETE FROM changes USING owners WHERE seq < last_seq").await;
    cannot_continue(&ada, &second, "expired").await;
}

#[tokio::test]
async fn a_history_that_ends_between_two_pages_is_reported_at_the_second() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for title in ["one", "two", "three", "four"] {
        ada.create(title).await;
    }
    let first: Value = ada.get("/changes?limit=2").expect(200).await.json();
    let after = first["position"].as_str().expect("a position");
    execute(&server.pool, "DELETE FROM changes WHERE seq <= 3").await;
    cannot_continue(&ada, after, "expired").await;
    execute(&server.pool, "UPDATE history SET epoch = epoch + 1").await;
    cannot_continue(&ada, after, "history_changed").await;
}

#[tokio::test]
async fn a_history_that_ends_under_an_open_socket_resets_it() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("before").await;
    let (mut live, _) = Live::open(&ada, None).await;

    execute(&server.pool, "UPDATE history SET epoch = epoch + 1").await;
    ada.create("in the new epoch").await;
    let reset = live.expect("reset").await;
    assert_eq!((&reset["reason"], &reset["seq"]), (&json!("history_changed"), &json!(2)));
    assert_eq!(reset["position"], ada.position().await);
    ada.create("and on").await;
    assert_eq!(live.expect("task.created").await["seq"], 3);

    forget_ada(&server.pool).await;
    ada.create("of the second life").await;
    let reset = live.expect("reset").await;
    assert_eq!((&reset["reason"], &reset["seq"]), (&json!("history_changed"), &json!(1)));
    ada.create("and on").await;
    assert_eq!(live.expect("task.created").await["seq"], 2);
    live.expect_nothing().await;
}

#[tokio::test]
async fn a_log_that_is_cut_off_while_a_socket_catches_up_resets_it() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("the oldest").await;
    let oldest = ada.position().await;
    // More than the socket buffers of both sides hold, so the server must wait for the reader.
    ada.create_many(1300, &"\u{1f95b}".repeat(1000)).await;
    let mut live = Live::open_narrow(&ada, &oldest).await;
    assert_eq!(live.expect("task.created").await["seq"], 2);
    execute(&server.pool, "DELETE FROM changes WHERE seq <= 1300").await;
    let mut expected = 3;
    let reset = loop {
        let message = live.next().await;
        if message["type"] == "reset" {
            break message;
        }
        assert_eq!(message["seq"], expected);
        expected += 1;
    };
    assert_eq!((&reset["reason"], &reset["seq"]), (&json!("expired"), &json!(1301)));
    ada.create("and on").await;
    assert_eq!(live.expect("task.created").await["seq"], 1302);
}
