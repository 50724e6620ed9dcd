//! A client that stops reading for long: its place becomes free, and if it reads again, it finds
//! all sent changes complete and in order, followed by the close code. `backlog` tests the server's
//! memory in this case.

use std::time::Duration;

use taskwire::config::LiveConfig;
use tokio::time::timeout;

use crate::kit::{Client, Live, Options, TestServer};

const PATIENCE: Duration = Duration::from_secs(20);
/// More changes than the ring and the socket buffers of both sides hold.
const CHANGES: i64 = 8000;
const BYTES: i32 = 4000;

/// Returns once this user, who may have one socket, can connect again.
async fn until_there_is_room(client: &Client) {
    let room = async {
        loop {
            let mut live = Live::handshake(client, None, client.token(), &[]).await.expect("a socket");
            match live.next().await["type"].as_str() {
                Some("hello") => return live.close().await,
                _ => assert_eq!(live.closed().await, 4429),
            }
        }
    };
    timeout(PATIENCE, room).await.expect("the stalled socket is let go");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stalled_client_that_reads_again_gets_changes_in_order_then_1013_and_resumes() {
    let options = Options::default();
    let live = LiveConfig {
        stalled_after: Duration::from_millis(500),
        sweep: Duration::from_millis(100),
        sockets_per_user: 1,
        ..options.live
    };
    let server = TestServer::with(Options { live, ..options }).await;
    let ada = server.user("ada");
    server.database.append_changes(1, BYTES).await;
    let start = ada.position().await;
    let mut stalled = Live::open_narrow(&ada, &start).await;
    stalled.expect("caught_up").await;
    server.database.append_changes(CHANGES, BYTES).await;
    until_there_is_room(&ada).await;

    let (last, code) = stalled.skim_to_close(2..=CHANGES + 1).await.expect_err("all, as if it had not stalled");
    assert_eq!(code, 1013);
    let (mut resumed, hello) = Live::open(&ada, last["position"].as_str()).await;
    assert_eq!(hello["resumed"], true);
    resumed.skim(last["seq"].as_i64().expect("a number") + 1..=CHANGES + 1).await;
    assert_eq!(resumed.expect("caught_up").await["seq"], CHANGES + 1);
}
