//! Tests of the ring, one for each rule.

use chrono::{DateTime, Utc};

use super::*;
use crate::model::{History, TaskId};

pub(super) const HISTORY: History = History::new(1, Some(1));

pub(super) fn change(seq: i64) -> Change {
    in_history(HISTORY, seq)
}

fn in_history(history: History, seq: i64) -> Change {
    Change::task_deleted(history, Seq::new(seq), time(seq), TaskId::new())
}

/// A change with this number in a database that was restored to before that number.
fn anew(seq: i64) -> Change {
    Change::task_deleted(HISTORY, Seq::new(seq), time(seq + 1000), TaskId::new())
}

fn time(seq: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seq, 0).expect("a time")
}

pub(super) fn at(seq: i64) -> Position {
    HISTORY.head(Seq::new(seq), Some(time(seq)))
}

/// A page that was read after the change `after`.
pub(super) fn page(head: i64, after: i64, changes: Vec<Change>) -> LogPage {
    LogPage { history: HISTORY, head: at(head), after: Some(at(after).time), changes }
}

fn ring(head: i64) -> Ring {
    let mut ring = Ring::default();
    ring.take_head(HISTORY, at(head));
    ring
}

/// The numbers that a connection at `position` would receive.
pub(super) fn sent(ring: &Ring, position: i64) -> Vec<i64> {
    match ring.next(at(position)) {
        Next::Send(messages, end) => {
            let seqs: Vec<i64> = messages
                .iter()
                .map(|text| {
                    serde_json::from_str::<serde_json::Value>(text).expect("JSON")["seq"].as_i64().expect("a number")
                })
                .collect();
            assert_eq!(seqs.last(), Some(&end.seq.get()));
            seqs
        }
        _ => Vec::new(),
    }
}

#[test]
fn changes_that_arrive_out_of_order_are_sent_in_order() {
    let mut ring = ring(4);
    assert!(ring.take(change(7)));
    assert!(ring.take(change(6)));
    assert_eq!(ring.next(at(4)), Next::Wait);
    assert!(!ring.take(change(5)));
    assert_eq!(sent(&ring, 4), [5, 6, 7]);
    assert_eq!(sent(&ring, 6), [7]);
}

#[test]
fn a_change_taken_before_the_first_read_is_not_lost() {
    let mut ring = Ring::default();
    assert!(!ring.take(change(6)));
    assert!(!ring.take_head(HISTORY, at(5)));
    assert_eq!(sent(&ring, 5), [6]);
    let mut ring = Ring::default();
    ring.take(change(7));
    assert!(ring.take_head(HISTORY, at(5)), "6 is missing, the log must be read");
}

#[test]
fn a_repeated_change_is_sent_once() {
    let mut ring = ring(0);
    ring.take(change(1));
    ring.take(change(1));
    ring.integrate(page(1, 0, vec![change(1)]), Some(at(0)));
    assert_eq!(sent(&ring, 0), [1]);
}

#[test]
fn the_log_fills_a_gap() {
    let mut ring = ring(1);
    ring.take(change(4));
    ring.integrate(page(4, 1, vec![change(2), change(3), change(4)]), Some(at(1)));
    assert_eq!(sent(&ring, 1), [2, 3, 4]);
    assert!(!ring.is_behind());
}

#[test]
fn a_connection_further_behind_than_the_ring_reads_the_log() {
    let mut ring = ring(0);
    for seq in (1..).take(MESSAGES_MAX + 1) {
        ring.take(change(seq));
    }
    assert_eq!(ring.next(at(0)), Next::ReadLog);
    assert_eq!(sent(&ring, 1).len(), MESSAGES_MAX);
}

#[test]
fn another_history_is_never_mixed_in() {
    let mut ring = ring(3);
    let other = History::new(1, Some(2));
    assert!(ring.take(in_history(other, 4)));
    assert_eq!(ring.next(at(3)), Next::Wait);
    let change = in_history(other, 4);
    let head = change.position();
    ring.integrate(LogPage { history: other, head, after: Some(at(3).time), changes: vec![change] }, Some(at(3)));
    assert_eq!(ring.next(at(3)), Next::ReadLog);
    assert_eq!(ring.head(), Some(head));
}

#[test]
fn the_first_write_of_an_owner_continues_the_empty_beginning() {
    let mut ring = Ring::default();
    let never_wrote = History::new(1, None);
    let beginning = never_wrote.beginning();
    ring.take_head(never_wrote, beginning);
    assert!(!ring.take(change(1)));
    assert!(matches!(ring.next(beginning), Next::Send(messages, end) if messages.len() == 1 && end == at(1)));
}

#[test]
fn a_page_from_before_the_first_write_does_not_set_the_ring_back() {
    let never_wrote = History::new(1, None);
    let beginning = never_wrote.beginning();
    let mut ring = Ring::default();
    ring.take_head(never_wrote, beginning);
    ring.take(change(1));
    let old = LogPage { history: never_wrote, head: beginning, after: Some(beginning.time), changes: Vec::new() };
    ring.integrate(old, Some(beginning));
    assert_eq!(ring.head(), Some(at(1)));
}

#[test]
fn a_log_that_was_set_back_starts_the_ring_again_without_early_changes() {
    let mut ring = ring(7);
    assert!(ring.take(change(9)));
    assert!(ring.is_behind());
    let shorter = LogPage { after: None, ..page(5, 5, Vec::new()) };
    assert!(ring.integrate(shorter, Some(at(7))));
    assert!(!ring.is_behind(), "or the hub would read the log without end");
    assert_eq!(ring.next(at(5)), Next::Wait);
    assert_eq!(ring.next(at(7)), Next::ReadLog, "only the log can show this connection that it is ahead");
    for seq in 6..=8 {
        assert!(!ring.take(change(seq)));
    }
    assert_eq!(sent(&ring, 5), [6, 7, 8], "the 9 of the earlier log is not sent");
}

#[test]
fn an_old_page_does_not_set_the_ring_back() {
    let mut ring = ring(3);
    ring.take(change(4));
    ring.integrate(page(3, 3, Vec::new()), Some(at(3)));
    assert_eq!(sent(&ring, 3), [4]);
}

#[test]
fn a_generation_without_changes_continues_the_empty_beginning() {
    let never_wrote = History::new(1, None);
    let mut ring = Ring::default();
    ring.take_head(never_wrote, never_wrote.beginning());
    assert!(ring.integrate(page(0, 0, Vec::new()), Some(never_wrote.beginning())));
    assert_eq!(ring.head(), Some(at(0)), "or every sweep would find another head");
    assert_eq!(ring.next(never_wrote.beginning()), Next::Wait);
}

#[test]
fn a_number_that_is_given_again_empties_the_ring() {
    // With the number of the head, of a message, and of the change before the first message.
    for number in [7, 6, 5] {
        let mut ring = ring(5);
        for seq in [6, 7, 9] {
            ring.take(change(seq));
        }
        assert!(ring.take(anew(number)));
        assert_eq!((ring.head(), ring.next(at(7))), (None, Next::ReadLog));
        assert!(!ring.is_behind());
    }
    let mut ring = ring(5);
    assert!(ring.take(anew(4)), "only the log shows whether this change is older than the ring, or new");
    assert_eq!(ring.next(at(5)), Next::Wait);
}

#[test]
fn a_page_or_a_head_with_another_change_of_the_same_number_empties_the_ring() {
    let new = anew(4).position();
    let (mut one, mut other) = (ring(3), ring(3));
    for ring in [&mut one, &mut other] {
        assert!(!ring.take(change(4)));
    }
    assert!(one.take_head(HISTORY, new));
    assert_eq!(one.head(), None);
    // The page continues the 3, at which the ring was when it was read.
    let restored = LogPage { head: new, ..page(4, 3, vec![anew(4)]) };
    assert!(other.integrate(restored, Some(at(3))));
    assert_eq!((other.head(), other.next(at(4)), other.next(new)), (Some(new), Next::ReadLog, Next::Wait));
}

#[test]
fn a_page_after_another_change_of_the_same_number_starts_the_ring_again() {
    let mut ring = ring(4);
    let head = anew(6).position();
    let restored =
        LogPage { history: HISTORY, head, after: Some(anew(4).position().time), changes: vec![anew(5), anew(6)] };
    assert!(ring.integrate(restored, Some(at(4))));
    assert_eq!((ring.head(), ring.next(at(4))), (Some(head), Next::ReadLog));
}

#[test]
fn only_a_connection_that_received_the_change_before_is_sent_the_next() {
    let mut ring = ring(3);
    for seq in [4, 5] {
        ring.take(change(seq));
    }
    for seq in [3, 4, 5] {
        assert_ne!(ring.next(at(seq)), Next::ReadLog);
        assert_eq!(ring.next(anew(seq).position()), Next::ReadLog);
    }
}
