//! Properties of all rules: occurrences go forward and end, the search is fast, and the crate `rrule`
//! finds the same occurrences, for the rules that it supports.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, NaiveTime, TimeZone as _};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Nothing, or a part with a list of some of the values.
fn part(name: &'static str, values: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    let list = subsequence(values.to_vec(), 1..4).prop_map(move |list| format!(";{name}={}", list.join(",")));
    prop_oneof![2 => Just(String::new()), 1 => list]
}

fn numbered(numbers: &'static [&'static str]) -> impl Strategy<Value = String> {
    let day = (select(numbers), select(&DAYS[..])).prop_map(|(number, day)| format!("{number}{day}"));
    let list = prop::collection::vec(day, 1..4).prop_map(|days| format!(";BYDAY={}", days.join(",")));
    prop_oneof![1 => Just(String::new()), 1 => list]
}

/// Rules in the grammar, without an end. Many never occur, and some are forbidden combinations.
fn endless() -> impl Strategy<Value = String> {
    let interval = select(
        &["", "", ";INTERVAL=2", ";INTERVAL=3", ";INTERVAL=7", ";INTERVAL=12", ";INTERVAL=400", ";INTERVAL=65535"][..],
    );
    let week_start = (select(&DAYS[..])).prop_map(|day| format!(";WKST={day}"));
    let month = part("BYMONTH", &["1", "2", "4", "9", "12"]);
    let month_day = part("BYMONTHDAY", &["1", "13", "28", "29", "30", "31", "-1", "-29", "-31"]);
    let year = (
        part("BYWEEKNO", &["1", "2", "20", "52", "53", "-1", "-52", "-53"]),
        part("BYYEARDAY", &["1", "60", "200", "365", "366", "-1", "-366"]),
    );
    let position = part("BYSETPOS", &["1", "2", "3", "7", "-1", "-2"]);
    let shape = prop_oneof![
        Just("DAILY").prop_flat_map(|freq| (Just(freq), numbered(&[""]))),
        Just("WEEKLY").prop_flat_map(|freq| (Just(freq), numbered(&[""]))),
        Just("MONTHLY").prop_flat_map(|freq| (Just(freq), numbered(&["", "", "1", "2", "5", "-1", "-4", "-5"]))),
        Just("YEARLY").prop_flat_map(|freq| (Just(freq), numbered(&["", "", "1", "-1", "20", "53", "-53"]))),
    ];
    (shape, interval, week_start, month, month_day, year, position).prop_map(
        |((freq, day), interval, week_start, month, month_day, (week, year_day), position)| {
            let yearly = if freq == "YEARLY" { format!("{week}{year_day}") } else { String::new() };
            let month_day = if freq == "WEEKLY" { String::new() } else { month_day };
            format!("FREQ={freq}{interval}{week_start}{month}{yearly}{month_day}{day}{position}")
        },
    )
}

fn date() -> impl Strategy<Value = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date");
    (0..100_000_u64).prop_map(move |days| first + Days::new(days))
}

fn due() -> impl Strategy<Value = Due> {
    let zone = select(&["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"][..]);
    let time = prop::option::of((0..1440_u32, zone));
    (date(), time).prop_map(|(date, time)| match time {
        None => Due::on(date),
        Some((minute, zone)) => {
            let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).expect("a time");
            Due::at(date, time, zone.parse().expect("a zone"))
        }
    })
}

/// The slowest rule takes far less, even in a test without optimisation on a busy machine; an unbounded
/// search takes far more.
const QUICKLY: Duration = Duration::from_secs(2);

fn quickly<T>(run: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let value = run();
    assert!(began.elapsed() < QUICKLY, "took {:?}", began.elapsed());
    value
}

struct NotCompared;

/// The first occurrence after the start according to the crate `rrule`. It rejects some rules and
/// evaluates others wrongly; these are not compared.
fn next_of_crate(text: &str, start: NaiveDate) -> Result<Option<NaiveDate>, NotCompared> {
    use rrule::{RRule, RRuleSet, Tz, Unvalidated};
    let numbers = |day: &str| day.len() > 2;
    let days: Vec<&str> = text
        .split_once("BYDAY=")
        .map_or(vec![], |(_, rest)| rest.split(';').next().unwrap_or_default().split(',').collect());
    // It requires a day to be a numbered one and a plain one, if BYDAY contains both.
    let mixed = days.iter().any(|day| numbers(day)) && !days.iter().all(|day| numbers(day));
    // It misses days of December in week 1 of the next year if BYWEEKNO counts that week from the end.
    let from_end = text.contains("-53") || text.contains("-52");
    // With BYWEEKNO alone it takes every day of the week; the RFC takes the weekday of the start.
    let whole_weeks = text.contains("BYWEEKNO") && days.is_empty();
    // In the first week it counts positions from the start, not from the beginning of the week. It
    // counts months in a `u16`.
    let week_position = text.contains("WEEKLY") && text.contains("BYSETPOS");
    let far = text.contains("MONTHLY") && text.contains("65535");
    if mixed || from_end || whole_weeks || week_position || far {
        return Err(NotCompared);
    }
    let start_at = Tz::UTC.from_utc_datetime(&start.and_time(NaiveTime::MIN));
    let rule = text.parse::<RRule<Unvalidated>>().and_then(|rule| rule.validate(start_at)).map_err(|_| NotCompared)?;
    let found = RRuleSet::new(start_at).rrule(rule).into_iter().map(|at| at.date_naive()).find(|date| *date > start);
    Ok(found.filter(|date| *date <= NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_next_occurrence_is_later_and_that_of_the_crate(text in endless(), due in due()) {
        let Ok(rule) = text.parse::<Recurrence>() else { return Ok(()) };
        prop_assert_eq!(rule.as_str().parse(), Ok(rule.clone()));
        let next = quickly(|| rule.next(&due));
        prop_assert_eq!(rule.check(&due), next.as_ref().map(|_| ()).ok_or(RecurrenceError::Never));
        if let Some((next, left)) = &next {
            prop_assert!(next.local_time() > due.local_time() && next.instant() > due.instant());
            prop_assert_eq!((next.time(), next.time_zone()), (due.time(), due.time_zone()));
            prop_assert_eq!(left, &rule);
            // Only here, because the crate searches for a long time if there is no occurrence.
            if let Ok(expected) = next_of_crate(&text, due.date()) {
                prop_assert_eq!(expected, Some(next.date()), "{}", text);
            }
        }
    }

    #[test]
    fn a_count_ends_after_that_many_occurrences(text in endless(), due in due(), count in 1..40_u32) {
        let Ok(rule) = format!("{text};COUNT={count}").parse::<Recurrence>() else { return Ok(()) };
        prop_assume!(rule.check(&due).is_ok());
        let mut state = (due, rule);
        let mut seen = 1;
        while let Some(next) = state.1.next(&state.0) {
            prop_assert!(next.0.date() > state.0.date());
            seen += 1;
            state = next;
        }
        // There may be fewer only because the range of dates ends.
        let out_of_dates = state.1.check(&state.0) == Err(RecurrenceError::Never);
        prop_assert!(seen == count || (seen < count && out_of_dates), "{} of {}", seen, count);
    }

    #[test]
    fn nothing_comes_after_until(text in endless(), due in due(), days in 0..4000_u64, by_date in any::<bool>()) {
        let last = due.date() + Days::new(days);
        let until = if by_date { last.format("%Y%m%d").to_string() } else { last.format("%Y%m%dT120000Z").to_string() };
        let Ok(rule) = format!("{text};UNTIL={until}").parse::<Recurrence>() else { return Ok(()) };
        prop_assume!(rule.check(&due).is_ok());
        let adapted = rule.adapted_to(&due);
        prop_assert_eq!(adapted.check(&due), Ok(()));
        prop_assert_eq!(adapted.adapted_to(&due), adapted.clone());
        let free: Recurrence = text.parse().expect("the same without an end");
        let mut state = (due, rule.clone());
        for _ in 0..20 {
            let next = state.1.next(&state.0);
            // The adapted rule has the same occurrences.
            prop_assert_eq!(adapted.next(&state.0).map(|next| next.0), next.as_ref().map(|next| next.0));
            let Some(next) = next else {
                let beyond = free.next(&state.0).map(|next| next.0);
                prop_assert!(beyond.is_none_or(|beyond| beyond.date() >= last));
                break;
            };
            prop_assert!(next.0.date() <= last + Days::new(1));
            state = next;
        }
    }
}

/// Texts that resemble a rule.
fn noise() -> impl Strategy<Value = String> {
    let word = select(
        &[
            "RRULE:",
            "FREQ",
            "DAILY",
            "WEEKLY",
            "MONTHLY",
            "YEARLY",
            "HOURLY",
            "INTERVAL",
            "COUNT",
            "UNTIL",
            "BYDAY",
            "BYMONTH",
            "BYMONTHDAY",
            "BYWEEKNO",
            "BYYEARDAY",
            "BYSETPOS",
            "BYHOUR",
            "WKST",
            "MO",
            "SU",
            "=",
            ";",
            ",",
            "-",
            "+",
            "0",
            "1",
            "2",
            "30",
            "31",
            "366",
            "65535",
            "99999999999999999999",
            "20261231",
            "20261231T235959Z",
            "é",
            "€",
            "\n",
            " ",
            "\0",
            "FREQ=DAILY",
            "FREQ=YEARLY;",
            "FREQ=MONTHLY;",
            ";BYDAY=",
            ";BYMONTHDAY=",
            ";INTERVAL=",
            ";COUNT=",
            ";UNTIL=",
            "T",
            "Z",
        ][..],
    );
    prop_oneof![
        3 => prop::collection::vec(word, 0..14).prop_map(|words| words.concat()),
        1 => any::<String>(),
        1 => "[A-Z0-9=;,:+-]{0,60}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_text_panics_or_takes_long(text in noise(), due in due()) {
        quickly(|| match text.parse::<Recurrence>() {
            Ok(rule) => {
                assert!(rule.as_str().len() <= RECURRENCE_MAX);
                assert_eq!(rule.as_str().parse(), Ok(rule.clone()));
                let _ = rule.check(&due);
                let _ = rule.next(&due);
                let _ = rule.adapted_to(&due);
            }
            Err(error) => assert!(error.to_string().starts_with("must ")),
        });
    }
}

#[test]
fn a_rule_that_never_occurs_is_recognised_quickly() {
    let due = Due::on(NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date"));
    let lists = "BYMONTHDAY=-31,-30,30,31;BYDAY=MO,TU,WE,TH,FR,SA,SU";
    for rule in [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".to_owned(),
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2".to_owned(),
        format!("FREQ=MONTHLY;{lists};BYSETPOS=366"),
        format!("FREQ=YEARLY;BYWEEKNO=1,-1,53,-53;BYYEARDAY=180,181,182,183;{lists}"),
        format!("FREQ=YEARLY;BYWEEKNO=1,20,-1;{lists};BYSETPOS=366"),
    ] {
        let rule: Recurrence = rule.parse().expect("a rule");
        assert_eq!(quickly(|| rule.check(&due)), Err(RecurrenceError::Never), "{rule}");
    }
}
