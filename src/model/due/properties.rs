//! What holds for any wall clock in any zone.

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

/// Days on or beside which clocks change in most zones that ever change them.
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

fn of(tz: Tz) -> TimeZone {
    tz.name().parse().expect("a time zone")
}

fn check(tz: Tz, wall: NaiveDateTime) -> Result<(), TestCaseError> {
    let instant = of(tz).instant(wall);
    let shown = instant.with_timezone(&tz).naive_local();
    // All instants around at which the clocks show just this: offsets are what can differ.
    let hours = (-50..=50).map(|hour| instant + TimeDelta::hours(hour));
    let offset = |at: DateTime<Utc>| at.with_timezone(&tz).naive_local() - at.naive_utc();
    let mut same: Vec<_> = hours.clone().map(|at| (wall - offset(at)).and_utc()).collect();
    same.retain(|at| at.with_timezone(&tz).naive_local() == wall);
    if let Some(first) = same.iter().min() {
        prop_assert_eq!(instant, *first);
    } else {
        // Skipped: as far after the gap as the wall is into it, by the offset before.
        let used = wall - instant.naive_utc();
        prop_assert!(shown > wall);
        prop_assert!(hours.filter(|at| *at < instant).any(|at| offset(at) == used), "{} {}", tz, wall);
        prop_assert_eq!(shown - wall, offset(instant) - used);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_instant_shows_its_wall_clock(tz in tz(), day in date(), minute in 0..1440_u32) {
        check(tz, day.and_hms_opt(minute / 60, minute % 60, 0).expect("a time"))?;
    }

    #[test]
    fn also_where_clocks_change(tz in tz(), year in 1900..2100, skip in 0..2_usize, before in -1..2_i64, minute in 0..1440_u32) {
        let day = near_change(tz, year, skip) + TimeDelta::days(before);
        check(tz, day.and_hms_opt(minute / 60, minute % 60, 0).expect("a time"))?;
    }

    #[test]
    fn days_follow_each_other(tz in tz(), year in 1900..2100, skip in 0..2_usize, before in -1..3_i64) {
        let day = near_change(tz, year, skip) + TimeDelta::days(before);
        let zone = of(tz);
        let (begin, end) = zone.day_bounds(day);
        prop_assert!(begin <= end);
        prop_assert_eq!(zone.day_bounds(day.succ_opt().expect("a date")).0, end);
        let second = TimeDelta::seconds(1);
        prop_assert!(zone.date_at(begin - second) < day);
        if begin < end {
            prop_assert_eq!(zone.date_at(begin), day);
            prop_assert_eq!(zone.date_at(end - second), day);
        }
        // A time of the day lies in it, also one that is skipped or repeated.
        for hour in 0..24 {
            let at = Due::at(day, NaiveTime::from_hms_opt(hour, 30, 0).expect("a time"), zone).instant();
            prop_assert!(begin <= at, "{} {} {}", tz, day, hour);
        }
    }

    #[test]
    fn any_due_survives_the_wire_and_the_columns(tz in tz(), day in date(), minute in prop::option::of(0..1440_u32)) {
        let time = minute.and_then(|minute| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0));
        let due = time.map_or(Due::on(day), |time| Due::at(day, time, of(tz)));
        let text = serde_json::to_string(&due).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Due>(&text).expect("a due"), due);
        let (day, time, name) = due.parts();
        prop_assert_eq!(Due::from_parts(day, time, name), due);
    }
}
