//! Properties of all local times in all time zones.

use chrono::{Days, TimeDelta, TimeZone as _};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::*;

fn tz() -> impl Strategy<Value = Tz> {
    prop::sample::select(TZ_VARIANTS.to_vec())
}

fn date() -> impl Strategy<Value = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date");
    (0..73_000_u64).prop_map(move |days| first.checked_add_days(Days::new(days)).expect("a date"))
}

/// A day of the year on which the clocks change: the one after `skip` others, or 1 January if there is
/// none.
fn near_change(tz: Tz, year: i32, skip: usize) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
    let offset = |day: NaiveDate| tz.offset_from_utc_datetime(&day.and_time(NaiveTime::MIN)).to_string();
    first
        .iter_days()
        .take(366)
        .filter(|day| offset(*day) != offset(day.succ_opt().expect("a date")))
        .nth(skip)
        .unwrap_or(first)
}

fn zone_of(tz: Tz) -> TimeZone {
    tz.name().parse().expect("a time zone")
}

fn check(tz: Tz, local: NaiveDateTime) -> Result<(), TestCaseError> {
    let instant = zone_of(tz).instant(local);
    let shown = instant.with_timezone(&tz).naive_local();
    // All instants with this local time, found with each offset that applies within 50 hours.
    let hours = (-50..=50).map(|hour| instant + TimeDelta::hours(hour));
    let offset = |at: DateTime<Utc>| at.with_timezone(&tz).naive_local() - at.naive_utc();
    let mut same: Vec<_> = hours.clone().map(|at| (local - offset(at)).and_utc()).collect();
    same.retain(|at| at.with_timezone(&tz).naive_local() == local);
    if let Some(first) = same.iter().min() {
        prop_assert_eq!(instant, *first);
    } else {
        // The local time is skipped: the instant is computed with the offset before the gap.
        let used = local - instant.naive_utc();
        prop_assert!(shown > local);
        prop_assert!(hours.filter(|at| *at < instant).any(|at| offset(at) == used), "{} {}", tz, local);
        prop_assert_eq!(shown - local, offset(instant) - used);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_instant_has_its_local_time(tz in tz(), day in date(), minute in 0..1440_u32) {
        check(tz, day.and_hms_opt(minute / 60, minute % 60, 0).expect("a time"))?;
    }

    #[test]
    fn an_instant_has_its_local_time_near_clock_changes(tz in tz(), year in 1900..2100, skip in 0..2_usize, before in -1..2_i64, minute in 0..1440_u32) {
        let day = near_change(tz, year, skip) + TimeDelta::days(before);
        check(tz, day.and_hms_opt(minute / 60, minute % 60, 0).expect("a time"))?;
    }

    #[test]
    fn days_follow_each_other(tz in tz(), year in 1900..2100, skip in 0..2_usize, before in -1..3_i64) {
        let day = near_change(tz, year, skip) + TimeDelta::days(before);
        let zone = zone_of(tz);
        let (begin, end) = zone.day_bounds(day);
        prop_assert!(begin <= end);
        prop_assert_eq!(zone.day_bounds(day.succ_opt().expect("a date")).0, end);
        let second = TimeDelta::seconds(1);
        prop_assert!(zone.date_at(begin - second) < day);
        if begin < end {
            prop_assert_eq!(zone.date_at(begin), day);
            prop_assert_eq!(zone.date_at(end - second), day);
        }
        // Even a skipped or repeated time of the day is not before its beginning.
        for hour in 0..24 {
            let at = Due::at(day, NaiveTime::from_hms_opt(hour, 30, 0).expect("a time"), zone).instant();
            prop_assert!(begin <= at, "{} {} {}", tz, day, hour);
        }
    }

    #[test]
    fn every_due_survives_json_and_the_columns(tz in tz(), day in date(), minute in prop::option::of(0..1440_u32)) {
        let time = minute.and_then(|minute| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0));
        let due = time.map_or(Due::on(day), |time| Due::at(day, time, zone_of(tz)));
        let text = serde_json::to_string(&due).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Due>(&text).expect("a due"), due);
        let (day, time, name) = due.parts();
        prop_assert_eq!(Due::from_parts(day, time, name), due);
    }
}
