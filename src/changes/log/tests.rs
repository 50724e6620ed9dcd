//! Which pages continue a position.

use super::*;

const HISTORY: History = History::new(1, Some(1));

fn time(seq: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seq, 0).expect("a time")
}

fn at(history: History, seq: i64) -> Position {
    history.head(Seq::new(seq), Some(time(seq)))
}

/// A page with the change `after`, if there is one, and these changes.
fn page(head: i64, after: Option<i64>, seqs: &[i64]) -> LogPage {
    let change = |seq: &i64| Change::task_deleted(HISTORY, Seq::new(*seq), time(*seq), TaskId::new());
    let after = after.map(|after| at(HISTORY, after).time);
    LogPage { history: HISTORY, head: at(HISTORY, head), after, changes: seqs.iter().map(change).collect() }
}

fn outcome(page: LogPage, after: i64) -> Result<usize, ResetReason> {
    page.continuing(at(HISTORY, after)).map(|page| page.changes.len())
}

#[test]
fn a_page_is_complete_when_no_change_is_missing() {
    assert_eq!(outcome(page(5, Some(5), &[]), 5), Ok(0));
    assert_eq!(outcome(page(5, Some(3), &[4, 5]), 3), Ok(2));
    assert_eq!(outcome(page(0, Some(0), &[]), 0), Ok(0));
    assert_eq!(outcome(page(5, None, &[]), 5), Ok(0), "the owner's row names the head");
}

#[test]
fn a_page_that_starts_late_or_is_empty_too_early_is_expired() {
    assert_eq!(outcome(page(5, None, &[4, 5]), 2), Err(ResetReason::Expired));
    assert_eq!(outcome(page(5, Some(4), &[]), 4), Err(ResetReason::Expired));
    assert_eq!(outcome(page(5, Some(0), &[4, 5]), 0), Err(ResetReason::Expired));
    // Nothing shows that the position names the change that was before the 4.
    assert_eq!(outcome(page(5, None, &[4, 5]), 3), Err(ResetReason::Expired));
}

#[test]
fn a_position_ahead_of_the_log_or_of_another_history_is_rejected() {
    assert_eq!(outcome(page(5, None, &[]), 6), Err(ResetReason::AheadOfLog));
    let other = at(History::new(1, Some(2)), 5);
    assert_eq!(page(5, Some(5), &[]).continuing(other), Err(ResetReason::HistoryChanged));
}

#[test]
fn a_position_that_names_another_change_is_rejected() {
    let lost = |seq: i64| HISTORY.at(Seq::new(seq), time(seq + 1000));
    assert_eq!(page(5, Some(5), &[]).continuing(lost(5)), Err(ResetReason::HistoryChanged));
    assert_eq!(page(5, None, &[]).continuing(lost(5)), Err(ResetReason::HistoryChanged));
    assert_eq!(page(5, Some(3), &[4, 5]).continuing(lost(3)), Err(ResetReason::HistoryChanged));
}

proptest::proptest! {
    /// A log without its first `removed` changes is read after `after`. The page is accepted exactly when the
    /// log shows that it contains the change of the position, and a client there misses no change.
    #[test]
    fn a_page_is_accepted_iff_nothing_is_missing(
        head in 0..40_i64, removed in 0..40_i64, after in 0..45_i64, limit in 0..20_usize, same: bool, lost: bool,
    ) {
        let read: Vec<i64> = (removed.min(head) + 1..=head).filter(|seq| *seq > after).take(limit).collect();
        let shown = after == 0 || after > removed.min(head);
        let page = page(head, shown.then_some(after), &read);
        let lost = lost && after > 0;
        let history = if same { page.history } else { History::new(2, Some(1)) };
        let position = if lost { history.at(Seq::new(after), time(after + 1000)) } else { at(history, after) };
        let missing: Vec<i64> = (after + 1..=head).take(read.len().max(1)).filter(|seq| !read.contains(seq)).collect();
        let named = !lost && (shown || after == head);
        let complete = same && named && after <= head && missing.is_empty();
        let result = page.clone().continuing(position);
        proptest::prop_assert_eq!(result.is_ok(), complete);
        if let Ok(page) = result {
            let reached = after + i64::try_from(read.len()).expect("few");
            proptest::prop_assert_eq!(page.end(), at(HISTORY, reached));
        }
    }
}
