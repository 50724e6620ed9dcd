//! The text of positions, and which positions a history continues.

use super::*;

const HISTORY: History = History::new(1, Some(2));

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("a time")
}

/// The text of a position in the release before: epoch, generation and number.
fn old_text(epoch: i64, generation: Option<i64>, seq: i64) -> String {
    let bytes = [epoch, generation.unwrap_or(0), seq].map(i64::to_be_bytes).concat();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// How the release before read a text.
fn read_by_old(text: &str) -> (i64, i64, i64) {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64");
    let number = |from: usize| i64::from_be_bytes(bytes[from..from + 8].try_into().expect("eight bytes"));
    (number(0), number(8), number(16))
}

#[test]
fn a_position_survives_serialisation() {
    for generation in [None, Some(-7), Some(i64::MAX)] {
        let history = History::new(i64::MIN, generation);
        for position in [history.beginning(), history.at(Seq::new(i64::MAX), time(-1))] {
            assert_eq!(position.to_string().parse(), Ok(position));
            assert_eq!(position.to_string().len(), 32);
        }
    }
}

#[test]
fn malformed_positions_are_rejected() {
    let negative = HISTORY.at(Seq::new(-1), time(1)).to_string();
    for text in ["", "42", "AAAA", "hJ0mY3mQv1uXq8c2m0Zt5wAAAAAAAAA=", negative.as_str()] {
        assert_eq!(text.parse::<Position>(), Err(MalformedPosition), "{text}");
    }
}

#[test]
fn a_position_has_exactly_the_time_of_its_change() {
    let at = time(1_764_255_845_123_456);
    let position: Position = HISTORY.at(Seq::new(7), at).to_string().parse().expect("a position");
    assert_eq!(position.time.get(), Some(at));
    assert_ne!(position, HISTORY.at(Seq::new(7), time(1_764_255_845_123_457)));
    assert_eq!(HISTORY.beginning().time.get(), None);
}

#[test]
fn the_head_of_an_owner_without_changes_is_the_beginning() {
    assert_eq!(HISTORY.head(Seq::ZERO, None), HISTORY.beginning());
    assert_eq!(HISTORY.head(Seq::ZERO, Some(time(5))), HISTORY.beginning());
    assert_eq!(HISTORY.head(Seq::new(1), Some(time(5))), HISTORY.at(Seq::new(1), time(5)));
}

#[test]
fn only_a_position_of_the_same_history_continues() {
    let nine = |history: History| history.at(Seq::new(9), time(9));
    assert!(HISTORY.continues(nine(HISTORY)));
    assert!(!HISTORY.continues(nine(History::new(1, Some(3)))));
    assert!(!HISTORY.continues(nine(History::new(2, Some(2)))));
    assert!(!HISTORY.continues(History::new(1, Some(3)).beginning()));
}

#[test]
fn the_position_before_the_first_write_continues_in_any_generation() {
    let never_wrote = History::new(1, None);
    assert!(HISTORY.continues(never_wrote.beginning()));
    assert!(!HISTORY.continues(never_wrote.at(Seq::new(1), time(1))));
    assert!(!History::new(7, Some(2)).continues(never_wrote.beginning()));
    assert_eq!(History::of(1, HISTORY.beginning()), HISTORY);
}

proptest::proptest! {
    #[test]
    fn every_position_survives_serialisation(epoch: i64, generation: Option<i64>, seq in 0..=i64::MAX, micros: i32) {
        let position = History::new(epoch, generation).at(Seq::new(seq), time(micros.into()));
        proptest::prop_assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn different_positions_have_different_texts(one: (i64, i64), other: (i64, i64), seqs in (0..9_i64, 0..9_i64)) {
        let position = |(id, micros), seq| Position {
            history: HistoryId(id), seq: Seq::new(seq), time: ChangeTime(micros),
        };
        let (one, other) = (position(one, seqs.0), position(other, seqs.1));
        proptest::prop_assert_eq!(one == other, one.to_string() == other.to_string());
    }

    #[test]
    fn a_text_that_parses_is_the_text_of_its_position(text in "[A-Za-z0-9_=-]{30,34}|.{0,40}") {
        if let Ok(position) = text.parse::<Position>() {
            proptest::prop_assert_eq!(position.to_string(), text);
        }
    }

    /// A client keeps its position over an upgrade, or moves between servers of both releases.
    #[test]
    fn no_release_continues_a_position_of_the_other(epoch: i64, generation: i64, seq in 0..9_i64, micros in 0..9_i64) {
        proptest::prop_assume!(generation != 0);
        let history = History::new(epoch, Some(generation));
        let old: Position = old_text(epoch, Some(generation), seq).parse().expect("the same length");
        proptest::prop_assert!(!history.continues(old));

        let new = if seq == 0 { history.beginning() } else { history.at(Seq::new(seq), time(micros)) };
        proptest::prop_assert_ne!(read_by_old(&new.to_string()).0, epoch);
    }
}

#[test]
fn the_position_before_the_first_write_is_the_same_in_both_releases() {
    assert_eq!(History::new(5, None).beginning().to_string(), old_text(5, None, 0));
}
