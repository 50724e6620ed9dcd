//! What holds for a ring whatever happens to it, tried on drawn sequences of events.

use proptest::prelude::*;

use super::tests::{HISTORY, at, change, sent};
use super::{Next, Ring};
use crate::changes::log::LogPage;
use crate::model::Seq;

/// What may happen to a ring and to a connection that follows it.
#[derive(Debug, Clone)]
enum Step {
    /// A writer hands its change over, early, late or again; others never do.
    Offer(i64),
    /// Another server, or a writer that was lost, takes the next number.
    Grow,
    /// A page is asked for, and arrives when other things have happened.
    Ask,
    Arrive,
    /// The connection takes what the ring, or the log, has for it.
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (-6..6_i64).prop_map(Step::Offer),
        2 => Just(Step::Grow),
        1 => Just(Step::Ask),
        1 => Just(Step::Arrive),
        2 => Just(Step::Take),
    ];
    prop::collection::vec(step, 0..200)
}

/// The log after a position, as the store reads it at this moment.
fn read(head: i64, after: i64) -> LogPage {
    LogPage { history: HISTORY, head: Seq::new(head), changes: (after + 1..=head).take(7).map(change).collect() }
}

/// A connection as `connection.rs` follows a ring, with the numbers that it was sent.
struct Follower {
    position: i64,
    sent: Vec<i64>,
}

impl Follower {
    fn take(&mut self, ring: &Ring, log_head: i64) {
        let new = match ring.next(at(self.position)) {
            Next::Wait => return,
            Next::Send(..) => sent(ring, self.position),
            Next::ReadLog => {
                let page = read(log_head, self.position).continuing(at(self.position)).expect("a whole log");
                page.changes.iter().map(|change| change.seq().get()).collect()
            }
        };
        self.sent.extend(&new);
        self.position = new.last().copied().unwrap_or(self.position);
    }
}

proptest! {
    /// However changes and pages are mixed up, repeated or lost on their way to the ring, who
    /// follows it gets 1, 2, 3, …, and everything once the log has been read.
    #[test]
    fn what_leaves_a_ring_is_whole_and_in_order(began: bool, start in 0..5_i64, steps in steps()) {
        let (mut ring, mut log_head, mut asked) = (Ring::default(), start, Vec::new());
        if began {
            ring.begin(at(start));
        }
        let mut follower = Follower { position: 0, sent: Vec::new() };
        for step in steps {
            match step {
                Step::Offer(near) => {
                    let seq = (ring.head().map_or(start, |head| head.seq.get()) + near).max(1);
                    // Only what is committed is ever offered, and commits are in order.
                    log_head = log_head.max(seq);
                    ring.offer(change(seq));
                }
                Step::Grow => log_head += 1,
                Step::Ask => {
                    let head = ring.head();
                    asked.push((read(log_head, head.map_or(0, |head| head.seq.get())), head));
                }
                Step::Arrive if asked.is_empty() => {}
                Step::Arrive => {
                    let (page, head) = asked.remove(0);
                    ring.integrate(page, head);
                }
                Step::Take => follower.take(&ring, log_head),
            }
            if let Some(head) = ring.head() {
                prop_assert!(head.seq.get() <= log_head, "the ring is ahead of the log");
            }
        }
        // The hub reads the log until nothing is missing.
        while ring.head().is_none_or(|head| head.seq.get() < log_head) {
            let head = ring.head();
            ring.integrate(read(log_head, head.map_or(0, |head| head.seq.get())), head);
        }
        prop_assert!(!ring.is_behind());
        while follower.position < log_head {
            follower.take(&ring, log_head);
        }
        prop_assert_eq!(follower.sent, (1..=log_head).collect::<Vec<_>>());
    }
}
