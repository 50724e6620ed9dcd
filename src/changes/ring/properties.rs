//! Property tests of the ring, over random sequences of events.

use proptest::prelude::*;

use super::tests::{HISTORY, at, change, page, sent};
use super::{Next, Ring};
use crate::changes::log::LogPage;

/// What can happen to a ring and to a connection that follows it.
#[derive(Debug, Clone)]
enum Step {
    /// The ring takes a writer's change: early, late or again. Changes that it does not take come from `Grow`.
    Publish(i64),
    /// Another server, or a writer whose change did not reach the ring, appends the next change to the log.
    Grow,
    /// A page is read.
    Read,
    /// The oldest page that was read arrives; other things may have happened since.
    Arrive,
    /// The connection takes what the ring or the log has for it.
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (-6..6_i64).prop_map(Step::Publish),
        2 => Just(Step::Grow),
        1 => Just(Step::Read),
        1 => Just(Step::Arrive),
        2 => Just(Step::Take),
    ];
    prop::collection::vec(step, 0..200)
}

/// Reads a page of the log whose head is `head`.
fn read(head: i64, after: i64) -> LogPage {
    page(head, after, (after + 1..=head).take(7).map(change).collect())
}

/// Follows a ring as `live/connection.rs` does.
struct Follower {
    position: i64,
    /// The numbers that it has received.
    received: Vec<i64>,
}

impl Follower {
    fn take(&mut self, ring: &Ring, log_head: i64) {
        let new = match ring.next(at(self.position)) {
            Next::Wait => return,
            Next::Send(..) => sent(ring, self.position),
            Next::ReadLog => {
                let page = read(log_head, self.position).continuing(at(self.position)).expect("a complete log");
                page.changes.iter().map(|change| change.seq().get()).collect()
            }
        };
        self.received.extend(&new);
        self.position = new.last().copied().unwrap_or(self.position);
    }
}

proptest! {
    /// However changes and pages are reordered, repeated or lost on their way to the ring, a follower receives
    /// 1, 2, 3, …, and has everything after the log has been read.
    #[test]
    fn a_ring_sends_every_change_once_and_in_order(started: bool, start in 0..5_i64, steps in steps()) {
        let (mut ring, mut log_head, mut pages) = (Ring::default(), start, Vec::new());
        if started {
            ring.take_head(HISTORY, at(start));
        }
        let mut follower = Follower { position: 0, received: Vec::new() };
        for step in steps {
            match step {
                Step::Publish(near) => {
                    let seq = (ring.head().map_or(start, |head| head.seq.get()) + near).max(1);
                    // Only what is committed ever reaches the ring, and commits are in order.
                    log_head = log_head.max(seq);
                    ring.take(change(seq));
                }
                Step::Grow => log_head += 1,
                Step::Read => {
                    let head = ring.head();
                    pages.push((read(log_head, head.map_or(0, |head| head.seq.get())), head));
                }
                Step::Arrive if pages.is_empty() => {}
                Step::Arrive => {
                    let (page, head) = pages.remove(0);
                    ring.integrate(page, head);
                }
                Step::Take => follower.take(&ring, log_head),
            }
            if let Some(head) = ring.head() {
                prop_assert!(head.seq.get() <= log_head, "the ring is ahead of the log");
            }
        }
        // The channel reads the log until no change is missing.
        while ring.head().is_none_or(|head| head.seq.get() < log_head) {
            let head = ring.head();
            ring.integrate(read(log_head, head.map_or(0, |head| head.seq.get())), head);
        }
        prop_assert!(!ring.is_behind());
        while follower.position < log_head {
            follower.take(&ring, log_head);
        }
        prop_assert_eq!(follower.received, (1..=log_head).collect::<Vec<_>>());
    }
}
