//! The live channel: all messages arrive, in order and without gaps, whatever the client does.
//! `live_auth` tests who may connect, and `changes` tests positions that cannot be continued.

use serde_json::{Value, json};

use crate::kit::{Client, Live, TestServer};

/// The numbers of these changes.
fn seqs(changes: &[Value]) -> Vec<i64> {
    changes.iter().map(|change| change["seq"].as_i64().expect("a number")).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("a text")
}

#[tokio::test]
async fn messages_come_in_order_hello_past_changes_caught_up_new_changes() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("before the list").await;
    let listed = ada.position().await;
    for title in ["first", "second", "third"] {
        ada.create(title).await;
    }
    let head = ada.position().await;

    let (mut live, hello) = Live::open(&ada, Some(&listed)).await;
    assert_eq!((&hello["seq"], &hello["resumed"]), (&json!(4), &json!(true)));
    assert_eq!(text(&hello, "position"), head);
    let past = live.changes(3).await;
    assert_eq!(seqs(&past), [2, 3, 4]);
    let titles: Vec<&str> = past.iter().map(|change| text(&change["task"], "title")).collect();
    assert_eq!(titles, ["first", "second", "third"]);
    let caught_up = live.expect("caught_up").await;
    assert_eq!((&caught_up["seq"], text(&caught_up, "position")), (&json!(4), head.as_str()));
    live.expect_nothing().await;

    ada.create("afterwards").await;
    assert_eq!(seqs(&live.changes(1).await), [5]);
    live.expect_nothing().await;
}

#[tokio::test]
async fn a_client_at_the_head_is_caught_up_at_once() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("known").await;
    let (mut live, hello) = Live::open(&ada, Some(&ada.position().await)).await;
    assert_eq!(hello["resumed"], true);
    live.expect("caught_up").await;
    live.expect_nothing().await;
}

#[tokio::test]
async fn without_a_position_a_socket_is_live_from_the_head() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.create("past").await;
    let (mut live, hello) = Live::open(&ada, None).await;
    assert_eq!((&hello["seq"], &hello["resumed"]), (&json!(1), &json!(false)));
    live.expect_nothing().await;
    ada.create("present").await;
    let change = live.expect("task.created").await;
    assert_eq!((&change["seq"], &change["task"]["title"]), (&json!(2), &json!("present")));
}

#[tokio::test]
async fn positions_from_every_source_can_be_resumed() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, hello) = Live::open(&ada, Some(&ada.position().await)).await;
    let caught_up = live.expect("caught_up").await;
    ada.create("one").await;
    ada.create("two").await;
    let changes = live.changes(2).await;
    let page: Value = ada.get("/changes?limit=1").expect(200).await.json();
    for (source, rest) in [
        (&hello, vec![1, 2]),
        (&caught_up, vec![1, 2]),
        (&changes[0], vec![2]),
        (&page, vec![2]),
        (&changes[1], vec![]),
    ] {
        let (mut resumed, hello) = Live::open(&ada, Some(text(source, "position"))).await;
        assert_eq!(hello["resumed"], true, "after {source}");
        assert_eq!(seqs(&resumed.changes(rest.len()).await), rest, "after {source}");
        resumed.expect("caught_up").await;
    }
}

#[tokio::test]
async fn the_first_write_of_a_new_user_reaches_sockets_opened_before_it() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    let (mut early, hello) = Live::open(&ada, Some(&beginning)).await;
    assert_eq!((&hello["seq"], &hello["resumed"]), (&json!(0), &json!(true)));
    early.expect("caught_up").await;
    let (mut without_position, _) = Live::open(&ada, None).await;
    ada.create("the first").await;
    let first = early.expect("task.created").await;
    assert_eq!(first["seq"], 1);
    assert_eq!(without_position.expect("task.created").await, first);

    let (mut late, hello) = Live::open(&ada, Some(&beginning)).await;
    assert_eq!(hello["resumed"], true);
    assert_eq!(late.expect("task.created").await, first);
    late.expect("caught_up").await;
}

#[tokio::test]
async fn messages_equal_the_changes_of_the_log() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    let task = ada.create("Buy milk").await;
    let path = format!("/tasks/{}", task.id);
    ada.patch(&path).json(json!({ "description": "Two litres" })).expect(200).await;
    let completed: Value = ada.patch(&format!("{path}/complete")).expect(200).await.json();
    ada.delete(&path).expect(204).await;

    let messages = live.changes(4).await;
    let kinds: Vec<&str> = messages.iter().map(|message| text(message, "type")).collect();
    assert_eq!(kinds, ["task.created", "task.updated", "task.updated", "task.deleted"]);
    assert_eq!(messages[0]["task"], serde_json::to_value(&task).expect("JSON"));
    assert_eq!(messages[2]["task"], completed);
    assert_eq!(messages[3]["task_id"], task.id.to_string());
    assert_eq!(messages, ada.log().await);
}

#[tokio::test]
async fn a_write_that_changes_nothing_sends_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let path = format!("/tasks/{}", task.id);
    let (mut live, _) = Live::open(&ada, None).await;
    ada.patch(&path).json(json!({})).expect(200).await;
    ada.put(&path).json(json!({ "title": " Buy milk ", "completed": false })).expect(200).await;
    ada.patch(&format!("{path}/complete")).json(json!({ "completed": false })).expect(200).await;
    ada.patch(&path).header("if-match", "\"99\"").json(json!({ "title": "Buy oats" })).expect(412).await;
    ada.delete("/tasks/00000000-0000-7000-8000-000000000000").expect(404).await;
    live.expect_nothing().await;
    ada.create("something").await;
    assert_eq!(seqs(&live.changes(1).await), [2]);
}

#[tokio::test]
async fn nobody_receives_another_users_changes() {
    let server = TestServer::start().await;
    // Two names that a careless comparison would treat as equal.
    let (ada, imp) = (server.user("ada"), server.user("Ada/1 %61"));
    let (mut adas, _) = Live::open(&ada, None).await;
    let (mut imps, _) = Live::open(&imp, Some(&imp.position().await)).await;
    imps.expect("caught_up").await;
    for round in 0..20 {
        let mine = format!("ada's {round}");
        let (created, _) = tokio::join!(ada.create(&mine), imp.create("the other's"));
        imp.patch(&format!("/tasks/{}", created.id)).json(json!({ "title": "stolen" })).expect(404).await;
    }
    for (live, user, title) in [(&mut adas, "ada", "ada's "), (&mut imps, "Ada/1 %61", "the other's")] {
        let changes = live.changes(20).await;
        assert_eq!(seqs(&changes), (1..=20).collect::<Vec<_>>());
        for change in changes {
            assert_eq!(change["task"]["user_id"], user);
            assert!(text(&change["task"], "title").starts_with(title), "{change}");
        }
        live.expect_nothing().await;
    }
}

#[tokio::test]
async fn all_sockets_of_a_user_get_the_same_sequence_whenever_they_connect() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let (mut live, _) = Live::open(&ada, Some(&beginning)).await;
        live.expect("caught_up").await;
        sockets.push(live);
    }
    // Some connect during writes.
    let joining = async {
        let mut joined = Vec::new();
        for _ in 0..10 {
            joined.push(Live::open(&ada, Some(&beginning)).await.0);
        }
        joined
    };
    let ((), joined) = tokio::join!(ada.create_many(100, "while others join"), joining);
    let log = ada.log().await;
    assert_eq!(seqs(&log), (1..=100).collect::<Vec<_>>());
    for live in &mut sockets {
        assert_eq!(live.changes(100).await, log);
        live.expect_nothing().await;
    }
    for mut live in joined {
        let mut received = Vec::new();
        let mut caught_up = 0;
        while received.len() < 100 {
            match live.next().await {
                message if message["type"] == "caught_up" => caught_up += 1,
                message => received.push(message),
            }
        }
        assert_eq!(received, log);
        if caught_up == 0 {
            live.expect("caught_up").await;
        }
        live.expect_nothing().await;
    }
}

#[tokio::test]
async fn a_resume_brings_everything_that_happened_in_between() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    ada.create("seen").await;
    let seen = live.expect("task.created").await;
    drop(live);
    // More than the ring and a page of the log hold.
    ada.create_many(330, "missed").await;
    let (mut live, hello) = Live::open(&ada, Some(text(&seen, "position"))).await;
    assert_eq!((&hello["seq"], &hello["resumed"]), (&json!(331), &json!(true)));
    assert_eq!(live.changes(330).await, ada.log().await[1..]);
    live.expect("caught_up").await;
    ada.create("live again").await;
    assert_eq!(seqs(&live.changes(1).await), [332]);
}

#[tokio::test]
async fn a_resume_while_others_write_has_neither_gap_nor_repetition() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let beginning = ada.position().await;
    ada.create_many(150, "before").await;
    let resuming = async {
        let (mut live, _) = Live::open(&ada, Some(&beginning)).await;
        let mut received = Vec::new();
        while received.len() < 300 {
            let message = live.next().await;
            if message["type"] != "caught_up" {
                received.push(message);
            }
        }
        received
    };
    let ((), received) = tokio::join!(ada.create_many(150, "meanwhile"), resuming);
    assert_eq!(received, ada.log().await);
}

#[tokio::test]
async fn a_socket_that_is_not_read_for_long_loses_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut live = Live::open_narrow(&ada, &ada.position().await).await;
    live.expect("caught_up").await;
    // More than the socket buffers of both sides hold.
    ada.create_many(1200, &"\u{1f95b}".repeat(1000)).await;
    let received = seqs(&live.changes(1200).await);
    assert_eq!(received, (1..=1200).collect::<Vec<_>>());
    ada.create("and goes on").await;
    assert_eq!(seqs(&live.changes(1).await), [1201]);
}

#[tokio::test]
async fn a_ping_is_answered_with_the_number_of_the_last_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, _) = Live::open(&ada, None).await;
    for seq in [0, 1] {
        live.send(&json!({ "type": "ping" })).await;
        assert_eq!(live.expect("heartbeat").await["seq"], seq);
        ada.create("one more").await;
        live.expect("task.created").await;
    }
}

#[tokio::test]
async fn a_client_that_closes_gets_its_close_confirmed() {
    let server = TestServer::start().await;
    let ada: Client = server.user("ada");
    let (live, _) = Live::open(&ada, None).await;
    live.close().await;
    Live::open_silently(&ada, None).await.close().await;
}
