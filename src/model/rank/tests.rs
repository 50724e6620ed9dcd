//! Examples of ranks, and the defect of the crate `fractional_index` that [`Rank::between`] avoids.

use super::*;

fn rank(text: &str) -> Rank {
    text.parse().expect("a rank")
}

#[test]
fn an_appended_rank_is_a_fractional_index_and_last() {
    let mut before: Option<Rank> = None;
    for seq in [0, 1, 2, 127, 128, 255, 256, 65_535, 65_536, 1 << 40, (1 << 48) - 1] {
        let appended = Rank::appended(Seq::new(seq));
        assert_eq!(appended.as_str().len(), 14);
        assert_eq!(appended.as_str().parse(), Ok(appended.clone()));
        assert_eq!(appended.index().expect("an index").to_string(), appended.as_str());
        if let Some(before) = before {
            assert!(before < appended);
            let middle = Rank::between(Some(&before), &appended).expect("room");
            assert!(before < middle && middle < appended);
        }
        before = Some(appended);
    }
    assert_eq!(Rank::appended(Seq::new(42)).as_str(), "00000000002a80");
}

#[test]
fn a_rank_between_lies_between() {
    let between = |lower: &str, upper: &str| Rank::between(Some(&rank(lower)), &rank(upper)).map(|rank| rank.0);
    assert_eq!(between("00000000002a80", "00000000002b80").as_deref(), Some("00000000002a8180"));
    assert_eq!(
        between("00000000002a80", "00000000003a80").as_deref(),
        Some("0000000000328000").map(|text| &text[..14])
    );
    assert_eq!(between("80", "8180").as_deref(), Some("817f80"));
    assert_eq!(between("7f80", "80").as_deref(), Some("7f8180"));
    assert_eq!(between("007f80", "00ff80").as_deref(), Some("00bf80"));
    assert_eq!(Rank::between(None, &rank("00000000000180")), Some(rank("0000000000017fffffff80")));
    assert_eq!(Rank::between(None, &rank("0000000000017fffffff80")), Some(rank("0000000000017ffffffe80")));
    assert_eq!(Rank::between(None, &rank("0000000000000000000080")), Some(rank("000000000000000000007f80")));
}

#[test]
fn nothing_lies_between_ranks_that_are_not_in_order() {
    for (lower, upper) in
        [("80", "80"), ("8180", "80"), ("80", "7f80"), ("00000000002b80", "00000000002a80"), ("0080", "00000180")]
    {
        assert_eq!(Rank::between(Some(&rank(lower)), &rank(upper)), None, "{lower} {upper}");
    }
    // The check of the column rejects these; only the type can contain them.
    for broken in ["", "8", "xx", "81"].map(|text| Rank(text.to_owned())) {
        assert_eq!(Rank::between(None, &broken), None);
        assert_eq!(Rank::between(Some(&broken), &rank("ff80")), None);
        assert_eq!(rebalance(std::slice::from_ref(&broken), 0, Some(&broken), &rank("ff80")), None);
    }
}

#[test]
fn a_malformed_rank_is_rejected() {
    for text in ["", "8", "0", "81", "A80", "AA80", "0x80", "800", " 80", "é80", &format!("{:0198}8080", 0)] {
        assert_eq!(text.parse::<Rank>(), Err(MalformedRank), "{text}");
    }
    assert_eq!(serde_json::from_str::<Rank>(r#""00000000002a80""#).expect("a rank"), Rank::appended(Seq::new(42)));
    let error = serde_json::from_str::<Rank>(r#""2A80""#).expect_err("no rank").to_string();
    assert!(error.starts_with("must be the rank of a task"), "{error}");
}

#[test]
fn the_crate_alone_fails_where_both_share_a_zero() {
    // This is why `between` skips the shared bytes. If this test fails, the crate is fixed, and
    // `between` no longer has to skip them.
    let index = |text: &str| FractionalIndex::from_string(text).expect("an index");
    let (low, high) = (index("000580"), index("000780"));
    let alone = std::panic::catch_unwind(|| FractionalIndex::new_between(&low, &high));
    assert!(!matches!(&alone, Ok(Some(middle)) if low < *middle && *middle < high), "{alone:?}");
    assert_eq!(Rank::between(Some(&rank("000580")), &rank("000780")), Some(rank("000680")));
}

#[test]
fn every_write_of_a_rebalance_keeps_the_order() {
    let deep = "00000000002a".to_owned() + &"81".repeat(41);
    let crowded: Vec<Rank> = (1..6).map(|last| rank(&format!("{deep}{last:02x}80"))).collect();
    assert!(crowded[2].is_long());
    let steps = rebalance(&crowded, 2, None, &Rank::appended(Seq::new(100))).expect("room");
    // The upper three go up, the highest first; then the lower two go down, the lowest first.
    let written: Vec<(usize, &str)> = steps.iter().map(|(place, rank)| (*place, rank.as_str())).collect();
    let expected = [
        (4, "000000000053c080"),
        (3, "0000000000430080"),
        (2, "0000000000324080"),
        (0, "000000000010c080"),
        (1, "0000000000218080"),
    ];
    assert_eq!(written, expected);
}
