use std::pin::pin;

use futures_util::{FutureExt, poll};

use super::*;

/// Hints of a server that knows of another one, and a user.
fn hints() -> (Hints, OwnerId) {
    let hints = Hints::new(true);
    hints.0.others.hear();
    (hints, OwnerId::for_tests("ada"))
}

/// What the sender takes without waiting for anything.
fn taken(hints: &Hints) -> Option<Vec<(String, i64)>> {
    let payloads = hints.take().now_or_never()?;
    let hints = payloads.iter().map(|payload| payload::read(payload, Uuid::nil()).expect("a hint"));
    Some(hints.flat_map(|hint| hint.heads).map(|(owner, seq)| (owner, seq.get())).collect())
}

#[test]
fn a_hint_is_taken_without_a_wait_and_more_gather_until_the_next_time() {
    let (hints, ada) = hints();
    assert_eq!(taken(&hints), None);
    hints.queue(&ada, Seq::new(1));
    assert_eq!(taken(&hints), Some(vec![("ada".to_owned(), 1)]));
    for seq in [2, 4, 3] {
        hints.queue(&ada, Seq::new(seq));
    }
    assert_eq!(taken(&hints), Some(vec![("ada".to_owned(), 4)]));
    assert_eq!(taken(&hints), None);
}

#[tokio::test]
async fn a_hint_ends_the_wait_for_one() {
    let (hints, ada) = hints();
    let mut take = pin!(hints.take());
    assert!(poll!(&mut take).is_pending());
    hints.queue(&ada, Seq::new(1));
    assert!(poll!(&mut take).is_ready());
}

#[test]
fn while_no_other_server_listens_nothing_is_queued() {
    let (hints, ada) = hints();
    let (_, look) = hints.look().expect("this server sends hints");
    hints.see(look, false);
    hints.queue(&ada, Seq::new(1));
    hints.queue_revocations(1);
    let queue = hints.0.queue.lock();
    assert!(queue.heads.is_empty() && queue.revocations.is_none());
}
