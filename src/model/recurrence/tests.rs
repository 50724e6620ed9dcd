//! Examples of rules, their ends, and the errors of rejected rules.

use chrono::{NaiveDate, NaiveTime};
use serde_json::json;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn on(day: &str) -> Due {
    Due::on(date(day))
}

fn at(day: &str, time: &str, zone: &str) -> Due {
    let time = NaiveTime::parse_from_str(time, "%H:%M").expect("a time");
    Due::at(date(day), time, zone.parse().expect("a zone"))
}

fn rule(text: &str) -> Recurrence {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The dates of the next occurrences, at most `many`.
fn dates(text: &str, due: Due, many: usize) -> Vec<String> {
    let mut state = (due, rule(text));
    assert_eq!(state.1.check(&state.0), Ok(()), "{text}");
    let mut dates = Vec::new();
    while dates.len() < many {
        let Some(next) = state.1.next(&state.0) else { break };
        assert_eq!((next.0.time(), next.0.time_zone()), (due.time(), due.time_zone()));
        // The remaining rule is valid for the new due.
        assert_eq!(next.1.check(&next.0), Ok(()));
        assert_eq!(next.1.as_str().parse(), Ok(next.1.clone()));
        dates.push(next.0.date().to_string());
        state = next;
    }
    dates
}

fn after(text: &str, day: &str, expected: &[&str]) {
    assert_eq!(dates(text, on(day), expected.len()), expected, "{text} from {day}");
}

#[test]
fn months_without_such_a_day_are_skipped() {
    after("FREQ=MONTHLY", "2026-01-31", &["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31", "2026-10-31"]);
    after("FREQ=MONTHLY;BYMONTHDAY=30", "2026-01-30", &["2026-03-30", "2026-04-30"]);
    after("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", &["2026-02-28", "2026-03-31", "2026-04-30"]);
    after("FREQ=MONTHLY;BYMONTHDAY=-1", "2028-01-15", &["2028-01-31", "2028-02-29"]);
    after("FREQ=MONTHLY;INTERVAL=2", "2025-12-31", &["2026-08-31", "2026-10-31", "2026-12-31", "2027-08-31"]);
    after("FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "2026-02-15", &["2026-02-28", "2026-03-01", "2026-03-15"]);
}

#[test]
fn a_leap_day_occurs_only_in_leap_years() {
    after("FREQ=YEARLY", "2024-02-29", &["2028-02-29", "2032-02-29"]);
    after("FREQ=YEARLY", "2096-02-29", &["2104-02-29"]);
    after("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2024-02-29", &["2025-02-28", "2026-02-28"]);
    after("FREQ=YEARLY;INTERVAL=3", "2024-02-29", &["2036-02-29"]);
    after("FREQ=YEARLY;BYYEARDAY=-1,60", "2027-12-31", &["2028-02-29", "2028-12-31", "2029-03-01"]);
    after("FREQ=YEARLY;BYYEARDAY=366", "2024-12-31", &["2028-12-31"]);
}

#[test]
fn every_other_week_counts_from_the_start_of_the_week() {
    // 2026-11-25 is a Wednesday.
    after("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "2026-11-25", &["2026-12-07", "2026-12-09", "2026-12-21"]);
    after("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", "2026-11-24", &["2026-11-29", "2026-12-08", "2026-12-13"]);
    // The week begins on Sunday, so this Sunday opens the next one.
    after("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "2026-11-24", &["2026-12-06", "2026-12-08", "2026-12-20"]);
    after("FREQ=WEEKLY", "2026-12-30", &["2027-01-06"]);
    after("FREQ=WEEKLY;BYDAY=SU;BYMONTH=1", "2026-11-25", &["2027-01-03"]);
    after("FREQ=WEEKLY;INTERVAL=52;BYDAY=FR", "2026-12-31", &["2027-01-01", "2027-12-31"]);
}

#[test]
fn days_may_be_numbered() {
    after("FREQ=MONTHLY;BYDAY=1MO", "2026-11-02", &["2026-12-07", "2027-01-04"]);
    after("FREQ=MONTHLY;BYDAY=-1FR", "2026-11-25", &["2026-11-27", "2026-12-25"]);
    after("FREQ=MONTHLY;BYDAY=5SA", "2026-11-25", &["2027-01-30", "2027-05-29"]);
    after("FREQ=MONTHLY;BYDAY=-5SA", "2026-11-25", &["2027-01-02", "2027-05-01"]);
    after("FREQ=MONTHLY;BYDAY=WE,1MO", "2026-11-25", &["2026-12-02", "2026-12-07", "2026-12-09"]);
    after("FREQ=YEARLY;BYDAY=20MO", "2026-01-01", &["2026-05-18", "2027-05-17"]);
    after("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-25", &["2026-11-26", "2027-11-25"]);
    after("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-11-25", &["2027-08-13"]);
}

#[test]
fn bysetpos_counts_in_the_whole_period() {
    let workday = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1";
    after(workday, "2026-10-30", &["2026-11-30", "2026-12-31", "2027-01-29"]);
    after("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "2026-11-05", &["2026-12-03", "2027-01-07"]);
    // Wednesday is the second of its week, although the search begins at a Wednesday.
    after("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2026-11-25", &["2026-12-02", "2026-12-09"]);
    after("FREQ=YEARLY;BYDAY=SU;BYSETPOS=1,-1", "2026-11-25", &["2026-12-27", "2027-01-03", "2027-12-26"]);
}

#[test]
fn weeks_are_numbered_through_the_new_year() {
    after("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2026-11-25", &["2027-01-04", "2028-01-03", "2029-01-01", "2029-12-31"]);
    after("FREQ=YEARLY;BYWEEKNO=53;BYDAY=TH", "2026-01-01", &["2026-12-31", "2032-12-30"]);
    after("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", "2026-11-25", &["2027-01-03", "2028-01-02"]);
    // The weekday comes from the due, a Wednesday.
    after("FREQ=YEARLY;BYWEEKNO=20", "2026-11-25", &["2027-05-19"]);
}

#[test]
fn the_due_of_a_rule_may_be_no_occurrence() {
    after("FREQ=WEEKLY;BYDAY=MO", "2026-11-25", &["2026-11-30", "2026-12-07"]);
    after("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", "2026-11-25", &["2027-01-01"]);
    after("FREQ=DAILY;BYDAY=SA,SU", "2026-11-25", &["2026-11-28", "2026-11-29", "2026-12-05"]);
    after("FREQ=DAILY;INTERVAL=3", "2026-11-25", &["2026-11-28", "2026-12-01"]);
}

#[test]
fn the_local_hour_stays_when_clocks_change() {
    let instants = |text: &str, due: Due, many: usize| {
        let mut state = (due, rule(text));
        let mut instants = vec![due.instant().format("%m-%d %H:%M").to_string()];
        for _ in 0..many {
            state = state.1.next(&state.0).expect("another");
            instants.push(state.0.instant().format("%m-%d %H:%M").to_string());
        }
        instants
    };
    let berlin = instants("FREQ=DAILY", at("2026-03-28", "09:30", "Europe/Berlin"), 2);
    assert_eq!(berlin, ["03-28 08:30", "03-29 07:30", "03-30 07:30"]);
    // On the 29th, 02:30 does not exist and means 03:30. The day after, it is 02:30 again.
    let berlin = instants("FREQ=DAILY", at("2026-03-28", "02:30", "Europe/Berlin"), 2);
    assert_eq!(berlin, ["03-28 01:30", "03-29 01:30", "03-30 00:30"]);
    let berlin = instants("FREQ=WEEKLY", at("2026-10-18", "02:30", "Europe/Berlin"), 2);
    assert_eq!(berlin, ["10-18 00:30", "10-25 00:30", "11-01 01:30"]);
    let york = instants("FREQ=WEEKLY;BYDAY=SU", at("2026-03-01", "18:00", "America/New_York"), 1);
    assert_eq!(york, ["03-01 23:00", "03-08 22:00"]);
    let york = instants("FREQ=DAILY", at("2026-10-31", "21:00", "America/New_York"), 1);
    assert_eq!(york, ["11-01 01:00", "11-02 02:00"]);
}

#[test]
fn a_count_is_the_number_of_remaining_occurrences() {
    let due = on("2026-11-25");
    let (due, left) = rule("FREQ=DAILY;COUNT=3").next(&due).expect("the second");
    assert_eq!((due, left.as_str()), (on("2026-11-26"), "FREQ=DAILY;COUNT=2"));
    let (due, left) = left.next(&due).expect("the third");
    assert_eq!((due, left.as_str()), (on("2026-11-27"), "FREQ=DAILY;COUNT=1"));
    assert_eq!(left.check(&due), Ok(()));
    assert_eq!(left.next(&due), None);
}

#[test]
fn the_previous_rule_makes_this_one() {
    for text in ["FREQ=DAILY;COUNT=2", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;UNTIL=20301231"] {
        let rule: Recurrence = text.parse().expect("a rule");
        let due = Due::on("2026-11-30".parse().expect("a date"));
        let (_, left) = rule.next(&due).expect("it goes on");
        assert_eq!(left.previous(), Some(rule));
    }
}

#[test]
fn until_is_the_last_allowed_occurrence() {
    assert_eq!(dates("FREQ=DAILY;UNTIL=20261127", on("2026-11-25"), 9), ["2026-11-26", "2026-11-27"]);
    assert_eq!(dates("FREQ=WEEKLY;UNTIL=20261201", on("2026-11-25"), 9), [] as [&str; 0]);
    // An instant: 09:30 in Berlin is 08:30 in UTC.
    let due = at("2026-11-25", "09:30", "Europe/Berlin");
    assert_eq!(dates("FREQ=DAILY;UNTIL=20261126T083000Z", due, 9), ["2026-11-26"]);
    assert_eq!(dates("FREQ=DAILY;UNTIL=20261126T082959Z", due, 9), [] as [&str; 0]);
    // A date, for a due with a time: the end of that day in the time zone of the due.
    let late = at("2026-11-25", "23:59", "America/New_York");
    assert_eq!(dates("FREQ=DAILY;UNTIL=20261126", late, 9), ["2026-11-26"]);
    // A date without a time counts as midnight UTC.
    assert_eq!(dates("FREQ=DAILY;UNTIL=20261126T000000Z", on("2026-11-25"), 9), ["2026-11-26"]);
    assert_eq!(dates("FREQ=DAILY;UNTIL=20261125T235959Z", on("2026-11-25"), 9), [] as [&str; 0]);
}

#[test]
fn until_has_the_form_that_the_due_requires() {
    let adapted = |text: &str, due: &Due| rule(text).adapted_to(due).0;
    let berlin = at("2026-11-25", "09:30", "Europe/Berlin");
    assert_eq!(adapted("FREQ=DAILY;UNTIL=20261231", &berlin), "FREQ=DAILY;UNTIL=20261231T225959Z");
    let york = at("2026-11-25", "09:30", "America/New_York");
    assert_eq!(adapted("FREQ=DAILY;UNTIL=20261231", &york), "FREQ=DAILY;UNTIL=20270101T045959Z");
    assert_eq!(adapted("FREQ=DAILY;UNTIL=99991231", &york), "FREQ=DAILY;UNTIL=99991231T235959Z");
    assert_eq!(adapted("FREQ=DAILY;UNTIL=20261231T120000Z", &york), "FREQ=DAILY;UNTIL=20261231T120000Z");
    assert_eq!(adapted("FREQ=DAILY;UNTIL=20261231T120000Z", &on("2026-11-25")), "FREQ=DAILY;UNTIL=20261231");
    assert_eq!(adapted("FREQ=DAILY;UNTIL=20261231", &on("2026-11-25")), "FREQ=DAILY;UNTIL=20261231");
    assert_eq!(adapted("FREQ=DAILY;COUNT=3", &berlin), "FREQ=DAILY;COUNT=3");
    let long = rule(&format!(
        "FREQ=DAILY;UNTIL=20261231;BYMONTH={}",
        (1..=12).map(|month| month.to_string()).collect::<Vec<_>>().join(",")
    ));
    assert_eq!(long.adapted_to(&berlin).as_str().len(), long.as_str().len() + 8);
    let odd = Recurrence::from_column("FREQ=NEVER".to_owned());
    assert_eq!(odd.adapted_to(&berlin), odd);
}

#[test]
fn a_rule_has_one_canonical_form() {
    for (given, written) in [
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("rrule:byday=we,mo,we;freq=weekly", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("FREQ=DAILY;INTERVAL=1;WKST=MO", "FREQ=DAILY"),
        ("FREQ=DAILY;INTERVAL=007", "FREQ=DAILY;INTERVAL=7"),
        ("FREQ=MONTHLY;BYDAY=+1MO", "FREQ=MONTHLY;BYDAY=1MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,+5,15,5", "FREQ=MONTHLY;BYMONTHDAY=-1,5,15"),
        (
            "BYSETPOS=1;BYDAY=-1FR,2MO,TU;BYMONTHDAY=1;BYYEARDAY=1;BYMONTH=3,1;WKST=SU;UNTIL=20261231T225959Z;INTERVAL=2;FREQ=YEARLY",
            "FREQ=YEARLY;INTERVAL=2;UNTIL=20261231T225959Z;WKST=SU;BYMONTH=1,3;BYYEARDAY=1;BYMONTHDAY=1;BYDAY=-1FR,TU,2MO;BYSETPOS=1",
        ),
        ("FREQ=YEARLY;BYWEEKNO=53,-53;COUNT=1000000", "FREQ=YEARLY;COUNT=1000000;BYWEEKNO=-53,53"),
    ] {
        let read = rule(given);
        assert_eq!(read.as_str(), written);
        assert_eq!(rule(written), read);
        let json = serde_json::to_value(&read).expect("JSON");
        assert_eq!(json, json!(written));
    }
}

#[test]
fn an_error_says_what_is_allowed() {
    use RecurrenceError as E;
    let long = format!("FREQ=DAILY;BYMONTH=1{}", ",1".repeat(241));
    for (text, error) in [
        ("", E::Malformed),
        ("weekly", E::Malformed),
        ("FREQ=DAILY;", E::Malformed),
        ("FREQ=DAILY;;COUNT=1", E::Malformed),
        ("FREQ", E::Malformed),
        ("BYDAY=MO", E::Frequency),
        ("FREQ=HOURLY", E::Frequency),
        ("FREQ=MINUTELY", E::Frequency),
        ("FREQ=SECONDLY;INTERVAL=10", E::Frequency),
        ("FREQ=FORTNIGHTLY", E::Frequency),
        (" FREQ=DAILY", E::Frequency),
        ("FREQ=DAILY ", E::Frequency),
        ("FREQ=DAILY\r\nEXDATE=20261125", E::Frequency),
        ("DTSTART:20261125\nRRULE:FREQ=DAILY", E::Frequency),
        ("FREQ=DAILY;BYHOUR=9", E::TimeOfDay),
        ("FREQ=DAILY;BYMINUTE=0,30", E::TimeOfDay),
        ("FREQ=DAILY;BYSECOND=0", E::TimeOfDay),
        ("FREQ=DAILY;INTERVAL=0", E::Interval),
        ("FREQ=DAILY;INTERVAL=-1", E::Interval),
        ("FREQ=DAILY;INTERVAL=+2", E::Interval),
        ("FREQ=DAILY;INTERVAL=65536", E::Interval),
        ("FREQ=DAILY;INTERVAL=", E::Interval),
        ("FREQ=DAILY;COUNT=0", E::Count),
        ("FREQ=DAILY;COUNT=1000001", E::Count),
        ("FREQ=DAILY;COUNT=99999999999", E::Count),
        ("FREQ=DAILY;COUNT=two", E::Count),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", E::CountAndUntil),
        ("FREQ=DAILY;UNTIL=20261131", E::Until),
        ("FREQ=DAILY;UNTIL=2026-12-31", E::Until),
        ("FREQ=DAILY;UNTIL=20261231T225959", E::Until),
        ("FREQ=DAILY;UNTIL=20261231T240000Z", E::Until),
        ("FREQ=DAILY;UNTIL=20261231T235960Z", E::Until),
        ("FREQ=DAILY;UNTIL=", E::Until),
        ("FREQ=DAILY;WKST=1", E::WeekStart),
        ("FREQ=DAILY;BYMONTH=13", E::ByMonth),
        ("FREQ=DAILY;BYMONTH=-1", E::ByMonth),
        ("FREQ=DAILY;BYMONTH=1,", E::ByMonth),
        ("FREQ=MONTHLY;BYMONTHDAY=32", E::Numbers("BYMONTHDAY", 31)),
        ("FREQ=MONTHLY;BYMONTHDAY=", E::Numbers("BYMONTHDAY", 31)),
        ("FREQ=YEARLY;BYYEARDAY=0", E::Numbers("BYYEARDAY", 366)),
        ("FREQ=YEARLY;BYWEEKNO=54", E::Numbers("BYWEEKNO", 53)),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-367", E::Numbers("BYSETPOS", 366)),
        ("FREQ=WEEKLY;BYDAY=MONDAY", E::ByDay),
        ("FREQ=WEEKLY;BYDAY=", E::ByDay),
        ("FREQ=MONTHLY;BYDAY=0MO", E::ByDay),
        ("FREQ=MONTHLY;BYDAY=54MO", E::ByDay),
        ("FREQ=MONTHLY;BYDAY=99999MO", E::ByDay),
        ("FREQ=MONTHLY;BYDAY=€M", E::ByDay),
        ("FREQ=MONTHLY;BYDAY=aé", E::ByDay),
        ("FREQ=WEEKLY;BYDAY=1MO", E::NumberedDays),
        ("FREQ=DAILY;BYDAY=-1MO", E::NumberedDays),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", E::NumberedDays),
        ("FREQ=MONTHLY;BYWEEKNO=1", E::OnlyYearly("BYWEEKNO")),
        ("FREQ=MONTHLY;BYYEARDAY=1", E::OnlyYearly("BYYEARDAY")),
        ("FREQ=WEEKLY;BYMONTHDAY=1", E::MonthDayWeekly),
        ("FREQ=MONTHLY;BYSETPOS=1", E::OnlySetPos),
        ("FREQ=DAILY;FREQ=DAILY", E::Parts),
        ("FREQ=DAILY;BYEASTER=1", E::Parts),
        ("FREQ=DAILY;DTSTART=20261125", E::Parts),
        ("FREQ=DAILY;=", E::Parts),
        (&long, E::TooLong),
    ] {
        assert_eq!(text.parse::<Recurrence>(), Err(error), "{text}");
        let json = serde_json::from_value::<Recurrence>(json!(text)).expect_err(text).to_string();
        assert_eq!(json, error.to_string());
        assert!(json.starts_with("must "), "{json}");
    }
    assert_eq!(
        E::Numbers("BYMONTHDAY", 31).to_string(),
        "must have numbers from 1 to 31 or from -31 to -1 in BYMONTHDAY"
    );
    assert!(format!("RRULE:FREQ=DAILY;BYMONTH=1{}", ",1".repeat(240)).parse::<Recurrence>().is_ok());
}

#[test]
fn a_rule_must_have_an_occurrence_after_the_due() {
    use RecurrenceError as E;
    for (text, day, expected) in [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-11-25", Err(E::Never)),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "2026-11-25", Err(E::Never)),
        ("FREQ=MONTHLY;BYMONTHDAY=15;BYDAY=-4FR;INTERVAL=3", "2026-11-25", Err(E::Never)),
        ("FREQ=MONTHLY;BYDAY=6MO", "2026-11-25", Err(E::Never)),
        ("FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1", "2026-11-25", Err(E::Never)),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=5", "2026-11-25", Err(E::Never)),
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3", "2026-11-25", Err(E::Never)),
        ("FREQ=YEARLY;INTERVAL=9999", "2026-11-25", Err(E::Never)),
        ("FREQ=MONTHLY;INTERVAL=65535", "2026-11-25", Ok(())),
        ("FREQ=YEARLY;INTERVAL=7973", "2026-11-25", Ok(())),
        ("FREQ=DAILY", "9999-12-31", Err(E::Never)),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;INTERVAL=7", "2026-11-23", Ok(())),
        ("FREQ=YEARLY;UNTIL=20261125", "2026-11-25", Ok(())),
        ("FREQ=YEARLY;UNTIL=20261124", "2026-11-25", Err(E::UntilBeforeDue)),
        ("FREQ=YEARLY;COUNT=1", "2026-11-25", Ok(())),
    ] {
        assert_eq!(rule(text).check(&on(day)), expected, "{text}");
    }
    let due = at("2026-11-25", "09:30", "Europe/Berlin");
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261125T082959Z").check(&due), Err(E::UntilBeforeDue));
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261125T083000Z").check(&due), Ok(()));
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261125").check(&due), Ok(()));
    let odd = Recurrence::from_column("FREQ=HOURLY".to_owned());
    assert_eq!(odd.check(&due), Err(E::Frequency));
    assert_eq!(odd.next(&due), None);
}
