//! Tests of the ring, one for each rule.

use chrono::DateTime;

use super::*;
use crate::model::{History, TaskId};

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
    ring.take_head(at(head));
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
    assert!(!ring.take_head(at(5)));
    assert_eq!(sent(&ring, 5), [6]);
    let mut ring = Ring::default();
    ring.take(change(7));
    assert!(ring.take_head(at(5)), "6 is missing, the log must be read");
}

#[test]
fn a_repeated_change_is_sent_once() {
    let mut ring = ring(0);
    ring.take(change(1));
    ring.take(change(1));
    ring.integrate(LogPage { history: HISTORY, head: Seq::new(1), changes: vec![change(1)] }, Some(at(0)));
    assert_eq!(sent(&ring, 0), [1]);
}

#[test]
fn the_log_fills_a_gap() {
    let mut ring = ring(1);
    ring.take(change(4));
    ring.integrate(
        LogPage { history: HISTORY, head: Seq::new(4), changes: vec![change(2), change(3), change(4)] },
        Some(at(1)),
    );
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
    ring.integrate(LogPage { history: other, head: Seq::new(4), changes: vec![in_history(other, 4)] }, Some(at(3)));
    assert_eq!(ring.next(at(3)), Next::ReadLog);
    assert_eq!(ring.head(), Some(other.at(Seq::new(4))));
}

#[test]
fn the_first_write_of_an_owner_continues_the_empty_beginning() {
    let mut ring = Ring::default();
    let beginning = History::new(1, None).at(Seq::ZERO);
    ring.take_head(beginning);
    assert!(!ring.take(change(1)));
    assert!(matches!(ring.next(beginning), Next::Send(messages, end) if messages.len() == 1 && end == at(1)));
}

#[test]
fn a_page_from_before_the_first_write_does_not_set_the_ring_back() {
    let beginning = History::new(1, None).at(Seq::ZERO);
    let mut ring = Ring::default();
    ring.take_head(beginning);
    ring.take(change(1));
    let old = LogPage { history: beginning.history, head: Seq::ZERO, changes: Vec::new() };
    ring.integrate(old, Some(beginning));
    assert_eq!(ring.head(), Some(at(1)));
}

#[test]
fn a_log_that_was_set_back_starts_the_ring_again_without_early_changes() {
    let mut ring = ring(7);
    assert!(ring.take(change(9)));
    assert!(ring.is_behind());
    let shorter = LogPage { history: HISTORY, head: Seq::new(5), changes: Vec::new() };
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
    ring.integrate(LogPage { history: HISTORY, head: Seq::new(3), changes: Vec::new() }, Some(at(3)));
    assert_eq!(sent(&ring, 3), [4]);
}
