//! The newest changes of one user as they go over the wire, in order and without gaps: the part
//! of a channel that is pure. Changes arrive in any order; the ring takes one only as the
//! number after its head, keeps early ones aside, and says when the log must be read.

use std::collections::{BTreeMap, VecDeque};

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::log::LogPage;
use crate::model::{Change, Position, Seq};

/// How many changes a ring keeps for connections that are a little behind.
const KEPT: usize = 32;
/// How many changes that came too early it keeps; beyond that the log has them.
const EARLY: usize = 256;

/// Shared by the sockets of one user. Serialised once, whatever their number.
#[derive(Debug, Default)]
pub struct Ring {
    /// `None` until the log has been read once: before that the head is unknown.
    base: Option<Position>,
    sent: VecDeque<Utf8Bytes>,
    early: BTreeMap<Seq, Change>,
    /// The newest change heard of, here or not.
    heard: Option<Position>,
}

/// What a connection at some position should do.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It has everything.
    Wait,
    /// These messages come next; the position is the one after them.
    Send(Vec<Utf8Bytes>, Position),
    /// What comes next is not here any more: the log has it, or knows that it has not.
    ReadLog,
}

impl Ring {
    /// Takes a change from a writer. Returns whether the log must be read to go on.
    pub fn offer(&mut self, change: Change) -> bool {
        let position = change.position();
        let seq = position.seq;
        let Some(head) = self.base else {
            self.hear(position);
            self.keep_early(change);
            return false;
        };
        if !position.history.continues(head) {
            // Only the log can say which of two histories is the present one.
            return true;
        }
        if seq <= head.seq {
            return false;
        }
        if seq > head.seq.next() {
            self.hear(position);
            self.keep_early(change);
            return true;
        }
        self.push(&change);
        self.push_early();
        self.is_behind()
    }

    /// Takes what the log said when the head was `asked_at`; returns whether it was of use.
    /// What does not continue the head starts the ring anew, and connections find that out by
    /// their own positions; unless the head has moved on meanwhile, and the page is merely old.
    pub fn integrate(&mut self, page: LogPage, asked_at: Option<Position>) -> bool {
        let now = page.history.at(page.head);
        let Some(head) = self.base else {
            self.start(now);
            return true;
        };
        match page.continuing(asked_at.unwrap_or(head)) {
            Ok(page) => {
                for change in page.changes {
                    if self.base.is_some_and(|head| change.seq() == head.seq.next()) {
                        self.push(&change);
                    }
                }
                self.push_early();
                true
            }
            Err(_) if asked_at != self.base => false,
            Err(_) => {
                // What was heard belongs to a log that is no more. What has been heard since this
                // page's snapshot may be forgotten too: the hub then reads once more.
                self.early.clear();
                self.heard = None;
                self.start(now);
                true
            }
        }
    }

    /// Learns of a head that was read from the log. Returns whether the log must be read to
    /// come as far.
    pub fn begin(&mut self, head: Position) -> bool {
        if self.base.is_none() {
            self.start(head);
        }
        self.hear(head);
        self.is_behind()
    }

    pub fn next(&self, position: Position) -> Next {
        let Some(head) = self.base else { return Next::ReadLog };
        if !head.history.continues(position) {
            return Next::ReadLog;
        }
        if position.seq == head.seq {
            return Next::Wait;
        }
        // Who is ahead of the ring may have read the log more lately, or the log may have gone
        // back: that is for the log to say.
        let behind = usize::try_from(head.seq.get() - position.seq.get()).unwrap_or(usize::MAX);
        if behind > self.sent.len() {
            return Next::ReadLog;
        }
        let messages = self.sent.range(self.sent.len() - behind..).cloned().collect();
        Next::Send(messages, head)
    }

    pub fn head(&self) -> Option<Position> {
        self.base
    }

    /// Whether a change is known of that is not here yet.
    pub fn is_behind(&self) -> bool {
        match (self.base, self.heard) {
            (Some(head), Some(newest)) => newest.history.continues(head) && newest.seq > head.seq,
            _ => false,
        }
    }

    fn start(&mut self, head: Position) {
        self.base = Some(head);
        self.sent.clear();
        self.push_early();
    }

    fn push(&mut self, change: &Change) {
        // Strings, numbers and times always serialise.
        let json = serde_json::to_string(change).unwrap_or_default();
        if self.sent.len() == KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back(json.into());
        self.base = Some(change.position());
    }

    fn hear(&mut self, of: Position) {
        if self.heard.is_none_or(|heard| heard.history != of.history || heard.seq < of.seq) {
            self.heard = Some(of);
        }
    }

    fn keep_early(&mut self, change: Change) {
        if self.early.len() < EARLY {
            self.early.insert(change.seq(), change);
        }
    }

    fn push_early(&mut self) {
        while let (Some(head), Some(entry)) = (self.base, self.early.first_entry()) {
            let fits = entry.get().position().history.continues(head);
            if fits && *entry.key() == head.seq.next() {
                let change = entry.remove();
                self.push(&change);
            } else if !fits || *entry.key() <= head.seq {
                entry.remove();
            } else {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::History;
    use crate::model::TaskId;
    use chrono::DateTime;

    pub(super) const HISTORY: History = History::new(1, Some(1));

    pub(super) fn change(seq: i64) -> Change {
        in_history(HISTORY, seq)
    }

    fn in_history(history: History, seq: i64) -> Change {
        Change::task_deleted(history.at(Seq::new(seq)), DateTime::UNIX_EPOCH, TaskId::new())
    }

    pub(super) fn at(seq: i64) -> Position {
        HISTORY.at(Seq::new(seq))
    }

    fn ring(head: i64) -> Ring {
        let mut ring = Ring::default();
        ring.begin(at(head));
        ring
    }

    /// The numbers that a connection at `position` would be sent.
    pub(super) fn sent(ring: &Ring, position: i64) -> Vec<i64> {
        match ring.next(at(position)) {
            Next::Send(messages, end) => {
                let seqs: Vec<i64> = messages
                    .iter()
                    .map(|text| {
                        serde_json::from_str::<serde_json::Value>(text).expect("JSON")["seq"]
                            .as_i64()
                            .expect("a number")
                    })
                    .collect();
                assert_eq!(seqs.last(), Some(&end.seq.get()));
                seqs
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn changes_that_arrive_out_of_order_leave_in_order() {
        let mut ring = ring(4);
        assert!(ring.offer(change(7)));
        assert!(ring.offer(change(6)));
        assert_eq!(ring.next(at(4)), Next::Wait);
        assert!(!ring.offer(change(5)));
        assert_eq!(sent(&ring, 4), [5, 6, 7]);
        assert_eq!(sent(&ring, 6), [7]);
    }

    #[test]
    fn a_change_that_came_before_the_first_read_is_not_lost() {
        let mut ring = Ring::default();
        assert!(!ring.offer(change(6)));
        assert!(!ring.begin(at(5)));
        assert_eq!(sent(&ring, 5), [6]);
        let mut ring = Ring::default();
        ring.offer(change(7));
        assert!(ring.begin(at(5)), "6 is missing, the log must be read");
    }

    #[test]
    fn a_repeated_change_is_sent_once() {
        let mut ring = ring(0);
        ring.offer(change(1));
        ring.offer(change(1));
        ring.integrate(LogPage { history: HISTORY, head: Seq::new(1), changes: vec![change(1)] }, Some(at(0)));
        assert_eq!(sent(&ring, 0), [1]);
    }

    #[test]
    fn the_log_fills_a_gap() {
        let mut ring = ring(1);
        ring.offer(change(4));
        ring.integrate(
            LogPage { history: HISTORY, head: Seq::new(4), changes: vec![change(2), change(3), change(4)] },
            Some(at(1)),
        );
        assert_eq!(sent(&ring, 1), [2, 3, 4]);
        assert!(!ring.is_behind());
    }

    #[test]
    fn who_is_further_behind_than_the_ring_reads_the_log() {
        let mut ring = ring(0);
        for seq in (1..).take(KEPT + 1) {
            ring.offer(change(seq));
        }
        assert_eq!(ring.next(at(0)), Next::ReadLog);
        assert_eq!(sent(&ring, 1).len(), KEPT);
    }

    #[test]
    fn another_history_is_never_mixed_in() {
        let mut ring = ring(3);
        let other = History::new(1, Some(2));
        assert!(ring.offer(in_history(other, 4)));
        assert_eq!(ring.next(at(3)), Next::Wait);
        ring.integrate(LogPage { history: other, head: Seq::new(4), changes: vec![in_history(other, 4)] }, Some(at(3)));
        assert_eq!(ring.next(at(3)), Next::ReadLog);
        assert_eq!(ring.head(), Some(other.at(Seq::new(4))));
    }

    #[test]
    fn the_first_write_of_an_owner_continues_the_empty_beginning() {
        let mut ring = Ring::default();
        let beginning = History::new(1, None).at(Seq::ZERO);
        ring.begin(beginning);
        assert!(!ring.offer(change(1)));
        assert!(matches!(ring.next(beginning), Next::Send(messages, end) if messages.len() == 1 && end == at(1)));
    }

    #[test]
    fn a_page_from_before_the_first_write_does_not_set_the_ring_back() {
        let beginning = History::new(1, None).at(Seq::ZERO);
        let mut ring = Ring::default();
        ring.begin(beginning);
        ring.offer(change(1));
        let old = LogPage { history: beginning.history, head: Seq::ZERO, changes: Vec::new() };
        ring.integrate(old, Some(beginning));
        assert_eq!(ring.head(), Some(at(1)));
    }

    #[test]
    fn a_log_that_has_gone_back_ends_the_ring_and_all_it_had_heard() {
        let mut ring = ring(7);
        assert!(ring.offer(change(9)));
        assert!(ring.is_behind());
        let shorter = LogPage { history: HISTORY, head: Seq::new(5), changes: Vec::new() };
        assert!(ring.integrate(shorter, Some(at(7))));
        assert!(!ring.is_behind(), "or the hub would read the log without end");
        assert_eq!(ring.next(at(5)), Next::Wait);
        assert_eq!(ring.next(at(7)), Next::ReadLog, "only the log can tell this connection that it is ahead");
        for seq in 6..=8 {
            assert!(!ring.offer(change(seq)));
        }
        assert_eq!(sent(&ring, 5), [6, 7, 8], "the 9 of before is not mixed in");
    }

    #[test]
    fn an_old_page_does_not_set_the_ring_back() {
        let mut ring = ring(3);
        ring.offer(change(4));
        ring.integrate(LogPage { history: HISTORY, head: Seq::new(3), changes: Vec::new() }, Some(at(3)));
        assert_eq!(sent(&ring, 3), [4]);
    }
}

#[cfg(test)]
mod properties;
