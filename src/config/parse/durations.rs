//! Durations: a whole number with its unit, and for each setting the range it may have.

use std::{ops::RangeInclusive, time::Duration};

use crate::config::ACCESS_TOKEN_LIFETIME_MAX;

use super::{
    Invalid,
    numbers::{read_number, split_unit, within},
};

/// A whole number and its unit, such as `500ms`, `30s` or `7d`.
///
/// # Errors
///
/// When the number or the unit is missing or unknown, or the duration does not fit 64 bits of
/// milliseconds.
pub fn duration(text: &str) -> Result<Duration, Invalid> {
    const ALLOWED: &str = "a whole number with ms, s, m, h or d, such as 500ms, 30s or 7d";
    read_duration(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn request_timeout(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(10);
    duration_within(&RANGE, text, "100ms to 10m, a whole number with ms, s or m")
}

pub fn shutdown_timeout(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(10);
    duration_within(&RANGE, text, "0s to 10m, a whole number with ms, s or m")
}

pub fn heartbeat_interval(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(5);
    duration_within(&RANGE, text, "1s to 5m, a whole number with ms, s or m")
}

pub fn socket_max_life(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(30 * 24);
    duration_within(&RANGE, text, "1m to 30d, a whole number with s, m, h or d")
}

pub fn authenticate_within(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);
    duration_within(&RANGE, text, "1s to 1m, a whole number with ms, s or m")
}

pub fn sweep_interval(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(1);
    duration_within(&RANGE, text, "100ms to 1m, a whole number with ms, s or m")
}

pub fn drain_time(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(5);
    duration_within(&RANGE, text, "0s to 5m, a whole number with ms, s or m")
}

pub fn session_idle(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(5)..=Duration::from_hours(365 * 24);
    duration_within(&RANGE, text, "5m to 365d, a whole number with s, m, h or d")
}

pub fn session_life(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(5)..=Duration::from_hours(3650 * 24);
    duration_within(&RANGE, text, "5m to 3650d, a whole number with s, m, h or d")
}

pub fn session_rotation(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(30 * 24);
    duration_within(&RANGE, text, "1m to 30d, a whole number with s, m, h or d")
}

pub fn access_token_lifetime(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=ACCESS_TOKEN_LIFETIME_MAX;
    duration_within(&RANGE, text, "1m to 1h, a whole number with s, m or h")
}

pub fn token_max_life(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(3650 * 24);
    duration_within(&RANGE, text, "1m to 3650d, a whole number with s, m, h or d")
}

pub fn retention(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(3650 * 24);
    duration_within(&RANGE, text, "1m to 3650d, a whole number with s, m, h or d")
}

fn duration_within(range: &RangeInclusive<Duration>, text: &str, allowed: &'static str) -> Result<Duration, Invalid> {
    read_duration(text)
        .and_then(|duration| within(range, duration))
        .map_err(|wrong| Invalid::shown(text, wrong, allowed))
}

fn read_duration(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = split_unit(text);
    let count: u64 = read_number(number)?;
    let unit_millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" => return Err("has no unit"),
        _ => return Err("has an unknown unit"),
    };
    count.checked_mul(unit_millis).map(Duration::from_millis).ok_or("is too large")
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
    fn a_refused_duration_says_what_is_allowed() {
        assert_eq!(
            duration("30").unwrap_err().to_string(),
            "\"30\" has no unit; allowed: \
             a whole number with ms, s, m, h or d, such as 500ms, 30s or 7d"
        );
    }

    #[test]
    fn every_duration_has_the_range_it_names() {
        type Parser = fn(&str) -> Result<Duration, Invalid>;
        let parsers: [(Parser, &str, &str); 9] = [
            (request_timeout, "100ms", "10m"),
            (shutdown_timeout, "0s", "10m"),
            (heartbeat_interval, "1s", "5m"),
            (socket_max_life, "1m", "30d"),
            (authenticate_within, "1s", "1m"),
            (sweep_interval, "100ms", "1m"),
            (drain_time, "0s", "5m"),
            (retention, "1m", "3650d"),
            (token_max_life, "1m", "3650d"),
        ];
        for (parser, least, most) in parsers {
            let [shortest, longest] = [least, most].map(|text| duration(text).unwrap());
            assert_eq!((parser(least), parser(most)), (Ok(shortest), Ok(longest)));

            let refusal = parser(&format!("{}ms", longest.as_millis() + 1)).unwrap_err().to_string();
            assert!(refusal.contains(&format!("is too large; allowed: {least} to {most}, ")), "{refusal}");
            if let Some(below) = shortest.as_millis().checked_sub(1) {
                let refusal = parser(&format!("{below}ms")).unwrap_err().to_string();
                assert!(refusal.contains("is too small"), "{refusal}");
            }
        }
    }
}
