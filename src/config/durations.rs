//! Durations as text: a whole number and a unit, such as `30s`.

use std::{ops::RangeInclusive, time::Duration};

use super::Invalid;
use super::numbers::{read_number, split_unit, within};
use super::setting::{NumberFormat, Values};

/// The units and their milliseconds, the longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

static DURATIONS: NumberFormat<Duration> = NumberFormat { placeholder: "DURATION", read: read_within, show, units };

/// The values of a setting that is a duration from `least` to `most`.
pub const fn durations(least: Duration, most: Duration) -> Values<Duration> {
    Values::Range(&DURATIONS, least..=most)
}

/// Parses a whole number with a unit, such as `500ms`, `30s` or `7d`.
///
/// # Errors
///
/// If the number or the unit is missing or unknown, or the duration in milliseconds does not fit into
/// 64 bits.
pub fn duration(text: &str) -> Result<Duration, Invalid> {
    const ALLOWED: &str = "a whole number with ms, s, m, h or d, such as 500ms, 30s or 7d";
    read(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

fn read(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = split_unit(text);
    let count: u64 = read_number(number)?;
    if unit.is_empty() {
        return Err("has no unit");
    }
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or("has an unknown unit")?;
    count.checked_mul(*millis).map(Duration::from_millis).ok_or("is too large")
}

fn read_within(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, &'static str> {
    read(text).and_then(|duration| within(range, duration))
}

/// Formats a duration in the longest unit in which it is a whole number.
fn show(duration: &Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let units = UNITS.iter().map(|(name, unit)| (name, u128::from(*unit)));
    let fitting =
        units.filter(|(_, unit)| millis.is_multiple_of(*unit)).map(|(name, unit)| format!("{}{name}", millis / unit));
    fitting.take(1).collect()
}

/// The units that are useful in this range: no milliseconds if the smallest value is at least a minute,
/// and no unit that is longer than the largest value.
fn units(range: &RangeInclusive<Duration>) -> String {
    let shortest = if *range.start() < Duration::from_mins(1) { 1 } else { 1_000 };
    let most = range.end().as_millis();
    let fitting = UNITS.iter().rev().filter(|(_, unit)| *unit >= shortest && u128::from(*unit) <= most);
    let names: Vec<&str> = fitting.map(|(name, _)| *name).collect();
    match names.split_last() {
        Some((last, [])) => format!(", a whole number with {last}"),
        Some((last, others)) => format!(", a whole number with {} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_known_unit() {
        for (text, millis) in [
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("30 s", 30_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "30", "1.5h", "-1s", "+1s", "30S", "1w", "1h30m", "７d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["18446744073709551616ms", "18446744073709551615d"] {
            assert!(duration(text).unwrap_err().to_string().contains("too large"), "{text}");
        }
    }

    #[test]
    fn an_error_says_what_is_allowed() {
        assert_eq!(
            duration("30").unwrap_err().to_string(),
            "\"30\" has no unit; allowed: \
             a whole number with ms, s, m, h or d, such as 500ms, 30s or 7d"
        );
    }

    #[test]
    fn a_range_and_its_units_are_checked_and_named() {
        let [ms, min, day] = [Duration::from_millis(100), Duration::from_mins(1), Duration::from_hours(24)];
        for (least, most, allowed) in [
            (ms, min * 10, "100ms to 10m, a whole number with ms, s or m"),
            (Duration::ZERO, min * 5, "0s to 5m, a whole number with ms, s or m"),
            (min, min * 60, "1m to 1h, a whole number with s, m or h"),
            (min * 5, day * 365, "5m to 365d, a whole number with s, m, h or d"),
        ] {
            let values = durations(least, most);
            let read = |millis: u128| values.read(&format!("{millis}ms"));
            assert_eq!((read(least.as_millis()), read(most.as_millis())), (Ok(least), Ok(most)));
            let message = read(most.as_millis() + 1).unwrap_err().to_string();
            assert!(message.ends_with(&format!("is too large; allowed: {allowed}")), "{message}");
            if let Some(below) = least.as_millis().checked_sub(1) {
                let message = read(below).unwrap_err().to_string();
                assert!(message.ends_with(&format!("is too small; allowed: {allowed}")), "{message}");
            }
        }
    }

    #[test]
    fn a_duration_is_shown_as_it_can_be_read() {
        for text in ["0s", "1ms", "1500ms", "90s", "2m", "25h", "30d"] {
            assert_eq!(show(&read(text).unwrap()), text);
        }
    }
}
