//! Dues in JSON and in columns, and on days on which the clocks change.

use serde_json::json;

use super::*;
use crate::model::validation::serde_error;

fn zone(name: &str) -> TimeZone {
    name.parse().expect("a time zone")
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn due(day: &str, time: &str, name: &str) -> Due {
    Due::at(date(day), parse_time(time).expect("a time"), zone(name))
}

fn instant(day: &str, time: &str, name: &str) -> String {
    due(day, time, name).instant().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only parsed")]
struct Sample {
    due: Due,
}

/// The field and the message of the error that a client receives.
fn error_of(due: &str) -> (String, String) {
    let text = format!(r#"{{"due":{due}}}"#);
    let mut json = serde_json::Deserializer::from_str(&text);
    let error = serde_path_to_error::deserialize::<_, Sample>(&mut json).expect_err(due);
    let path = error.path().to_string();
    let field = serde_error(&path, &error.into_inner().to_string());
    // Serde adds the line and the column.
    let message = field.message.split(" at line ").next().unwrap_or_default().to_owned();
    (field.field.to_string(), message)
}

#[test]
fn a_due_reads_as_it_is_written() {
    for text in [
        r#"{"date":"2026-11-25"}"#,
        r#"{"date":"1900-01-01"}"#,
        r#"{"date":"9999-12-31","time":"23:59","time_zone":"Pacific/Kiritimati"}"#,
        r#"{"date":"2026-11-25","time":"09:30","time_zone":"Europe/Berlin"}"#,
        r#"{"date":"2024-02-29","time":"00:00","time_zone":"UTC"}"#,
    ] {
        let due: Due = serde_json::from_str(text).expect(text);
        assert_eq!(serde_json::to_string(&due).expect("JSON"), text);
        let (day, time, name) = due.parts();
        assert_eq!(Due::from_parts(day, time, name), due);
    }
}

#[test]
fn an_error_names_its_field_and_what_is_allowed() {
    let dates = "must be a date from 1900-01-01 to 9999-12-31, such as 2026-11-25";
    for day in [
        "",
        "2026-02-29",
        "1899-12-31",
        "2026-13-01",
        "2026-1-1",
        "+2026-01-01",
        "10000-01-01",
        "20260101",
        "2026-01-01 ",
        "٢٠26-01-01",
    ] {
        assert_eq!(error_of(&json!({ "date": day }).to_string()), ("due.date".into(), dates.into()), "{day}");
    }
    let times = "must be a time from 00:00 to 23:59, such as 09:30";
    for time in ["", "9:30", "09:3", "24:00", "09:60", "09:30:00", "0930", "+9:30", " 9:30", "09:30Z"] {
        let given = json!({ "date": "2026-11-25", "time": time, "time_zone": "UTC" }).to_string();
        assert_eq!(error_of(&given), ("due.time".into(), times.into()), "{time}");
    }
    let zones = "must be an IANA time zone such as Europe/Berlin";
    for name in ["", "europe/berlin", "Europe/Berlin ", "Mars/Olympus", "+01:00", "CEST"] {
        let given = json!({ "date": "2026-11-25", "time": "09:30", "time_zone": name }).to_string();
        assert_eq!(error_of(&given), ("due.time_zone".into(), zones.into()), "{name}");
    }
    let both = r#"{"date":"2026-11-25","time":"09:30"}"#;
    assert_eq!(error_of(both), ("due".into(), "must have a time_zone, as it has a time".into()));
    let both = r#"{"date":"2026-11-25","time_zone":"UTC"}"#;
    assert_eq!(error_of(both), ("due".into(), "must have a time, as it has a time_zone".into()));
    assert_eq!(error_of(r"{}").0, "due.date");
    assert_eq!(error_of(r#"{"date":"2026-11-25","tz":"UTC"}"#).0, "due.tz");
    assert_eq!(error_of(r#"{"date":"2026-11-25","date":"2026-11-25"}"#).0, "due.date");
    assert_eq!(error_of(r#"{"date":20261125}"#).0, "due.date");
    assert_eq!(error_of(r#"{"date":"2026-11-25","time":null,"time_zone":"UTC"}"#).0, "due.time");
    assert_eq!(error_of(r#"{"date":"2026-11-25","time":"09:30","time_zone":null}"#).0, "due.time_zone");
    for other in [r#"["2026-11-25"]"#, r#""2026-11-25""#, "null", "1"] {
        assert_eq!(error_of(other).0, "due", "{other}");
    }
}

#[test]
fn an_unknown_zone_leaves_the_date() {
    let day = date("2026-11-25");
    let time = NaiveTime::from_hms_opt(9, 30, 0);
    assert_eq!(Due::from_parts(day, time, Some("Mars/Olympus")), Due::on(day));
    assert_eq!(Due::from_parts(day, time, None), Due::on(day));
    assert_eq!(Due::from_parts(day, None, Some("UTC")), Due::on(day));
}

#[test]
fn seconds_are_cut_off() {
    let time = NaiveTime::from_hms_opt(9, 30, 59).expect("a time");
    assert_eq!(Due::at(date("2026-11-25"), time, TimeZone::UTC), due("2026-11-25", "09:30", "UTC"));
}

#[test]
fn a_date_alone_counts_as_midnight_utc() {
    let due = Due::on(date("2026-11-25"));
    assert_eq!(due.instant().to_rfc3339(), "2026-11-25T00:00:00+00:00");
    assert_eq!(due.local_time().to_string(), "2026-11-25 00:00:00");
}

#[test]
fn a_time_is_local_to_its_zone() {
    assert_eq!(instant("2026-11-25", "09:30", "Europe/Berlin"), "2026-11-25T08:30:00Z");
    assert_eq!(instant("2026-07-25", "09:30", "Europe/Berlin"), "2026-07-25T07:30:00Z");
    assert_eq!(instant("2026-11-25", "09:30", "America/New_York"), "2026-11-25T14:30:00Z");
    assert_eq!(instant("2026-11-25", "00:15", "Asia/Kathmandu"), "2026-11-24T18:30:00Z");
    assert_eq!(instant("9999-12-31", "23:30", "America/New_York"), "+10000-01-01T04:30:00Z");
    // Local mean time, to the second.
    assert_eq!(instant("1900-01-01", "00:00", "Europe/Paris"), "1899-12-31T23:50:39Z");
}

#[test]
fn a_skipped_time_uses_the_offset_before_the_gap() {
    for (day, time, name, expected) in [
        ("2026-03-29", "01:59", "Europe/Berlin", "2026-03-29T00:59:00Z"),
        ("2026-03-29", "02:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        // The local time is 03:30.
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-03-29", "03:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-03-08", "02:30", "America/New_York", "2026-03-08T07:30:00Z"),
        // A gap of half an hour.
        ("2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00Z"),
        // A gap of a day.
        ("2011-12-30", "09:00", "Pacific/Apia", "2011-12-30T19:00:00Z"),
    ] {
        assert_eq!(instant(day, time, name), expected, "{day} {time} {name}");
    }
}

#[test]
fn a_repeated_time_means_the_first() {
    for (day, time, name, expected) in [
        ("2026-10-25", "01:59", "Europe/Berlin", "2026-10-24T23:59:00Z"),
        ("2026-10-25", "02:00", "Europe/Berlin", "2026-10-25T00:00:00Z"),
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-10-25", "03:00", "Europe/Berlin", "2026-10-25T02:00:00Z"),
        ("2026-11-01", "01:30", "America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"),
    ] {
        assert_eq!(instant(day, time, name), expected, "{day} {time} {name}");
    }
}

#[test]
fn days_begin_and_end_in_their_zone() {
    for (day, name, begin, hours) in [
        ("2026-11-25", "Europe/Berlin", "2026-11-24T23:00:00Z", 24),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z", 23),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", 25),
        ("2026-03-08", "America/New_York", "2026-03-08T05:00:00Z", 23),
        // Days that begin at 01:00, and one on which the hour before midnight occurs twice.
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", 23),
        ("2018-02-17", "America/Sao_Paulo", "2018-02-17T02:00:00Z", 25),
        ("2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00Z", 23),
        // A skipped day, and the day after it.
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z", 0),
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z", 24),
    ] {
        let (from, to) = zone(name).day_bounds(date(day));
        assert_eq!(from.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), begin, "{day} {name}");
        assert_eq!((to - from).num_hours(), hours, "{day} {name}");
    }
    let now: DateTime<Utc> = "2026-11-25T23:30:00Z".parse().expect("an instant");
    assert_eq!(zone("Europe/Berlin").date_at(now), date("2026-11-26"));
    assert_eq!(zone("America/New_York").date_at(now), date("2026-11-25"));
    let _ = TimeZone::UTC.day_bounds(NaiveDate::MAX);
}

#[test]
fn clock_changes_are_known_up_to_2099() {
    assert_eq!(instant("2099-07-01", "12:00", "Europe/Berlin"), "2099-07-01T10:00:00Z");
    assert_eq!(instant("2100-07-01", "12:00", "Europe/Berlin"), "2100-07-01T11:00:00Z");
}

#[test]
fn a_due_moves_within_the_range() {
    let due = due("2026-11-25", "09:30", "Europe/Berlin");
    let moved = due.moved_to(date("2026-12-24")).expect("in range");
    assert_eq!((moved.date(), moved.time(), moved.time_zone()), (date("2026-12-24"), due.time(), due.time_zone()));
    assert_eq!(due.moved_to(NaiveDate::from_ymd_opt(10_000, 1, 1).expect("a date")), None);
}
