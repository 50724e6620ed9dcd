//! Times as text. A page of tasks has more than a hundred of them, and with chrono's formatter, which can do
//! much more, such a page costs about a tenth more instructions.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};

/// A time of RFC 3339 in UTC: 20 to 27 characters.
#[derive(Debug, Clone, Copy)]
pub struct TimeText {
    text: [u8; 27],
    length: usize,
}

impl TimeText {
    /// With six digits of a second.
    pub fn microseconds(time: &DateTime<Utc>) -> Self {
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let year = time.year().unsigned_abs();
        for (place, value) in [
            (0, year / 100),
            (2, year),
            (5, time.month()),
            (8, time.day()),
            (11, time.hour()),
            (14, time.minute()),
            (17, time.second()),
            (20, time.nanosecond() / 10_000_000),
            (22, time.nanosecond() / 100_000),
            (24, time.nanosecond() / 1000),
        ] {
            text[place] = digit(value / 10);
            text[place + 1] = digit(value);
        }
        Self { text, length: text.len() }
    }

    /// With as many digits of a second as the time has: none, three or six. `None` for a time that has more
    /// digits or another form: an unusual year, or a leap second.
    fn shortest(time: &DateTime<Utc>) -> Option<Self> {
        let nanosecond = time.nanosecond();
        let usual = (0..=9999).contains(&time.year()) && nanosecond < 1_000_000_000 && nanosecond.is_multiple_of(1000);
        usual.then(|| {
            let mut this = Self::microseconds(time);
            let end = match nanosecond {
                0 => 19,
                _ if nanosecond.is_multiple_of(1_000_000) => 23,
                _ => 26,
            };
            this.text[end] = b'Z';
            this.length = end + 1;
            this
        })
    }

    fn as_str(&self) -> &str {
        // All bytes are ASCII.
        str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

/// The last digit of a number.
const fn digit(value: u32) -> u8 {
    b'0' + (value % 10) as u8
}

impl fmt::Display for TimeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Hands on the text of a time as chrono would write it in JSON.
pub fn with_text<T>(time: &DateTime<Utc>, to: impl FnOnce(&str) -> T) -> T {
    let text = TimeText::shortest(time);
    let text = text
        .as_ref()
        .map_or_else(|| Cow::Owned(time.to_rfc3339_opts(SecondsFormat::AutoSi, true)), |text| text.as_str().into());
    to(&text)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn check(time: DateTime<Utc>) {
        let expected = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        with_text(&time, |text| assert_eq!(text, expected));
        if (0..=9999).contains(&time.year()) && time.nanosecond() < 1_000_000_000 {
            let expected = time.to_rfc3339_opts(SecondsFormat::Micros, true);
            assert_eq!(TimeText::microseconds(&time).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn a_time_is_written_as_chrono_writes_it(
            seconds in -62_500_000_000_i64..260_000_000_000,
            nanosecond in 0_u32..1_000_000_000,
            unit in prop::sample::select(vec![1_000_000_000, 1_000_000, 1000, 1]),
        ) {
            check(DateTime::from_timestamp(seconds, nanosecond / unit * unit).expect("a time"));
        }
    }

    #[test]
    fn a_leap_second_is_written_as_chrono_writes_it() {
        let day = NaiveDate::from_ymd_opt(2016, 12, 31).expect("a day");
        check(day.and_hms_milli_opt(23, 59, 59, 1500).expect("a time").and_utc());
    }
}
