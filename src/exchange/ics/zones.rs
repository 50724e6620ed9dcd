//! The time zone definitions of a calendar: each change of the clocks, from the first due until well after
//! the last one.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::{OffsetComponents, OffsetName, Tz};

use super::properties::{line, local};
use crate::exchange::queries::ZoneUse;

/// How many years after the last due are defined, for tasks that recur.
const YEARS_AFTER: i32 = 10;
/// The time zone data has no changes of the clocks after this year.
const KNOWN_UNTIL: i32 = 2099;
/// The step of the search for changes. In no zone do the clocks change twice within this time.
const STEP: Duration = Duration::days(2);

/// The offset of a time zone from UTC at one time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Offset {
    seconds: i64,
    summer: bool,
    name: String,
}

impl Offset {
    fn at(zone: Tz, time: DateTime<Utc>) -> Self {
        let offset = zone.offset_from_utc_datetime(&time.naive_utc());
        let summer = offset.dst_offset();
        let name = offset.abbreviation().unwrap_or_default().to_owned();
        Self { seconds: (offset.base_utc_offset() + summer).num_seconds(), summer: !summer.is_zero(), name }
    }

    /// `+0130`, or `+013015` where there are seconds.
    fn text(&self) -> String {
        let (sign, seconds) = (if self.seconds < 0 { '-' } else { '+' }, self.seconds.abs());
        let text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
        if seconds % 60 == 0 { text } else { format!("{text}{:02}", seconds % 60) }
    }
}

/// Writes the definition of a time zone; nothing if the zone is unknown, because then its dues are written
/// as dates.
pub fn write(out: &mut Vec<u8>, used: &ZoneUse, now: DateTime<Utc>) {
    let Ok(zone) = used.name.parse::<Tz>() else { return };
    if zone == Tz::UTC {
        return;
    }
    let last = used.last.year().max(now.year()).saturating_add(YEARS_AFTER).min(KNOWN_UNTIL);
    let (Some(from), Some(to)) = (new_year(used.first.year() - 1), new_year(last + 1)) else { return };
    let first = Offset::at(zone, from);
    // One part for each kind of change, with the local times at which it happens.
    let mut parts: BTreeMap<(i64, Offset), Vec<NaiveDateTime>> = BTreeMap::new();
    let (mut at, mut before) = (from, first.clone());
    while at < to {
        let next = at + STEP;
        let after = Offset::at(zone, next);
        if after != before {
            let change = change_between(zone, at, next, &before);
            let wall = change.naive_utc() + Duration::seconds(before.seconds);
            parts.entry((before.seconds, after.clone())).or_default().push(wall);
            before = after;
        }
        at = next;
    }
    line(out, "BEGIN", "VTIMEZONE");
    line(out, "TZID", zone.name());
    line(out, "X-LIC-LOCATION", zone.name());
    write_part(out, first.seconds, &first, &[from.naive_utc()]);
    for ((before, after), times) in &parts {
        write_part(out, *before, after, times);
    }
    line(out, "END", "VTIMEZONE");
}

fn new_year(year: i32) -> Option<DateTime<Utc>> {
    NaiveDate::from_ymd_opt(year, 1, 1).map(|date| date.and_time(NaiveTime::MIN).and_utc())
}

/// The first second after `from` at which the offset is no longer `before`.
fn change_between(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>, before: &Offset) -> DateTime<Utc> {
    let (mut same, mut changed) = (from.timestamp(), to.timestamp());
    while same + 1 < changed {
        let middle = i64::midpoint(same, changed);
        let is_same = DateTime::from_timestamp(middle, 0).is_some_and(|at| Offset::at(zone, at) == *before);
        if is_same {
            same = middle;
        } else {
            changed = middle;
        }
    }
    DateTime::from_timestamp(changed, 0).unwrap_or(to)
}

fn write_part(out: &mut Vec<u8>, before: i64, after: &Offset, times: &[NaiveDateTime]) {
    let [first, more @ ..] = times else { return };
    let kind = if after.summer { "DAYLIGHT" } else { "STANDARD" };
    line(out, "BEGIN", kind);
    line(out, "DTSTART", &local(*first));
    line(out, "TZOFFSETFROM", &Offset { seconds: before, ..after.clone() }.text());
    line(out, "TZOFFSETTO", &after.text());
    if !after.name.is_empty() {
        line(out, "TZNAME", &after.name);
    }
    if !more.is_empty() {
        let dates: Vec<String> = more.iter().map(|time| local(*time)).collect();
        line(out, "RDATE", &dates.join(","));
    }
    line(out, "END", kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, first: (i32, u32, u32), last: (i32, u32, u32)) -> String {
        let date = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).expect("a date");
        let used = ZoneUse { name: name.to_owned(), first: date(first), last: date(last) };
        let mut out = Vec::new();
        write(&mut out, &used, "2026-11-25T00:00:00Z".parse().expect("a time"));
        String::from_utf8(out).expect("text").replace("\r\n ", "").replace("\r\n", "\n")
    }

    #[test]
    fn the_clocks_of_berlin_change_twice_a_year() {
        let zone = written("Europe/Berlin", (2026, 11, 25), (2026, 11, 26));
        assert!(zone.contains("TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nRDATE:20260329T020000,"), "{zone}");
        assert!(zone.contains("TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nRDATE:20261025T030000,"), "{zone}");
        assert!(zone.contains("20360330T020000"), "{zone}");
    }

    #[test]
    fn a_zone_without_changes_is_one_part() {
        let zone = written("Asia/Kolkata", (2026, 1, 1), (2026, 1, 1));
        assert_eq!(zone.matches("BEGIN:").count(), 2, "{zone}");
        assert!(zone.contains("TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nTZNAME:IST\n"), "{zone}");
    }

    #[test]
    fn no_year_is_too_far_and_an_unknown_zone_is_left_out() {
        assert!(written("Europe/Amsterdam", (1900, 1, 1), (9999, 12, 31)).starts_with("BEGIN:VTIMEZONE"));
        assert_eq!(written("Mars/Olympus_Mons", (2026, 1, 1), (2026, 1, 1)), "");
    }
}
